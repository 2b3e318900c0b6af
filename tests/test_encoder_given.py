"""ENCODER= and WEIGHTS=: another encoder than the profile's, and its weights from a file
or from scratch."""

from pathlib import Path

import pytest
import torch
from lessons_by_hand import code, lesson

from helpers import encoders, models, runs, settings, store
from helpers.encoders import ENCODERS
from helpers.errors import CourseError


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file with resnet18's weights, which are nobody else's."""
    network = models.build("resnet18", weights=None, seed=7)
    torch.save(network.network.encoder.state_dict(), tmp_path / "ours.pth")
    return tmp_path / "ours.pth"


def told(**given) -> str:
    """What a course says that can't be made of what is given: one sentence."""
    with pytest.raises(CourseError) as error:
        settings.course("full", **given)
    said = str(error.value)
    assert said.endswith(".") and said.count(". ") == 0 and "\n" not in said
    return said


@pytest.mark.parametrize("encoder", ["vgg", "Lite0", ["lite0"]])
def test_an_unknown_encoder(encoder) -> None:
    assert told(encoder=encoder) == (
        f"There is no encoder '{encoder}'; choose one of {', '.join(ENCODERS)}."
    )


@pytest.mark.parametrize("path", ["/nowhere/a.pth", "~nobody-of-this-name/x", 3])
def test_a_file_of_weights_that_is_not_there(path) -> None:
    said = told(weights=path)
    assert f"WEIGHTS={path}: " in said and "give the path of a file" in said


def test_a_folder_is_no_file_of_weights(tmp_path: Path) -> None:
    assert "there is no such file" in told(weights=str(tmp_path))


def test_nothing_given_is_the_profiles_encoder_with_imagenets_weights() -> None:
    usual = settings.course("full", encoder="", weights="")
    assert (usual.numbers.encoder, usual.weights) == ("resnet34", "imagenet")
    assert usual == settings.course("full")


def test_a_run_begins_with_what_was_given(weights, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_FROM", str(weights.parent))
    course = settings.course("full", encoder="resnet18", weights="ours.pth")
    assert course.weights == weights
    begun = runs.untrained(course).network.encoder.state_dict()
    given = torch.load(weights, weights_only=True)
    assert begun.keys() == given.keys()
    assert all(torch.equal(begun[name], given[name]) for name in given)
    # The profile's encoder comes from a hub; from scratch it needs none.
    scratch = runs.untrained(settings.course("full", weights="none"))
    assert scratch.encoder_name == "resnet34"
    assert scratch.exposure == "no image before training"


def test_weights_are_in_a_runs_key_by_what_they_hold(weights, monkeypatch) -> None:
    asked = []

    def keep(kind, what, *rest):
        asked.append(what)
        raise CourseError("enough")

    monkeypatch.setattr(store, "keep", keep)
    monkeypatch.setattr(runs, "frames_key", lambda packed: "frames")

    def key(**given) -> str:
        with pytest.raises(CourseError, match="enough"):
            runs.trained("one", settings.course("full", **given), None, None)
        return store.key(**asked[-1])

    first = key(encoder="resnet18", weights=str(weights))
    moved = weights.rename(weights.with_name("moved.pth"))
    assert key(encoder="resnet18", weights=str(moved)) == first
    weights.write_bytes(b"other weights")
    others = [
        key(encoder="resnet18", weights=str(weights)),
        key(encoder="resnet18", weights="none"),
        key(encoder="resnet18"),
        key(),
    ]
    assert len({first, *others}) == 5


def test_a_lesson_says_what_its_network_is(weights) -> None:
    for given, words in (
        ({}, []),
        ({"encoder": "lite0", "weights": "imagenet"}, []),
        ({"encoder": "resnet18"}, ["those from ImageNet."]),
        ({"weights": "none"}, ["drawn by chance, which have seen no image."]),
        ({"weights": str(weights)}, ["those in ours.pth."]),
    ):
        encoder = given.get("encoder", "lite0")
        course = settings.course("quick", **given)
        assert encoders.said(course.numbers.encoder, course.weights, "lite0") == [
            f"The network's encoder is {encoder}; the weights it begins with are {one}"
            for one in words
        ]


def test_they_reach_the_lessons(bench, weights) -> None:
    lesson(bench.folder, "00_first", code("print(data)"))
    words = ("--encoder", "resnet18", "--weights", str(weights))
    assert bench.build(*words) == 0
    given = {"folder": str(bench.data), "encoder": "resnet18", "weights": str(weights)}
    assert str(given).replace("'", "&#39;") in bench.page("00_first")
    # Another file's lesson is executed, and not found.
    weights.write_bytes(b"other weights")
    assert bench.build(*words) == 1


def test_weights_of_another_encoder_stop_a_build_before_its_lessons(
    bench, weights, capsys
) -> None:
    lesson(bench.folder, "00_first", code("print('ran')"))
    for encoder, words in (
        ("mobilenet_v2", "ours.pth does not hold the 312 weights of encoder mobile"),
        ("lite0", "ours.pth is not EfficientNet-Lite0"),
    ):
        assert bench.build("--encoder", encoder, "--weights", str(weights)) == 1
        out, said = capsys.readouterr()
        assert words in said and said.strip().count("\n") == 0
        assert "00_first" not in out
