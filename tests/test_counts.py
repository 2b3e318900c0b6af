"""Counts against a plain reference, by region against counting by hand, measures
against MONAI and torchmetrics, and how a frame can fail."""

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from lessons_by_hand import lifted
from monai.metrics import (
    compute_confusion_matrix_metric,
    compute_dice,
    get_confusion_matrix,
)
from torchmetrics.functional.classification import (
    binary_f1_score,
    binary_precision,
    binary_recall,
)

from helpers import CourseError, counts, shift, training
from helpers.frames import UNKNOWN, Packed, visible
from report.notebooks import FOLDER

MEASURES = (
    counts.dice,
    counts.precision,
    counts.recall,
    counts.coverage,
    counts.predicted_area,
    counts.false_area,
)


def mask(generator, size=16):
    """One that trips measures up: empty, full, a pixel, thin lines, a disc or specks."""
    row, column = generator.integers(0, size, 2)
    y, x = np.ogrid[:size, :size]
    kinds = (
        np.zeros((size, size), bool),
        np.ones((size, size), bool),
        (y == row) & (x == column),
        (y == row) & (x >= column) | (x == column) & (y < column),
        (y - row) ** 2 + (x - column) ** 2 <= generator.integers(2, size // 2) ** 2,
        generator.random((size, size)) < generator.uniform(0, 0.6),
    )
    return kinds[generator.integers(len(kinds))]


@pytest.fixture(scope="module")
def pairs():
    """Predictions, blood and valid of 10,000 frames of 16x16 pixels; a third of the
    frames are valid throughout, a few nowhere."""
    generator, n = np.random.default_rng(0), 10_000
    prediction, blood, invalid = (
        np.stack([mask(generator) for _ in range(n)]) for _ in range(3)
    )
    # Blood moved by a pixel is what a model gives; another kind breaks measures.
    alike = generator.random(n) < 0.3
    prediction[alike] = np.roll(blood[alike], 1, axis=1)
    invalid[::3] = False
    return prediction, blood, ~invalid


@pytest.fixture(scope="module")
def table(pairs):
    return counts.count(*pairs)


@pytest.fixture(scope="module")
def tensors(pairs):
    """Prediction and blood as MONAI takes them."""
    prediction, blood, valid = pairs
    return [torch.tensor(mask & valid).float()[:, None] for mask in (prediction, blood)]


def agree(ours, theirs, where):
    """Equal to 1e-6 where both are defined; float32 allows no more than some 3e-8
    anyway."""
    where = np.asarray(where)
    assert where.sum() > 1_000
    np.testing.assert_allclose(
        np.asarray(ours)[where], np.asarray(theirs, float)[where], rtol=0, atol=1e-6
    )


def test_counts_equal_a_pixel_by_pixel_reference(pairs, table):
    for row, p, b, v in zip(table.to_numpy(), *pairs):
        cells = 2 * p[v].astype(int) + b[v]
        assert row.tolist() == [(cells == code).sum() for code in (3, 2, 1, 0)]
    assert (table.dtypes == np.int64).all()
    assert counts.valid_pixels(table).tolist() == pairs[2].sum((1, 2)).tolist()


def test_measures_agree_with_monai_and_where_it_differs(tensors, table):
    blood_there, predicted = table.tp + table.fn > 0, table.tp + table.fp > 0
    values, other = counts.dice(table), compute_dice(*tensors)[:, 0].numpy()
    agree(values, other, blood_there)
    # MONAI's is NaN on clean frames, where the ratio is 0 if something is marked,
    alarm = ~blood_there & predicted
    assert np.isnan(other[alarm]).all() and (values[alarm] == 0).all()
    # and with ignore_empty=False an empty pair is a perfect 1, where the ratio is
    # undefined.
    nothing = ~blood_there & ~predicted
    empty = compute_dice(*tensors, ignore_empty=False)[:, 0].numpy()[nothing]
    assert nothing.any() and (empty == 1).all() and values[nothing].isna().all()
    matrix = get_confusion_matrix(*tensors)
    for ours, name, defined in (
        (counts.precision, "precision", predicted),
        (counts.recall, "sensitivity", blood_there),
    ):
        theirs = compute_confusion_matrix_metric(name, matrix)[:, 0]
        agree(ours(table), theirs, defined)


def test_measures_agree_with_torchmetrics_and_where_they_differ(pairs, table):
    prediction, blood, valid = (torch.tensor(mask).flatten(1) for mask in pairs)
    target = torch.where(valid, blood.int(), -1)
    options = {"multidim_average": "samplewise", "ignore_index": -1}
    for ours, theirs in (
        (counts.dice, binary_f1_score),
        (counts.precision, binary_precision),
        (counts.recall, binary_recall),
    ):
        values = ours(table)
        reference = theirs(prediction.int(), target, **options).numpy()
        agree(values, reference, values.notna())
        # Where there is no denominator torchmetrics says 0, which a mean would take for
        # a failure.
        assert values.isna().sum() > 50 and (reference[values.isna()] == 0).all()


def test_laws(pairs, table):
    dice = counts.dice(table)
    prediction, blood, valid = pairs
    swapped = counts.count(blood, prediction, valid)
    pd.testing.assert_series_equal(counts.dice(swapped), dice)
    pd.testing.assert_series_equal(counts.precision(swapped), counts.recall(table))
    pd.testing.assert_frame_equal(
        counts.count(prediction[::-1], blood[::-1], valid[::-1]),
        table[::-1].reset_index(drop=True),
    )
    hits = 100 * table.tp / counts.valid_pixels(table)
    np.testing.assert_allclose(
        counts.predicted_area(table), counts.false_area(table) + hits, rtol=1e-12
    )
    noise = np.random.default_rng(1).random(valid.shape) < 0.5
    hidden = np.where(valid, prediction, noise), np.where(valid, blood, ~noise)
    pd.testing.assert_frame_equal(counts.count(*hidden, valid), table)


def test_one_frame_a_mapping_and_a_sum():
    prediction, blood = np.zeros((2, 4, 5), bool)
    prediction[0], blood[:, 0] = True, True
    table = counts.count(prediction, blood, np.ones((4, 5), bool))
    by_hand = {"tp": 1, "fp": 4, "fn": 3, "tn": 12}
    assert table.to_dict("records") == [by_hand]
    for given in (by_hand, table.loc[0], table.sum()):
        assert counts.dice(given) == 2 / 9
    assert counts.coverage(table)[0] == 20 == counts.false_area(table)[0]
    assert counts.predicted_area(table)[0] == 25
    arrays = {name: np.array([value, 0]) for name, value in by_hand.items()}
    np.testing.assert_array_equal(counts.dice(arrays), [2 / 9, np.nan])


def test_a_frame_without_valid_pixels_has_no_measure_and_no_mode():
    full = np.ones((1, 3, 3), bool)
    empty = counts.count(full, full, ~full)
    measures = *MEASURES, counts.false_alarm
    assert all(pd.isna(measure(empty)[0]) for measure in measures)
    assert modes_of(empty).tolist() == [""]


def test_measures_keep_to_the_frames_they_mean_something_on(table):
    blood = counts.has_blood(table)
    assert counts.on_blood(counts.dice, table).notna().equals(blood)
    assert (
        counts.on_clean(counts.false_area, table)
        .notna()
        .equals(~blood & (counts.valid_pixels(table) > 0))
    )
    pd.testing.assert_series_equal(
        counts.on_blood(counts.dice, table)[blood], counts.dice(table)[blood]
    )


# One frame each of 1000 valid pixels, the mode at alarm_area=0.1 (one pixel) and
# good=0.7 written by hand.
FRAMES = [
    ("missed", 0, 0, 50, 950),
    ("elsewhere", 0, 1, 50, 949),
    ("partial", 1, 0, 50, 949),
    ("partial", 69, 31, 31, 869),
    ("good", 70, 30, 30, 870),
    ("good", 100, 0, 0, 900),
    ("quiet", 0, 0, 0, 1000),
    ("false alarm", 0, 1, 0, 999),
    ("false alarm", 0, 1000, 0, 0),
]


# Lesson 03's definitions, and its function that applies them.
TEXT = next(FOLDER.glob("03_*.py")).read_text(encoding="utf-8")
exec(re.search(r"(?ms)^modes = \[.*?(?=^# %%)", TEXT)[0], ROOM := {"pd": pd})
lifted_modes = lifted("03", "failure_modes", counts=counts, **ROOM)["failure_modes"]


def modes_of(table, alarm_area=0.1, good=0.7):
    return lifted_modes(table, alarm_area, good)


def test_failure_modes_by_hand():
    table = pd.DataFrame([frame[1:] for frame in FRAMES], columns=counts.COLUMNS)
    modes = modes_of(table)
    assert modes.tolist() == [frame[0] for frame in FRAMES]
    # The least area that counts as an alarm moves clean frames only.
    for area, alarms in ((0.2, [False, False, True]), (0, [False, True, True])):
        found = modes_of(table, alarm_area=area).tolist()
        assert [mode == "false alarm" for mode in found[-3:]] == alarms
        assert found[:6] == modes.tolist()[:6]
    stricter = modes_of(table, good=0.71).tolist()
    assert stricter[3:6] == ["partial", "partial", "good"]
    assert counts.false_alarm(table).dropna().tolist() == [0, 1, 1]


@pytest.mark.parametrize("alarm_area", [0, 0.1, 5, 100])
def test_every_frame_has_exactly_one_mode(table, alarm_area):
    known = table.assign(
        dice=counts.dice(table),
        area=counts.predicted_area(table),
        alarm_area=alarm_area,
        good=0.7,
    )
    holds = pd.DataFrame(
        {
            row.mode: known.eval(row.definition, engine="python")
            & (counts.has_blood(table) == (row.applies_to == "frames with blood"))
            for row in ROOM["MODES"].itertuples()
        }
    )
    some = counts.valid_pixels(table) > 0
    assert (holds[some].sum(axis=1) == 1).all()
    modes = modes_of(table, alarm_area)
    assert (holds[some].idxmax(axis=1) == modes[some]).all()
    # The course's rate of alarms is that mode's, on clean frames.
    rate = counts.false_alarm(table, alarm_area).dropna()
    clean = some & ~counts.has_blood(table)
    assert (rate == (modes[clean] == "false alarm")).all() and len(rate) == clean.sum()


# Frames, by region.

H, W = 12, 16


def packed(n: int = 5, seed: int = 0) -> Packed:
    """Frames with a black surround two pixels wide, a padded column and random
    labels."""
    random = np.random.default_rng(seed)
    images = random.integers(60, 255, (n, H, W, 3), np.uint8)
    images[:, :2], images[:, -2:], images[:, :, :2], images[:, :, -3:] = 0, 0, 0, 0
    blood = random.random((n, H, W)) < 0.2
    blood[:, :2], blood[0] = False, False
    valid = random.random((n, H, W)) < 0.95
    valid[:, :, -1] = False
    about = {"clip": "c", "frame": range(n), "split": "id_test"}
    table = pd.DataFrame({"subject": [f"s{i % 2}" for i in range(n)]} | about)
    made = Packed(table, np.arange(n), None, made_of=f"by hand {seed} {n}")
    classes = np.where(images.max(axis=3) == 0, 0, 2).astype(np.uint8)
    classes[blood], classes[:, 5, 5] = 7, UNKNOWN
    view = np.stack([*map(visible, images, valid)])
    made.__dict__.update(images=images, blood=blood, valid=valid, view=view)
    made.__dict__.update(classes=classes)
    return made


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path))
    return tmp_path


