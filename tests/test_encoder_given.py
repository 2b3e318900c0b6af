"""ENCODER= and WEIGHTS=: another encoder than the profile's, and its weights from a file
or from scratch."""

import html
from pathlib import Path

import pytest
import torch
from lessons_by_hand import code, lesson

from helpers import CourseError, models, settings, store, training
from helpers.settings import ENCODERS


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file with resnet18's weights, which are nobody else's."""
    network = models.build("resnet18", weights=None, seed=7)
    torch.save(network.network.encoder.state_dict(), tmp_path / "ours.pth")
    return tmp_path / "ours.pth"


@pytest.mark.parametrize(
    "given, words",
    [
        ({"encoder": "vgg"}, ["no encoder 'vgg'; choose", *ENCODERS]),
        ({"encoder": "Lite0"}, ["no encoder 'Lite0'; choose"]),
        ({"encoder": ["lite0"]}, ["no encoder", "; choose"]),
        ({"decoder": "tnet"}, ["no decoder 'tnet'; choose one of unet, fpn"]),
        ({"weights": "/nowhere/a.pth"}, ["WEIGHTS=/nowhere/a.pth: ", "give the path"]),
        ({"weights": "~nobody-of-this/x"}, ["WEIGHTS=~nobody-of-this/x: ", "give the"]),
        ({"weights": 3}, ["WEIGHTS=3: ", "give the path of a file"]),
        ({"weights": "/tmp"}, ["WEIGHTS=/tmp: there is no such file", "give the path"]),
    ],
)
def test_what_a_course_can_not_be_made_of_is_told_in_one_sentence(given, words):
    with pytest.raises(CourseError) as told:
        settings.course(**{"profile": "full"} | given)
    said = str(told.value)
    assert all(one in said for one in words)
    assert said.endswith(".") and ". " not in said and "\n" not in said


def test_nothing_given_is_the_profiles_encoder_with_imagenets_weights() -> None:
    usual = settings.course("full", encoder="", weights="")
    assert (usual.numbers.encoder, usual.weights) == ("resnet34", "imagenet")
    assert usual == settings.course("full")


def test_a_run_begins_with_what_was_given(weights, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_FROM", str(weights.parent))
    course = settings.course("full", encoder="resnet18", weights="ours.pth")
    assert course.weights == weights
    stem, given = "conv1.weight", torch.load(weights, weights_only=True)
    begun = training.untrained(course).network.encoder.state_dict()
    assert torch.equal(begun[stem], given[stem])
    # The profile's encoder comes from a hub; from scratch it needs none.
    scratch = training.untrained(settings.course("full", weights="none"))
    assert scratch.encoder_name == "resnet34"
    assert scratch.exposure == "no image before training"


def test_the_recipe_is_in_a_runs_key_and_weights_by_what_they_hold(
    weights, monkeypatch
) -> None:
    asked = []

    def entry(kind, what, *rest):
        asked.append(what)
        raise CourseError("enough")

    monkeypatch.setattr(store, "entry", entry)
    monkeypatch.setattr(training, "frames_key", lambda packed: "frames")

    def key(name="one", changed=(), **given) -> str:
        course = settings.course("full", **given).but(**dict(changed))
        with pytest.raises(CourseError, match="enough"):
            training.trained(name, course, None, None)
        return store.key(**asked[-1])

    first = key(encoder="resnet18", weights=str(weights))
    moved = weights.rename(weights.with_name("moved.pth"))
    assert key(encoder="resnet18", weights=str(moved)) == first
    weights.write_bytes(b"other weights")
    others = [
        key(encoder="resnet18", weights=one) for one in (str(weights), "none", "")
    ]
    others += [
        key(),
        key("other"),
        key(changed={"batch": 4}),
        key(changed={"epochs": 4}),
    ]
    assert len({first, *others}) == 8


@pytest.mark.parametrize(
    "given, words",
    [
        ({}, []),
        ({"encoder": "lite0", "weights": "imagenet"}, []),
        ({"encoder": "resnet18"}, ["encoder is resnet18", "ImageNet"]),
        ({"weights": "none"}, ["encoder is lite0", "have seen no image"]),
        ({"weights": True}, ["encoder is lite0", "ours.pth"]),
        ({"decoder": "fpn"}, ["encoder is lite0, its decoder FPN", "ImageNet"]),
        (
            {"encoder": "pvt_v2_b2", "weights": "surgenet"},
            ["SurgeNet_PVTv2_", "CC BY-NC-SA", "seen videos of Cholec80", "pigs"],
        ),
    ],
)
def test_a_lesson_says_what_its_network_is(weights, given, words) -> None:
    if given.get("weights") is True:
        given = {"weights": str(weights)}
    course = settings.course("quick", **given)
    assert course.usual_network is not bool(words)
    assert all(one in models.told(course) for one in words)


def test_they_reach_the_lessons(bench, weights) -> None:
    lesson(bench.folder, "00_first", code("print(data)"))
    words = ("--encoder", "resnet18", "--weights", str(weights))
    assert bench.build(*words) == 0
    given = {"encoder": "resnet18", "folder": str(bench.data), "weights": str(weights)}
    assert str(given) in html.unescape(bench.page("00_first"))
    for told in (bench.page("slides_00"), bench.record()["network"]):
        assert "encoder is resnet18" in told and "ours.pth" in told
    # Another file's lesson is executed, and not found.
    weights.write_bytes(b"other weights")
    assert bench.build(*words) == 1


def test_weights_of_another_encoder_stop_a_build_before_its_lessons(
    bench, weights, capsys
) -> None:
    lesson(bench.folder, "00_first", code("print('ran')"))
    for encoder, words in (
        ("mobilenet_v2", "ours.pth does not hold the 312 weights of encoder mobile"),
        ("lite0", "ours.pth does not hold the 288 weights of encoder lite0"),
    ):
        assert bench.build("--encoder", encoder, "--weights", str(weights)) == 1
        out, said = capsys.readouterr()
        assert words in said and said.strip().count("\n") == 0
        assert "00_first" not in out
