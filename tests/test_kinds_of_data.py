"""Data as people bring it: a target that never bleeds, and folders of one's own in which
every frame does."""

import data_by_hand
import pytest
from disks_by_hand import own_store  # noqa: F401  (a fixture)
from frames_by_hand import one_sentence

from helpers import domains, settings
from helpers.errors import CourseError


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


def own_of(tmp_path, role: str, layout: str):
    """A folder of one's own with frames of a released layout."""
    released = tmp_path / "all"
    if not released.exists():
        data_by_hand.released(released)
    return data_by_hand.own(tmp_path / role, released / layout, bleeding=False)


def test_no_blood_in_either_domain_ends_in_one_sentence(nothing, tmp_path) -> None:
    own = {
        "source": own_of(tmp_path, "source", "hemoset"),
        "target": own_of(tmp_path, "target", "cholecseg8k"),
    }
    for folder in own.values():
        data_by_hand.never_bleeding(folder)
    given = {role: str(folder) for role, folder in own.items()}
    with pytest.raises(CourseError) as error:
        domains.gather(settings.course("smoke", **given))
    said = one_sentence(str(error.value), "24 masks marks any blood", "SOURCE=")
    assert said.startswith("None of the source's")


def test_frames_of_one_subject_are_looked_at_and_not_learned_from(
    nothing, tmp_path
) -> None:
    folder = own_of(tmp_path, "mine", "hemoset")
    (folder / "subjects.csv").unlink()
    found = domains.gather(settings.course("smoke", source=str(folder)))
    assert found.kinds == {"source": "drawn", "target": "drawn"}
    assert len(found.look) == 24 and found.look.table["subject"].nunique() == 1
    [said] = [one for one in found.notes if "mine" in one]
    one_sentence(said, "24 frames of 1 subject(s) are too few", "only looked at")