def found_in(drawn: Packed) -> np.ndarray:
    return np.random.default_rng(1).random(drawn.valid.shape) < 0.3


def test_the_view_is_what_the_slow_way_sees_in_levels_and_in_shares():
    drawn = packed()
    seen = drawn.view
    for one, image, valid in zip(seen, drawn.images, drawn.valid):
        assert (visible(image / np.float32(255), valid) == one).all()
        assert (visible(image, valid) == one).all()
    assert not seen[:, 0].any() and seen[:, 4:8, 4:8].any()


def test_dark_inside_the_view_is_no_surround():
    image = np.full((9, 9, 3), 0.5, np.float32)
    image[0], image[4, 4] = 0, 0
    seen = visible(image, np.ones((9, 9), bool))
    assert not seen[0].any() and seen[4, 4]


def test_the_regions_are_counted_as_by_hand_and_add_up():
    drawn = packed(70)  # more than one chunk
    found = found_in(drawn)
    table = counts.evaluate(found, drawn)
    whole = counts.count(found, drawn.blood, drawn.valid)
    seen = drawn.view
    for region, where in (("view", seen), ("surround", ~seen)):
        by_hand = counts.count(found, drawn.blood, drawn.valid & where)
        part = counts.within(table, region)[list(counts.COLUMNS)]
        assert (part.to_numpy() == by_hand.to_numpy()).all()
    assert (table[list(counts.COLUMNS)].to_numpy() == whole.to_numpy()).all()
    assert (counts.valid_pixels(table) == drawn.valid.sum(axis=(1, 2))).all()
    assert counts.within(table, "frame") is table and list(table["row"]) == list(
        range(70)
    )


