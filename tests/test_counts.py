"""Counts against a plain reference, measures against MONAI and torchmetrics, and how a
frame can fail."""

import numpy as np
import pandas as pd
import pytest
import random_masks as masks
import torch
from monai.metrics import (
    compute_confusion_matrix_metric,
    compute_dice,
    compute_iou,
    get_confusion_matrix,
)
from torchmetrics.functional.classification import (
    binary_f1_score,
    binary_jaccard_index,
    binary_precision,
    binary_recall,
)

from helpers import counts
from helpers.errors import CourseError

MEASURES = (
    counts.dice,
    counts.iou,
    counts.precision,
    counts.recall,
    counts.coverage,
    counts.predicted_area,
    counts.false_area,
)


@pytest.fixture(scope="module")
def pairs():
    return masks.pairs(10_000)


@pytest.fixture(scope="module")
def table(pairs):
    return counts.count(*pairs)


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


def test_pairs_hold_every_special_case(pairs, table):
    valid = counts.valid_pixels(table)
    assert (
        (valid == 0).any()
        and (valid == 256).any()
        and ((valid > 0) & (valid < 256)).any()
    )
    for special in (
        table.tp + table.fp == 0,
        table.tp + table.fn == 0,
        table.tn + table.fp == 0,
        table.tp == valid,
    ):
        assert (special & (valid > 0)).sum() > 50


def test_measures_agree_with_monai(pairs, table):
    prediction, blood, valid = pairs
    y, pred = (
        torch.tensor(mask & valid).float()[:, None] for mask in (blood, prediction)
    )
    blood_there, predicted = table.tp + table.fn > 0, table.tp + table.fp > 0
    agree(counts.dice(table), compute_dice(pred, y)[:, 0], blood_there)
    agree(counts.iou(table), compute_iou(pred, y)[:, 0], blood_there)
    matrix = get_confusion_matrix(pred, y)
    for ours, name, defined in (
        (counts.precision, "precision", predicted),
        (counts.recall, "sensitivity", blood_there),
    ):
        theirs = compute_confusion_matrix_metric(name, matrix)[:, 0]
        agree(ours(table), theirs, defined)


def test_where_monai_differs(pairs, table):
    prediction, blood, valid = pairs
    y, pred = (
        torch.tensor(mask & valid).float()[:, None] for mask in (blood, prediction)
    )
    nothing = np.asarray(table.tp + table.fp + table.fn == 0)
    alarm = np.asarray((table.tp + table.fn == 0) & (table.fp > 0))
    for ours, theirs in ((counts.dice, compute_dice), (counts.iou, compute_iou)):
        # ... but its Dice and IoU are NaN on clean frames, where the ratio is 0 if
        # something is predicted,
        assert (
            np.isnan(theirs(pred, y).numpy()[alarm]).all()
            and (ours(table)[alarm] == 0).all()
        )
        # and with ignore_empty=False an empty pair is a perfect 1, where the ratio is
        # undefined.
        assert (
            theirs(pred, y, ignore_empty=False).numpy()[nothing] == 1
        ).all() and ours(table)[nothing].isna().all()


def test_measures_agree_with_torchmetrics_and_where_they_differ(pairs, table):
    prediction, blood, valid = (torch.tensor(mask).flatten(1) for mask in pairs)
    target = torch.where(valid, blood.int(), -1)
    options = {"multidim_average": "samplewise", "ignore_index": -1}
    for ours, theirs in (
        (counts.dice, binary_f1_score),
        (counts.precision, binary_precision),
        (counts.recall, binary_recall),
    ):
        values, reference = (
            ours(table),
            theirs(prediction.int(), target, **options).numpy(),
        )
        agree(values, reference, values.notna())
        # Where there is no denominator torchmetrics says 0, which a mean would take for
        # a failure.
        assert values.isna().sum() > 50 and (reference[values.isna()] == 0).all()
    jaccard = np.array(
        [
            binary_jaccard_index(p, b, ignore_index=-1)
            for p, b in zip(prediction.int()[:2_000], target)
        ]
    )
    values = counts.iou(table)[:2_000]
    agree(values, jaccard, values.notna())
    assert (jaccard[values.isna()] == 0).all()


def test_laws(pairs, table):
    dice, iou = counts.dice(table), counts.iou(table)
    np.testing.assert_allclose(dice, 2 * iou / (1 + iou), rtol=1e-12)
    precision, recall = counts.precision(table), counts.recall(table)
    both = (precision + recall) > 0
    np.testing.assert_allclose(
        dice[both], (2 * precision * recall / (precision + recall))[both], rtol=1e-12
    )
    prediction, blood, valid = pairs
    swapped = counts.count(blood, prediction, valid)
    pd.testing.assert_series_equal(counts.dice(swapped), dice)
    pd.testing.assert_series_equal(counts.precision(swapped), recall)
    pd.testing.assert_frame_equal(
        counts.count(prediction[::-1], blood[::-1], valid[::-1]),
        table[::-1].reset_index(drop=True),
    )
    np.testing.assert_allclose(
        counts.predicted_area(table),
        (counts.false_area(table) + 100 * table.tp / counts.valid_pixels(table)),
        rtol=1e-12,
    )


