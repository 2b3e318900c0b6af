"""What lies in the data folder and what is named: nothing is left aside without a word,
and no path ends in a traceback."""

import shutil
from pathlib import Path

import data_by_hand
import pytest
from disks_by_hand import own_store  # noqa: F401  (a fixture)
from frames_by_hand import one_sentence, write_own, write_pig

from helpers import domains, finding, settings
from helpers.errors import CourseError

SIX = [f"anna{number}/{frame}" for number in range(6) for frame in "ab"]


@pytest.fixture
def data(tmp_path, monkeypatch, own_store) -> Path:  # noqa: F811
    """The course's own data folder, empty."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


def found(**given) -> dict[str, Path | None]:
    course = settings.course("smoke", **given)
    return {role: finding.real_folder(course, role) for role in finding.LAYOUTS}


def said(*named: str, **given) -> str:
    with pytest.raises(CourseError) as caught:
        found(**given)
    return one_sentence(str(caught.value), *named)


def test_own_frames_put_into_the_data_folder_and_never_named(data):
    write_own(data / "mine", ["a"])
    surgeries = domains.gather(settings.course("smoke"))
    assert surgeries.real == frozenset()
    note = one_sentence(surgeries.notes[-1], "data holds frames of your own (mine)")
    assert "does not use" in note and "SOURCE= or TARGET=." in note


def test_own_frames_put_into_the_data_folder_itself(data):
    write_own(data, ["a"])
    course = settings.course("smoke")
    assert found() == {"source": None, "target": None}
    one_sentence(*finding.unused(course), "frames of your own (data)")


def test_own_frames_in_the_data_folder_that_are_named_need_no_word(data):
    write_own(data / "mine", ["a"])
    for role in ("source", "target"):
        course = settings.course("smoke", **{role: str(data / "mine")})
        assert finding.unused(course) == []


def test_a_data_folder_that_somebody_removed(data):
    data.rmdir()
    assert found() == {"source": None, "target": None}
    assert finding.unused(settings.course("smoke")) == []


@pytest.mark.parametrize("inside", [None, "holiday", "pig1"])
def test_a_folder_called_hemoset_with_nothing_known_in_it(data, inside):
    (data / "hemoset" / (inside or "")).mkdir(parents=True)
    said("data/hemoset holds no known data set", "pigN/imgs.zip")
    said("data/hemoset holds no known data set", data=str(data))


def test_own_frames_in_a_folder_called_cholecseg8k(data):
    write_own(data / "cholecseg8k", ["a"])
    said("data/cholecseg8k holds images/ and masks/", "another name", "TARGET=")


def test_two_copies_of_hemoset_in_the_data_folder(data):
    for name in ("hemoset", "hemoset copy"):
        write_pig(data / name / "pig1", [0])
    said("HemoSet in 2 folders (hemoset, hemoset copy)", "SOURCE=")
    said("HemoSet in 2 folders", data=str(data))
    named = data / "hemoset copy"
    assert found(source=str(named)) == {"source": named, "target": None}


def test_what_is_being_fetched_is_no_data_set_yet(data):
    write_pig(data / ".arriving" / "pig1", [0])
    assert found() == {"source": None, "target": None}


def test_data_names_the_data_set_and_not_the_folder_around_it(data, tmp_path):
    write_pig(tmp_path / "h" / "pig1", [0])
    said("h is HemoSet itself", "holds hemoset/", "SOURCE=", data=str(tmp_path / "h"))
    write_own(tmp_path / "own", ["a"])
    said("own holds images/ and masks/ itself", "SOURCE=", data=str(tmp_path / "own"))
    write_pig(data / "pig1", [0])
    said("data is HemoSet itself", "holds hemoset/")


@pytest.mark.parametrize(
    "path", ["~nobody-of-this-name/x", "a\0b", "x" * 5000, "a\nb", "\udcff", 3, ["a"]]
)
@pytest.mark.parametrize("role", ["data", "source", "target"])
def test_a_path_that_leads_nowhere(role, path):
    with pytest.raises(CourseError) as caught:
        settings.course("smoke", **{role: path})
    one_sentence(str(caught.value), f"{role.upper()}=", "give the path of the folder")


@pytest.mark.parametrize(
    "given, named",
    [
        ({"profile": "huge"}, "no profile 'huge'; choose one of smoke, quick, full"),
        ({"profile": []}, "no profile '[]'; choose"),
        ({"on_bad": "ask"}, "on_bad is 'ask', which means nothing; choose stop or"),
        ({"seed": "x"}, "seed is 'x', which is no whole number; give one"),
        ({"seed": -1}, "seed is -1, but it counts from 0; give 0 or above."),
        ({"seed": None}, "seed is 'None', which is no whole number; give one"),
    ],
)
def test_a_parameter_that_means_nothing(given, named):
    with pytest.raises(CourseError) as caught:
        settings.course(**given)
    one_sentence(str(caught.value), named)


def test_two_folders_of_one_name_with_the_same_subjects(data, tmp_path):
    for base in ("one", "other"):
        write_own(tmp_path / base / "frames", SIX)
    given = {"source": tmp_path / "one/frames", "target": tmp_path / "other/frames"}
    with pytest.raises(CourseError) as caught:
        domains.gather(settings.course("smoke", **given))
    one_sentence(str(caught.value), "both called frames", "subject anna0", "rename one")


def test_two_folders_of_one_name_with_other_subjects_are_used(data, tmp_path):
    write_own(tmp_path / "one" / "frames", SIX)
    write_own(
        tmp_path / "other" / "frames", [one.replace("anna", "bert") for one in SIX]
    )
    given = {"source": tmp_path / "one/frames", "target": tmp_path / "other/frames"}
    surgeries = domains.gather(settings.course("smoke", **given))
    assert surgeries.real == {"source", "target"}


def test_frames_linked_into_the_other_folder(data, tmp_path):
    write_own(tmp_path / "one", SIX)
    write_own(
        tmp_path / "other", [one.replace("anna", "bert") for one in SIX], size=(14, 16)
    )
    copy = tmp_path / "other" / "images" / "bert0" / "a.png"
    copy.unlink()
    copy.hardlink_to(tmp_path / "one" / "images" / "anna3" / "a.png")
    given = {"source": tmp_path / "one", "target": tmp_path / "other"}
    with pytest.raises(CourseError) as caught:
        domains.gather(settings.course("smoke", **given))
    one_sentence(str(caught.value), "both hold images/bert0/a.png", "share none")


def test_hemoset_named_as_the_target_alone(data, tmp_path):
    released = data_by_hand.released(tmp_path / "all") / "hemoset"
    with pytest.raises(CourseError) as caught:
        domains.gather(settings.course("smoke", target=str(released)))
    one_sentence(str(caught.value), "TARGET= holds HemoSet", "drawn", "with SOURCE=")
    shutil.copytree(released, tmp_path / "again")
    with pytest.raises(CourseError) as caught:
        domains.gather(
            settings.course("smoke", target=str(released), source=tmp_path / "again")
        )
    one_sentence(str(caught.value), "both called HemoSet", "name a folder with frames")
