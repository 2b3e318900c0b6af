"""helpers.lesson on the smoke profile: one line to begin, one call from counts to a
record."""

import doctest
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import (
    CourseError,
    cells,
    charts,
    counts,
    lesson,
    settings,
    statistics,
    training,
    words,
)
from helpers.lesson import begin
from helpers.statistics import Estimate


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed, in order."""
    found = []
    for room in (lesson, cells):
        monkeypatch.setattr(room, "display", lambda thing, **_: found.append(thing))
    return found


@pytest.fixture
def opened(store, shown):
    yield begin("smoke", 0, {})
    words.call()


@pytest.mark.parametrize("word", ["sauce", "profile"])
def test_an_unknown_key_is_one_sentence(word):
    with pytest.raises(CourseError, match=f"no key '{word}'; .* folder, .* weights"):
        begin("smoke", 0, {"source": "", word: "x"})


def test_the_keys_are_the_courses_arguments(monkeypatch):
    asked = {}

    def course(profile, seed, **given):
        asked.update(given, profile=profile, seed=seed)
        raise CourseError("enough")

    monkeypatch.setattr(settings, "course", course)
    given = {"source": "b", "target": "c", "on_bad": "skip", "public": True}
    given |= {"encoder": "resnet18", "weights": "none"}
    with pytest.raises(CourseError, match="enough"):
        begin("quick", 3, {"folder": "a", "published": "d", **given})
    assert asked == {"profile": "quick", "seed": 3, "data": "a", **given}


def test_a_lesson_opens_with_what_it_is_made_of(opened, shown):
    assert shown[1][cells.INFO_TYPE]["data"] == "phantom"
    assert "drawn (phantom) surgery" in shown[2].data
    assert opened.drawn and opened.course.profile == "smoke" and opened.record == {}
    assert opened.domains.present("id_test", "ood_wished") == ["id_test", "ood_wished"]
    assert opened.domains.picture("train", 0).shape == (64, 96, 3)


def test_a_lesson_names_an_encoder_that_is_not_the_profiles(store, shown):
    begin("smoke", 0, {"encoder": "resnet18", "weights": "none"})
    words.call()
    said = "The network's encoder is resnet18; the weights it begins with are drawn"
    assert said in shown[1][cells.INFO_TYPE]["notes"][-1]
    assert said in shown[2].data  # in Jupyter


def test_from_predictions_to_a_record(opened, shown):
    splits = ["id_test", "ood_test", "ood_wished"]
    table = opened.evaluate(red, *splits)
    assert list(table["split"].unique()) == splits
    measures = {
        "dice": counts.dice,
        "dice.view": counts.inside("view", counts.dice),
        "false_alarm_rate": counts.false_alarm,
        "alarm_at_1pct": counts.ALARMS["alarm_at_1pct"],
        "false_area.view": counts.false_area_in("view"),
        "coverage": counts.coverage,
    }
    for split, rows in table.groupby("split"):
        for name, measure in measures.items():
            one = opened.estimate(rows, name, measure, split)
            opened.add(f"{split}.{name}", one)
    part = table[table["split"] == "ood_wished"]
    means = counts.on_blood(counts.dice, part).groupby(part["subject"]).mean()
    one = opened.record["ood_wished.dice"]
    assert one.value == pytest.approx(means.mean()) and one.data == "phantom"
    assert one.n_subjects == 12 and one.split == "ood_wished" and one.unit == ""
    alarm = opened.record["ood_test.alarm_at_1pct"]
    by_hand = counts.false_alarm(table[table["split"] == "ood_test"], 1).dropna()
    assert alarm.n_frames == len(by_hand) and "clean frames" in alarm.estimand
    area = opened.record["ood_test.false_area.view"]
    assert area.unit == "percent of valid pixels" and area.n_frames == len(by_hand)
    assert opened.record["id_test.coverage"].n_frames == len(opened.frames("id_test"))
    left = [thing for thing in shown if isinstance(thing, dict)]
    assert sum(cells.RESULT_TYPE in thing for thing in left) == 18


def red(images):
    return images[..., 0]


def test_a_frame_of_five_networks_is_one_frame(opened):
    table = opened.evaluate(red, "ood_test")
    other = table.assign(tp=0, fn=table["tp"] + table["fn"])
    once = opened.estimate(table, "dice", counts.dice)
    folds = [one.assign(fold=fold) for fold, one in enumerate((table, other))]
    twice = opened.estimate(pd.concat(folds), "dice", counts.dice)
    assert twice.n_frames == once.n_frames
    assert twice.value == pytest.approx(once.value / 2)


def test_what_is_added_knows_where_it_was_measured(opened):
    one = opened.add("id_test.dice", Estimate(0.5))
    assert one.split == "id_test" and one.data == "phantom"
    assert opened.add("cause.view.truth", Estimate(0.1)).split == ""
    assert opened.add("cited", Estimate(0.1, data="cited")).data == "cited"
    assert opened.add("cause.x", Estimate(0.1), split="ood_val").split == "ood_val"


def test_the_models_predictions_are_counted(opened, monkeypatch):
    marks = np.zeros(opened.frames("id_test").valid.shape, np.uint8)
    marks[:, 30:] = 255
    run = training.Run(None, None, "by hand")
    monkeypatch.setattr(training, "baseline", lambda course, data, watch: run)
    monkeypatch.setattr(training.Run, "probabilities", lambda given, packed: marks)
    assert opened.model() is run
    table = opened.evaluate(opened.model(), "id_test")
    frames = opened.frames("id_test")
    assert (table["tp"] == (frames.blood & frames.valid)[:, 30:].sum(axis=(1, 2))).all()


def test_subjects_of_own_folders_are_neither_pigs_nor_patients(opened):
    target = opened.domains.target
    own = SimpleNamespace(table=target.table.assign(dataset="folder"))
    for domain, called in ((target, "patient"), (own, "target subject")):
        given = domain, "cholecseg8k", "patient", "target subject"
        assert lesson._called(*given) == called


@pytest.mark.parametrize(
    "room", [words, cells, statistics, counts, charts], ids=lambda one: one.__name__
)
def test_the_worked_examples_are_true(room):
    found = doctest.testmod(room)
    assert found.attempted and not found.failed


def test_few_frames_are_trained_on_for_more_epochs_and_a_given_number_stands():
    few, many = (SimpleNamespace(of=lambda _, n=n: range(n)) for n in (10, 10_000))
    usual, given = settings.course("quick"), settings.course("quick", epochs="20")
    asked = (usual, few), (usual, many), (given, few)
    found = [lesson._long_enough(*one).numbers.epochs for one in asked]
    assert found == [88, 8, 20]  # 8 x 0.55 x 320 / 16 = 88 steps of one batch
