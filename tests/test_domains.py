"""Which frames play which role, from what is there: nothing, one data set, both, a few real frames, or somebody's own."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from frames_by_hand import (
    REAL,
    needs_real,
    one_sentence,
    sentence_of,
    write_own,
    write_pig,
)

import phantom
from helpers import domains, frames, settings

SPLITS = {"train", "id_val", "id_test", "ood_val", "ood_test"}
SPLITS |= {"ood_wished_val", "ood_wished"}


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A folder with two drawn data sets in the released layouts, standing for the real ones."""
    folder = tmp_path_factory.mktemp("data")
    phantom.write_hemoset(folder / "hemoset", n_frames=24, size=(48, 64))
    phantom.write_cholecseg8k(folder / "cholecseg8k", n_frames=24, size=(48, 85))
    return folder


@pytest.fixture
def nothing(tmp_path, monkeypatch, own_store) -> Path:
    """The course's own data folder, empty."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


def gather(**given) -> domains.Domains:
    return domains.gather(settings.course("smoke", **given))


def test_without_data_both_surgeries_are_drawn_and_said_to_be(nothing):
    surgeries = gather()
    assert surgeries.data == "phantom" and surgeries.look is None
    assert surgeries.real == frozenset() and len(surgeries.notes) == 2
    assert all("says nothing about patients" in note for note in surgeries.notes)
    assert set(surgeries.present(*SPLITS)) == SPLITS
    for split in SPLITS:
        assert surgeries.data_of(split) == surgeries.data_of_frame(split) == "phantom"
        assert len(surgeries.of(split)) > 0
    for packed in (surgeries.source, surgeries.target, surgeries.wished):
        assert list(packed.table.columns[:8]) == list(frames.COLUMNS)
    # Drawn frames may stand on a public page.
    shown = gather(public=True).picture("id_test", 0)
    assert np.array_equal(shown, surgeries.of("id_test").images[0])


def test_no_subject_is_on_two_sides_and_the_bleeding_one_is_tested_on(nothing):
    surgeries = gather()
    for packed in (surgeries.source, surgeries.target, surgeries.wished):
        assert (packed.table.groupby("subject")["split"].nunique() == 1).all()
    test, wished = surgeries.of("ood_test").table, surgeries.of("ood_wished").table
    assert "video01" in set(test["subject"])
    assert set(test["subject"]) == set(wished["subject"])
    assert not surgeries.of("ood_val").blood.any()
    bleeding = surgeries.target.blood.any(axis=(1, 2))
    assert set(surgeries.target.table["subject"][bleeding]) == {"video01"}
    assert surgeries.of("ood_wished").blood.any(axis=(1, 2)).mean() > 0.5


def test_both_data_sets_take_both_roles_and_nothing_is_drawn(nothing, released):
    surgeries = gather(data=str(released))
    assert surgeries.data == "real" and surgeries.wished is None
    assert surgeries.kinds == {"source": "hemoset", "target": "cholecseg8k"}
    source, target = surgeries.notes
    assert source.startswith("The source is real: HemoSet")
    assert target.startswith("The target is real: CholecSeg8k")
    assert surgeries.data_of("id_test") == surgeries.data_of("ood_test") == "real"
    assert "ood_wished" not in surgeries.present(*SPLITS)
    sentence_of(lambda: surgeries.of("ood_wished"), "No frame is in the split")
    # Real frames are kept out of a public page.
    shown = surgeries.picture("id_test", 0)
    assert np.array_equal(shown, surgeries.of("id_test").images[0])
    public = gather(data=str(released), public=True)
    for split in ("id_test", "ood_test"):
        assert (public.picture(split, 0) == 128).all()


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
    frame = "real" if role == "target" else "phantom"
    assert surgeries.data_of_frame("ood_test") == frame


def test_anybodys_two_folders_take_both_roles_but_one_folder_cannot(
    nothing, disks, tmp_path
):
    disks, others = tmp_path / "disks", tmp_path / "others"
    shutil.copytree(disks, others)
    surgeries = gather(source=str(disks), target=str(others))
    assert surgeries.real == {"source", "target"} and surgeries.wished is None
    assert len(surgeries.source) == len(surgeries.target) == 24
    assert {*surgeries.source.table["split"]} == {"train", "id_val", "id_test"}
    (tmp_path / "linked").symlink_to(disks)
    for same in (disks, tmp_path / "linked"):
        call = lambda same=same: gather(source=str(disks), target=str(same))  # noqa: E731
        sentence_of(call, "both hold disks/images/000.png", "share no frame")


def test_a_bad_frame_stops_or_is_left_out_and_named(nothing, released, tmp_path):
    folder = tmp_path / "data2"
    shutil.copytree(released, folder)
    victim = sorted(folder.glob("cholecseg8k/video52/*/*_endo.png"))[0]
    victim.write_bytes(victim.read_bytes()[:100])
    sentence_of(lambda: gather(data=str(folder)), victim.name)
    surgeries = gather(data=str(folder), on_bad="skip")
    assert len(surgeries.skipped) == 1 and victim.name in surgeries.skipped[0]
    assert len(surgeries.target) == len(gather(data=str(released)).target) - 1


@needs_real
def test_a_handful_of_real_frames_is_only_looked_at(nothing):
    surgeries = gather(data=str(REAL))
    assert surgeries.real == frozenset() and surgeries.data == "phantom"
    assert len(surgeries.look) == 9 and "too few" in " ".join(surgeries.notes)
    assert set(surgeries.look.table["dataset"]) == {"hemoset", "cholecseg8k"}
    image = surgeries.look.images[0]
    assert surgeries.shown("look", image) is image
    assert (gather(data=str(REAL), public=True).shown("look", image) == 128).all()


# -- what lies in the data folder and what is named ------------------------------------

SIX = [f"anna{number}/{frame}" for number in range(6) for frame in "ab"]


def found(**given) -> dict[str, Path | None]:
    return domains.found(settings.course("smoke", **given))[0]


def unnamed(**given) -> list[str]:
    return [one.name for one in domains.found(settings.course("smoke", **given))[1]]


def test_own_frames_in_the_data_folder_that_nobody_named(nothing):
    write_own(nothing / "mine", ["a"])
    surgeries = gather()
    assert surgeries.real == frozenset()
    named = ("your own (mine)", "not use", "SOURCE= or TARGET=")
    one_sentence(surgeries.notes[-1], *named)
    for role in domains.LAYOUTS:
        assert unnamed(**{role: str(nothing / "mine")}) == []
    for name in ("a", "b"):
        write_own(nothing / "more" / name, ["a"])
    named = ("your own (a, b)", "SOURCE= and TARGET=")
    sentence_of(lambda: found(data=str(nothing / "more")), *named)


def test_own_frames_put_into_the_data_folder_itself(nothing):
    write_own(nothing, ["a"])
    assert found() == {"source": None, "target": None}
    assert unnamed() == ["data"]
    named = ("your own (data)", "SOURCE= and TARGET=")
    sentence_of(lambda: found(data=str(nothing)), *named)


def test_a_data_folder_that_is_empty_or_gone_and_what_is_being_fetched(nothing):
    write_pig(nothing / ".arriving" / "pig1", [0])
    assert found() == {"source": None, "target": None}
    named = ("no known data set", "put hemoset/ into it", "SOURCE=")
    sentence_of(lambda: found(data=str(nothing)), str(nothing), *named)
    shutil.rmtree(nothing)
    assert found() == {"source": None, "target": None}
    assert unnamed() == []


@pytest.mark.parametrize("inside", ["", "holiday", "pig1"])
def test_a_folder_called_hemoset_with_nothing_known_in_it(nothing, inside):
    (nothing / "hemoset" / inside).mkdir(parents=True)
    for given in ({}, {"data": str(nothing)}):
        sentence_of(lambda given=given: found(**given), "data/hemoset", "pigN/imgs.zip")


def test_two_copies_of_hemoset_in_the_data_folder(nothing):
    for name in ("hemoset", "hemoset copy"):
        write_pig(nothing / name / "pig1", [0])
    sentence_of(found, "HemoSet in 2 folders (hemoset, hemoset copy)", "SOURCE=")
    named = nothing / "hemoset copy"
    assert found(source=str(named)) == {"source": named, "target": None}


def test_a_data_folder_that_is_a_data_set_itself(nothing):
    write_pig(nothing / "pig1", [0])
    for given in ({}, {"data": str(nothing)}):
        assert found(**given) == {"source": nothing, "target": None}


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x", "a\0b", "x" * 5000, 3])
@pytest.mark.parametrize("role", ["data", "source", "target"])
def test_a_path_that_leads_nowhere(role, path):
    call = lambda: settings.course("smoke", **{role: path})  # noqa: E731
    sentence_of(call, f"{role.upper()}=", "give the path of the folder")


@pytest.mark.parametrize(
    "given, named",
    [
        ({"profile": "huge"}, "no profile 'huge'; choose one of smoke, quick, full"),
        ({"on_bad": "ask"}, "no on_bad 'ask'; choose one of stop, skip"),
        ({"seed": "x"}, "seed is 'x': give a whole number from 0"),
        ({"seed": -1}, "seed is '-1': give a whole number from 0"),
    ],
)
def test_a_parameter_that_means_nothing(given, named):
    sentence_of(lambda: settings.course(**given), named)


def test_two_folders_of_one_name_are_used_where_they_share_no_subject(nothing):
    for name, who in (("one", "anna"), ("other", "bert"), ("third", "anna")):
        write_own(nothing / name / "ours", [one.replace("anna", who) for one in SIX])
    given = {"source": str(nothing / "one" / "ours")}
    surgeries = gather(**given, target=str(nothing / "other" / "ours"))
    assert surgeries.real == {"source", "target"}
    call = lambda: gather(**given, target=str(nothing / "third" / "ours"))  # noqa: E731
    sentence_of(call, "both ours", "the subject anna0", "rename one")


def test_hemoset_named_as_the_target_alone(nothing, released):
    call = lambda: gather(target=str(released / "hemoset"))  # noqa: E731
    sentence_of(call, "no source", "SOURCE=", "hemoset/")


def test_one_own_folder_alone_needs_another(nothing):
    ours = write_own(nothing / "apart" / "ours", SIX)
    for role, other in (("source", "target"), ("target", "source")):
        call = lambda: gather(**{role: str(ours)})  # noqa: B023, E731
        sentence_of(call, f"no {other}", f"{other.upper()}=")
    few = write_own(nothing / "apart" / "few", SIX[:1])
    call = lambda: gather(source=str(few), target=str(ours))  # noqa: E731
    sentence_of(call, "few: 1 frame of 1 subject", "takes 5 subjects", "subjects.csv")