def test_a_mark_in_the_surround_is_no_mark_in_the_view():
    drawn = packed()
    seen = drawn.view
    table = counts.evaluate(~seen, drawn)
    assert (table["view_fp"] == 0).all() and (table["surround_fp"] > 0).all()
    both = (counts.false_area_in(one)(table) for one in ("view", "surround"))
    np.testing.assert_allclose(sum(both), counts.false_area(table))
    assert counts.inside("view", counts.recall)(table).dropna().eq(0).all()


def test_all_kinds_of_predictions_are_called_alike(monkeypatch):
    drawn = packed()
    level = drawn.images[..., 0]
    monkeypatch.setattr(training.Run, "probabilities", lambda run, packed: level)
    kinds = (
        level,
        level >= 128,
        level / 256.0,
        training.Run(None, None, "key"),
        lambda i: i[..., 0],
    )
    first, *others = (counts.evaluate(kind, drawn) for kind in kinds)
    for other in others:
        pd.testing.assert_frame_equal(other, first)
    assert (counts.marked(level, drawn, 0.25) == (level >= 64)).all()


def test_lesson_03_divides_the_lost_dice_exactly_and_as_by_hand():
    repaired = lifted("03", "repaired")["repaired"]
    parts = ["surround", "false marks in the view", "missed blood"]
    row = {"tp": 10, "fn": 10, "view_fp": 0, "surround_fp": 10}
    lost = shift.shapley(partial(repaired, pd.DataFrame([row])), parts)[0]
    # Dice 1/2; without the surround 20/30; with all blood found 40/50; with both 1.
    assert lost["surround"] == pytest.approx(((20 / 30 - 0.5) + (1 - 0.8)) / 2)
    assert lost["missed blood"] == pytest.approx(((0.8 - 0.5) + (1 - 20 / 30)) / 2)
    assert lost["false marks in the view"] == 0
    drawn = packed(40)
    table = counts.evaluate(found_in(drawn), drawn)
    bloody = table[counts.has_blood(table)]
    lost = shift.shapley(partial(repaired, bloody), parts)
    assert lost.sum().to_numpy() == pytest.approx(1 - counts.dice(bloody).to_numpy())


