"""Which frames play which role, from what is there: nothing, one data set, both, a few real frames, or somebody's own."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import phantom
from helpers import domains, frames, settings
from helpers.errors import CourseError

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "real"
ON_CLASSES = {
    "id_test",
    "id_val",
    "train",
    "ood_val",
    "ood_test",
    "ood_wished_val",
    "ood_wished",
}


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A folder with two drawn data sets in the released layouts, standing for the real ones."""
    folder = tmp_path_factory.mktemp("data")
    phantom.write_hemoset(folder / "hemoset", n_frames=24, size=(48, 64))
    phantom.write_cholecseg8k(folder / "cholecseg8k", n_frames=24, size=(48, 85))
    return folder


@pytest.fixture
def nothing(tmp_path, monkeypatch, own_store):
    """No data set in the course's own folder."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "data")


def gather(**given) -> domains.Domains:
    return domains.gather(settings.course("smoke", **given))


def test_without_data_both_surgeries_are_drawn_and_said_to_be(nothing):
    surgeries = gather()
    assert (
        surgeries.data == "phantom"
        and surgeries.real == frozenset()
        and surgeries.look is None
    )
    assert len(surgeries.notes) == 2 and all(
        "says nothing about patients" in note for note in surgeries.notes
    )
    assert set(surgeries.present(*ON_CLASSES)) == ON_CLASSES
    for split in ON_CLASSES:
        assert (
            surgeries.data_of(split) == surgeries.data_of_frame(split) == "phantom"
            and len(surgeries.of(split)) > 0
        )


def test_no_subject_stands_on_two_sides(nothing):
    surgeries = gather()
    for packed in (surgeries.source, surgeries.target, surgeries.wished):
        assert (packed.table.groupby("subject")["split"].nunique() == 1).all()
    test, wished = surgeries.of("ood_test").table, surgeries.of("ood_wished").table
    assert "video01" in set(test["subject"]) and set(test["subject"]) == set(
        wished["subject"]
    )


def test_the_single_bleeding_patient_is_tested_on_and_chooses_nothing(nothing):
    surgeries = gather()
    assert not surgeries.of("ood_val").blood.any()
    bleeding = surgeries.target.blood.any(axis=(1, 2))
    assert set(surgeries.target.table["subject"][bleeding]) == {"video01"}
    assert surgeries.of("ood_wished").blood.any(axis=(1, 2)).mean() > 0.5


def test_both_data_sets_take_both_roles_and_nothing_is_drawn(nothing, released):
    surgeries = gather(data=str(released))
    assert surgeries.data == "real" and surgeries.wished is None
    assert surgeries.kinds == {"source": "hemoset", "target": "cholecseg8k"}
    assert [note.split(",")[0] for note in surgeries.notes] == [
        "The source is real: HemoSet",
        "The target is real: CholecSeg8k",
    ]
    assert surgeries.data_of("id_test") == surgeries.data_of("ood_test") == "real"
    assert "ood_wished" not in surgeries.present(*ON_CLASSES)
    with pytest.raises(CourseError, match="No frame is in the split 'ood_wished'"):
        surgeries.of("ood_wished")


@pytest.mark.parametrize(
    "there, role", [("hemoset", "source"), ("cholecseg8k", "target")]
)
def test_with_one_data_set_the_other_is_drawn(nothing, released, tmp_path, there, role):
    shutil.copytree(released / there, tmp_path / "one" / there)
    surgeries = gather(data=str(tmp_path / "one"))
    other = {"source": "target", "target": "source"}[role]
    assert surgeries.real == {role} and surgeries.data == "phantom"
    assert surgeries.kinds == {role: there, other: "drawn"}
    assert {note.split(" ")[1]: note.split(":")[0] for note in surgeries.notes} == {
        role: f"The {role} is real",
        other: f"The {other} is drawn (phantom) surgery",
    }
    # A result out of domain needs both sides to be real; frames may still be real pictures.
    assert surgeries.data_of("ood_test") == "phantom"
    assert surgeries.data_of_frame("ood_test") == (
        "real" if role == "target" else "phantom"
    )


def test_anybodys_two_folders_take_both_roles(nothing, disks, tmp_path):
    shutil.copytree(tmp_path / "disks", tmp_path / "others")
    surgeries = gather(source=str(tmp_path / "disks"), target=str(tmp_path / "others"))
    assert (
        surgeries.real == {"source", "target"}
        and len(surgeries.source) == len(surgeries.target) == 24
    )
    assert {*surgeries.source.table["split"]} == {
        "train",
        "id_val",
        "id_test",
    } and surgeries.wished is None


def test_one_folder_cannot_be_both_source_and_target(nothing, disks, tmp_path):
    with pytest.raises(
        CourseError, match="SOURCE= and TARGET= both hold disks/images/000.png"
    ):
        gather(source=str(tmp_path / "disks"), target=str(tmp_path / "disks"))


def test_a_folder_with_nothing_known_is_told_in_one_sentence(nothing, tmp_path):
    (tmp_path / "empty" / "holiday").mkdir(parents=True)
    with pytest.raises(CourseError) as told:
        gather(data=str(tmp_path / "empty"))
    assert "none of its folders holds a known data set" in str(
        told.value
    ) and "SOURCE=" in str(told.value)
    assert "\n" not in str(told.value)


def test_real_frames_are_kept_out_of_a_public_page(nothing, released):
    private, public = (
        gather(data=str(released)),
        gather(data=str(released), public=True),
    )
    assert np.array_equal(
        private.picture("id_test", 0), private.of("id_test").images[0]
    )
    assert (public.picture("id_test", 0) == 128).all() and (
        public.picture("ood_test", 0) == 128
    ).all()


def test_drawn_frames_may_stand_on_a_public_page(nothing):
    surgeries = gather(public=True)
    assert np.array_equal(
        surgeries.picture("id_test", 0), surgeries.of("id_test").images[0]
    )


def test_a_bad_frame_stops_or_is_left_out_and_named(nothing, released, tmp_path):
    folder = tmp_path / "data2"
    shutil.copytree(released, folder)
    victim = sorted(folder.glob("cholecseg8k/video52/*/*_endo.png"))[0]
    victim.write_bytes(victim.read_bytes()[:100])
    with pytest.raises(CourseError, match=victim.name):
        gather(data=str(folder))
    surgeries = gather(data=str(folder), on_bad="skip")
    assert len(surgeries.skipped) == 1 and victim.name in surgeries.skipped[0]
    assert len(surgeries.target) == len(gather(data=str(released)).target) - 1


@pytest.mark.skipif(
    not REAL.is_dir(),
    reason="the real frames stand beside the repository only where it is developed",
)
def test_a_handful_of_real_frames_is_only_looked_at(nothing):
    surgeries = gather(data=str(REAL))
    assert surgeries.real == frozenset() and surgeries.data == "phantom"
    assert len(surgeries.look) == 9 and "too few" in " ".join(surgeries.notes)
    assert set(surgeries.look.table["dataset"]) == {"hemoset", "cholecseg8k"}
    assert np.array_equal(surgeries.look_picture(0), surgeries.look.images[0])
    assert (gather(data=str(REAL), public=True).look_picture(0) == 128).all()


def test_the_frame_table_of_every_role_is_the_same_kind(nothing):
    surgeries = gather()
    for packed in (surgeries.source, surgeries.target, surgeries.wished):
        assert list(packed.table.columns[:8]) == list(frames.COLUMNS)


def test_two_folders_of_ones_own_in_the_data_folder_have_to_be_named(
    nothing, disks, tmp_path
):
    for name in ("a", "b"):
        shutil.copytree(tmp_path / "disks", tmp_path / "mine" / name)
    with pytest.raises(CourseError, match=r"of your own \(a, b\).*SOURCE=.*TARGET="):
        gather(data=str(tmp_path / "mine"))