def test_invalid_pixels_count_nowhere(pairs, table):
    prediction, blood, valid = pairs
    noise = np.random.default_rng(1).random(valid.shape) < 0.5
    pd.testing.assert_frame_equal(
        counts.count(
            np.where(valid, prediction, noise), np.where(valid, blood, ~noise), valid
        ),
        table,
    )


def test_one_frame_a_mapping_and_a_sum():
    prediction, blood = np.zeros((4, 5), bool), np.zeros((4, 5), bool)
    prediction[0], blood[:, 0] = True, True
    table = counts.count(prediction, blood)
    assert table.to_numpy().tolist() == [[1, 4, 3, 12]]
    assert (
        counts.dice({"tp": 1, "fp": 4, "fn": 3, "tn": 12})
        == counts.dice(table)[0]
        == counts.dice(table.sum())
        == 2 / 9
    )
    assert (
        counts.coverage(table)[0] == 20
        and counts.predicted_area(table)[0] == 25
        and counts.false_area(table)[0] == 20
    )
    arrays = {
        "tp": np.array([1, 0]),
        "fp": np.array([4, 0]),
        "fn": np.array([3, 0]),
        "tn": np.array([12, 20]),
    }
    np.testing.assert_array_equal(counts.iou(arrays), [1 / 8, np.nan])


def test_a_frame_without_valid_pixels_has_no_measure_and_no_mode():
    empty = counts.count(
        np.ones((1, 3, 3), bool), np.ones((1, 3, 3), bool), np.zeros((1, 3, 3), bool)
    )
    assert all(np.isnan(measure(empty)[0]) for measure in MEASURES)
    assert (
        counts.failure_modes(empty).isna().all()
        and counts.false_alarm(empty).isna().all()
    )


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


def test_failure_modes_by_hand():
    table = pd.DataFrame([frame[1:] for frame in FRAMES], columns=counts.COLUMNS)
    modes = counts.failure_modes(table)
    assert modes.tolist() == [frame[0] for frame in FRAMES]
    assert modes.cat.categories.tolist() == counts.FAILURE_MODES.index.tolist()
    # The least area that counts as an alarm moves clean frames only.
    assert counts.failure_modes(table, alarm_area=0.2).tolist()[-3:] == [
        "quiet",
        "quiet",
        "false alarm",
    ]
    assert counts.failure_modes(table, alarm_area=0).tolist()[-3:] == [
        "quiet",
        "false alarm",
        "false alarm",
    ]
    assert counts.failure_modes(table, alarm_area=50).tolist()[:6] == modes.tolist()[:6]
    assert counts.failure_modes(table, good=0.71).tolist()[3:6] == [
        "partial",
        "partial",
        "good",
    ]
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
            mode: known.eval(row.definition, engine="python")
            & (counts.has_blood(table) == (row.applies_to == "frames with blood"))
            for mode, row in counts.FAILURE_MODES.iterrows()
        }
    )
    some = counts.valid_pixels(table) > 0
    assert (holds[some].sum(axis=1) == 1).all()
    assert (
        holds[some].idxmax(axis=1)
        == counts.failure_modes(table, alarm_area)[some].astype(str)
    ).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda p, b, v: (p.astype(float), b, v),
            "The mask 'prediction' is float64 where True and False are needed; "
            "compare it with a threshold first, as in prediction > 0.5.",
        ),
        (
            lambda p, b, v: (p, b[:1], v),
            "The masks do not belong together (prediction (2, 3, 4), blood (1, 3, 4), "
            "valid (2, 3, 4)); give all of them as HxW or all as NxHxW.",
        ),
        (
            lambda p, b, v: (p[0, 0], b[0, 0], v[0, 0]),
            "The masks do not belong together (prediction (4,), blood (4,), "
            "valid (4,)); give all of them as HxW or all as NxHxW.",
        ),
    ],
)
def test_masks_that_do_not_fit_are_refused(change, sentence):
    with pytest.raises(CourseError) as error:
        counts.count(*change(*(np.zeros((2, 3, 4), bool) for _ in range(3))))
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"alarm_area": -1},
            "alarm_area is -1, but it is a percentage of the valid pixels; give 0 to "
            "100.",
        ),
        (
            {"good": 70},
            "good is 70, but it is the least Dice of a good frame; give a value from "
            "0 to 1.",
        ),
    ],
)
def test_parameters_out_of_range_are_refused(table, options, sentence):
    with pytest.raises(CourseError) as error:
        counts.failure_modes(table, **options)
    assert str(error.value) == sentence
