"""Data as people bring it: a target that never bleeds, and folders of one's own in which
every frame does."""

import data_by_hand
import pytest
from disks_by_hand import own_store  # noqa: F401  (a fixture)

from helpers import domains, settings


@pytest.fixture
def nothing(tmp_path, monkeypatch, own_store):  # noqa: F811
    """No data set in the course's own folder."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "data")


def test_a_download_without_video01_has_patients_to_test_and_no_blood(
    nothing, tmp_path
) -> None:
    data_by_hand.released(tmp_path / "all")
    target = data_by_hand.without_blood(tmp_path / "all" / "cholecseg8k")
    found = domains.gather(settings.course("smoke", target=str(target)))
    assert found.kinds == {"source": "drawn", "target": "cholecseg8k"}
    assert not found.target.blood.any() and len(found.of("ood_test")) > 0
    # The benchmark that one would wish for is drawn, so it bleeds all the same.
    assert found.of("ood_wished").blood.any()


def test_own_folders_in_which_every_frame_bleeds_take_both_roles(
    nothing, tmp_path
) -> None:
    released = data_by_hand.released(tmp_path / "all")
    own = {
        role: str(data_by_hand.own(tmp_path / role, released / layout, bleeding=True))
        for role, layout in (("source", "hemoset"), ("target", "cholecseg8k"))
    }
    found = domains.gather(settings.course("smoke", **own))
    assert found.kinds == {"source": "own", "target": "own"} and found.wished is None
    for packed in (found.source, found.target):
        assert packed.blood.any(axis=(1, 2)).all()
    assert [note.split(",")[0] for note in found.notes] == [
        "The source is real: your own folder source",
        "The target is real: your own folder target",
    ]