def test_alarms_at_three_sizes():
    marked = {"tp": 0, "fn": 0, "fp": [0, 1, 5, 20], "tn": [1000, 999, 995, 980]}
    rows = pd.DataFrame(marked)
    rates = [list(alarm(rows)) for alarm in counts.ALARMS.values()]
    assert list(counts.ALARMS) == ["alarm_at_1px", "alarm_at_0_1pct", "alarm_at_1pct"]
    assert rates == [[0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1]]
    bloody = rows.assign(fn=1)
    assert all(alarm(bloody).isna().all() for alarm in counts.ALARMS.values())


def masks(*given):
    return lambda: counts.count(*given, given[-1])


CUBE, PREDICTED = np.zeros((2, 3, 4), bool), np.zeros((5, H, W))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (masks(CUBE * 1.0, CUBE), "'prediction' is float64 .* prediction > 0.5"),
        (masks(CUBE, CUBE[:1]), r"prediction \(2, 3, 4\), blood \(1, 3, 4\)"),
        (masks(*CUBE[:, 0, 0, None]), r"blood \(1,\).* as HxW or all as NxHxW"),
        (lambda: counts.evaluate(CUBE, packed()), r"\(2, 3, 4\).* are \(5, 12, 16\)"),
        (lambda: counts.evaluate(PREDICTED, packed(), 128), "threshold is 128, but it"),
    ],
)
def test_what_does_not_fit_is_refused(call, said):
    with pytest.raises(CourseError, match=said):
        call()
