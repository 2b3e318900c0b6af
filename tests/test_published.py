"""The published study: every figure is what its tables hold, the lesson's own cells
come to the same, and the arithmetic behind both is right."""

import functools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks import published as benchmark
from benchmarks.published_areas import (
    EPSILON,
    PIXELS,
    auroc,
    auroc_bounds,
    candidates,
    extremes,
    recover,
    share_above_bounds,
)
from helpers.published import FILES, Study, read, recorded
from helpers.published.study import RECORDED

SHARED = Path(__file__).resolve().parents[2] / "shared" / "published"
with_tables = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published tables are not beside this checkout"
)


# Every number of the seven points that the tables hold, to the digits that the project
# was given.
STATED = {
    "in_domain_dice": ".3f 0.910",
    "in_domain_iou": ".3f 0.834",
    "in_domain_precision": ".3f 0.900",
    "in_domain_recall": ".3f 0.920",
    "ood_dice": ".5f 0.00114",
    "ood_precision": ".5f 0.00116",
    "ood_recall": ".5f 0.00112",
    "mean_frame_dice": ".4f 0.0017",
    "mode_partial": ",.0f 4,556",
    "mode_false_positive": ",.0f 3,408",
    "mode_correct": ".0f 116",
    "mode_false_negative": ".0f 0",
    "spearman_coverage": ".3f -0.450",
    "spearman_coverage_p": ".1e 1.2e-225",
    "spearman_brightness": ".3f 0.016",
    "spearman_brightness_p": ".2f 0.27",
    "spearman_saturation": ".3f -0.084",
    "spearman_red": ".3f -0.003",
    "spearman_green": ".3f 0.072",
    "spearman_blue": ".3f -0.037",
    "frechet": ".3f 0.216",
    "frechet_means": ".3f 0.193",
    "source_red": ".3f 0.647",
    "source_green": ".3f 0.364",
    "source_blue": ".3f 0.360",
    "source_brightness": ".3f 0.448",
    "source_saturation": ".3f 0.499",
    "source_coverage": ".2f 7.06",
    "target_red": ".3f 0.337",
    "target_green": ".3f 0.212",
    "target_blue": ".3f 0.181",
    "target_brightness": ".3f 0.246",
    "target_saturation": ".3f 0.523",
    # 1 wrong class
    "labelled_frames": ",.0f 4,556",
    "labelled_with_organ": ",.0f 4,556",
    "coverage_difference": ".2f 0.12",
    "labelled_with_blood": ".0f 137",
    "blood_frames": ".0f 692",
    "blood_unlabelled": ".0f 555",
    "blood_false_positive": ".0f 555",
    "join_rows": ",.0f 8,080",
    "blood_coverage": ".2f 4.93",
    "blood_coverage_min": ".2f 0.02",
    "blood_coverage_max": ".2f 11.32",
    # 2 and 3 epsilon
    "epsilon": ".0e 1e-07",
    "partial_positive": ",.0f 4,556",
    "partial_tp_free": ",.0f 3,915",
    "spearman_tp_free": ".3f -0.863",
    "partial_overlap": ".0f 641",
    "spearman_overlap": ".3f -0.156",
    # 4 split by frames
    "val_frames": ".0f 193",
    "val_near": ".0f 188",
    "source_frames": ".0f 962",
    "pigs": ".0f 10",
    "pigs_in_both": ".0f 10",
    "pig1_frames": ".0f 153",
    "pig2_frames": ".0f 150",
    "pig3_frames": ".0f 50",
    "pig4_frames": ".0f 39",
    "pig5_frames": ".0f 131",
    "pig6_frames": ".0f 32",
    "pig7_frames": ".0f 64",
    "pig9_frames": ".0f 161",
    "pig10_frames": ".0f 162",
    "pig11_frames": ".0f 20",
    # 5 the unit, 6 the schedule
    "frames": ",.0f 8,080",
    "patients": ".0f 17",
    "clips": ".0f 101",
    "clip_frames": ".0f 80",
    "clip_consecutive": ".0f 101",
    "patients_with_blood": ".0f 1",
    "t_max": ".0f 30",
    "epochs_trained": ".0f 49",
    "max_epochs": ".0f 50",
    # 7 what the tables support
    "area_known": ",.0f 7,439",
    "area_unknown": ".0f 641",
    "area_unknown_organ": ".0f 641",
    "tp_pixels": ",.0f 11,152",
    "predicted_pixels": ",.0f 9,627,682",
    "unknown_pixels": ",.0f 602,220",
    "unknown_area": ".2f 1.43",
    "alarm_rate": ".1f 97.7",
    "clean_marked": ",.0f 6,605",
    "clean_known": ",.0f 6,763",
    "alarm_rate_all": ".1f 97.9",
    "clean_frames": ",.0f 7,388",
    "alarm_01pct": ".1f 92.3",
    "clean_area": ".1f 1.8",
    "area_black": ".2f -0.09",
    "alarm_01pct_patients_mean": ".1f 93.5",
    "alarm_01pct_patients_least": ".0f 59",
    "alarm_01pct_patients_most": ".0f 100",
    "alarm_1pct_patients_mean": ".1f 55.4",
    "alarm_1pct_patients_least": ".0f 2",
    "alarm_1pct_patients_most": ".0f 100",
    "alarm_1pct": ".1f 51.2",
    "blood_1pct": ".0f 89",
    "auroc_frames": ".3f 0.770",
    "auroc_video01": ".3f 0.746",
    "clips_blood": ".0f 9",
    "clips_clean": ".0f 7",
    "auroc_clips": ".2f 0.76",
    "auroc_clips_p": ".2f 0.09",
    "auroc_red": ".2f 0.73",
    "blood_known": ".0f 676",
    "area_correlation_blood": ".2f 0.19",
    "area_correlation_video01": ".2f 0.45",
    # read from code, cited
    "scored_red": ".0f 231",
    "scored_green": ".0f 70",
    "scored_blue": ".0f 156",
    "reference_in_domain": ".3f 0.745",
    "reference_ood": ".3f 0.217",
    "reference_ood_augmented": ".3f 0.321",
    "reference_ood_reinhard": ".3f 0.263",
    "reference_ood_fda": ".3f 0.242",
    "reference_ood_mixstyle": ".3f 0.203",
    "reference_ood_ensemble": ".3f 0.343",
    "reference_reverse": ".3f 0.585",
}
BLOOD_RUNS = [
    (14859, 14911),
    (16345, 16504),
    (16585, 16619),
    (16621, 16664),
    (28580, 28979),
]


@functools.cache
def tables():
    return read(SHARED)


@functools.cache
def computed():
    return benchmark.compute(tables())


def of_lesson(tables, kept):
    """What lesson 05's own cells make of the tables (None: of the record), and the
    numbers that they add."""
    numbers = {}
    study = Study(tables, kept, numbers.__setitem__)
    return benchmark.lesson_results(study), numbers


@with_tables
@pytest.mark.parametrize("name", STATED)
def test_a_stated_number_follows_from_the_rows(name):
    form, text = STATED[name].split(" ")
    if recorded().numbers[f"published.{name}"].data == "published":
        assert format(computed()[f"published.{name}"], form) == text
    else:
        assert f"published.{name}" not in computed()


@pytest.mark.parametrize("name", STATED)
def test_a_stated_number_is_recorded(name):
    form, text = STATED[name].split(" ")
    assert format(recorded().numbers[f"published.{name}"], form) == text


@with_tables
def test_recorded_equals_computed():
    found, kept = computed(), recorded()
    assert (
        kept.computed_from
        == tables().checksums
        == {name: source.sha256 for name, source in FILES.items()}
    )
    # What does not follow from the rows was read from code, or cited.
    assert set(found) == {
        name for name, number in kept.numbers.items() if number.data == "published"
    }
    for name, value in found.items():
        assert value == pytest.approx(kept.numbers[name].value, rel=1e-7), name


@with_tables
def test_the_lessons_own_cells_come_to_what_is_recorded():
    kept = recorded()
    made, numbers = of_lesson(tables(), kept)
    assert {"organ", "alarms", "epsilons"} <= set(kept.results) <= set(made)
    for name, result in kept.results.items():
        if isinstance(result, pd.DataFrame):
            pd.testing.assert_frame_equal(
                made[name].reset_index(drop=True),
                result,
                check_dtype=False,
                rtol=1e-6,
                obj=name,
            )
        else:
            assert list(made[name]) == result
            for one in result:
                assert numbers[f"published.{one}"].value == pytest.approx(
                    kept.numbers[f"published.{one}"].value
                ), one
    # A table of rows is never recorded.
    assert set(made) - set(kept.results) == {"join", "separate", "recover"}


@with_tables
def test_the_lesson_recovers_the_areas_that_the_benchmark_does():
    made, _ = of_lesson(tables(), recorded())
    ours, theirs = made["recover"], recover(benchmark.joined(tables()))
    pd.testing.assert_series_equal(ours["area"], theirs["area"], rtol=1e-9)
    assert (ours["common"] == theirs["overlap"]).all()


def test_without_the_tables_the_lessons_cells_give_the_record():
    kept = recorded()
    made, numbers = of_lesson(None, kept)
    assert made["join"] is None and made["recover"] is None
    pd.testing.assert_frame_equal(made["alarms"], kept.results["alarms"])
    assert (
        numbers["published.coverage_difference"]
        == kept.numbers["published.coverage_difference"]
    )


@with_tables
def test_a_changed_cell_gives_another_number_and_not_the_record():
    def organ(frames):
        return {"labelled_with_blood": -1, "mine": 7}

    numbers = {}
    Study(tables(), recorded(), numbers.__setitem__).of(organ, tables().per_frame)
    assert numbers["published.labelled_with_blood"].value == -1
    assert (
        numbers["published.mine"].value == 7
        and numbers["published.mine"].data == "published"
    )


@with_tables
def test_the_studys_own_summaries_follow_from_its_rows():
    numbers = computed()
    ours = {
        "mean_R": "red",
        "mean_G": "green",
        "mean_B": "blue",
        "mean_brightness": "brightness",
        "mean_saturation": "saturation",
        "blood_coverage_pct": "coverage",
    }
    for row in tables().correlations.itertuples():
        assert numbers[f"published.spearman_{ours[row.feature]}"] == pytest.approx(
            row.spearman_r, abs=1e-12
        )
        assert numbers[f"published.spearman_{ours[row.feature]}_p"] == pytest.approx(
            row.p_value, rel=1e-9
        )
    for mode, count in tables().training["failure_modes"].items():
        assert numbers[f"published.mode_{mode.lower()}"] == count
    for column in ("mean_R", "mean_brightness", "mean_saturation"):
        published = tables().domain["cholecseg8k_test"][column]
        assert numbers[f"published.target_{ours[column]}"] == pytest.approx(published)


@with_tables
def test_the_published_digits_are_single_precision_and_bound_the_unknown_areas():
    numbers = computed()
    assert numbers["published.identity_error"] < 2**-23
    found = candidates(recover(benchmark.joined(tables())))
    assert (
        found.row.nunique() == numbers["published.area_unknown"]
    )  # each has at least one
    assert numbers["published.alarm_1pct_any_low"] < numbers["published.alarm_1pct_low"]
    assert (
        numbers["published.alarm_1pct_high"] < numbers["published.alarm_1pct_any_high"]
    )
    assert (
        numbers["published.auroc_frames_low"] <= numbers["published.auroc_frames_high"]
    )
    assert (
        numbers["published.least_unknown_pixels"] < numbers["published.unknown_pixels"]
    )


def test_every_number_has_its_kind_and_source():
    kept = recorded()
    for name, number in kept.numbers.items():
        assert name.startswith("published.") and number.data in (
            "published",
            "cited",
        ), name
        assert (
            number.value == number.value and kept.sources[name] and number.estimand
        ), name


def test_no_row_is_recorded():
    text = RECORDED.read_text()
    assert "_endo" not in text and "/frame_" not in text and "pig1/" not in text
    # Aggregates, against 962 and 8,080 frames.
    assert (
        max(
            len(table)
            for table in recorded().results.values()
            if isinstance(table, pd.DataFrame)
        )
        < 500
    )


# The arithmetic, where the truth is known.


def drawn(n=60, seed=0, scored_share=0.7):
    """Random counts as single-precision ratios, the way the study computed them,
    with the truth beside them."""
    random = np.random.default_rng(seed)
    scored = np.where(random.random(n) < scored_share, random.integers(1, 4000, n), 0)
    predicted = np.where(random.random(n) < 0.9, random.integers(1, 3000, n), 0)
    tp = np.where(random.random(n) < 0.4, random.integers(0, 50, n), 0).clip(
        max=np.minimum(scored, predicted)
    )
    fp, fn, e = predicted - tp, scored - tp, np.float32(EPSILON)
    two, one = (np.float32(factor) * tp.astype(np.float32) for factor in (2, 1))
    rest = (fp + fn).astype(np.float32)
    frames = pd.DataFrame(
        {
            "scored": scored / PIXELS * 100,
            "dice": ((two + e) / (two + rest + e)).astype(float),
            "iou": ((one + e) / (one + rest + e)).astype(float),
        }
    )
    frames["labelled"] = frames.scored > 0
    frames["blood"] = np.where(random.random(n) < 0.3, 1.0, 0.0)
    return frames, pd.DataFrame({"tp": tp, "predicted": predicted, "scored": scored})


@pytest.mark.parametrize("seed", range(5))
def test_recover_finds_the_predicted_pixels(seed):
    frames, truth = drawn(400, seed)
    found = recover(frames)
    assert (found.overlap == (truth.tp > 0)).all() and (
        found.known == (truth.tp == 0)
    ).all()
    assert (found.predicted[found.known] == truth.predicted[found.known]).all()
    assert found.predicted[found.overlap].isna().all()
    assert (found.scored_pixels == truth.scored).all()


@pytest.mark.parametrize("seed", range(3))
def test_bounds_hold_the_truth(seed):
    frames, truth = drawn(120, seed)
    found = recover(frames)
    possible = candidates(found)
    for row in np.flatnonzero(truth.tp):
        mine = possible[possible.row == row]
        assert (
            (mine.tp == truth.tp[row]) & (mine.predicted == truth.predicted[row])
        ).any()
    sums = {
        "tp": int(truth.tp.sum()),
        "predicted": int(truth.predicted[found.overlap].sum()),
    }
    low, high = extremes(possible, possible.predicted, **sums)
    assert low == pytest.approx(sums["predicted"]) and high == pytest.approx(
        sums["predicted"]
    )
    blood = frames.blood > 0
    low, high = auroc_bounds(found, possible, **sums)
    assert low - 1e-9 <= roc_auc_score(blood, truth.predicted) <= high + 1e-9
    low, high = share_above_bounds(found, possible, **sums, percent=1)
    assert (
        low - 1e-9
        <= 100 * (truth.predicted[~blood] > 0.01 * PIXELS).mean()
        <= high + 1e-9
    )


def test_sums_that_no_choice_has_are_refused():
    frames, truth = drawn(60)
    possible = candidates(recover(frames))
    with pytest.raises(ValueError, match="published sums"):
        extremes(possible, possible.predicted, tp=0, predicted=0)


@pytest.mark.parametrize("seed", range(5))
def test_auroc_agrees_with_scikit_learn(seed):
    random = np.random.default_rng(seed)
    positive, score = (
        pd.Series(random.random(300) < 0.3),
        pd.Series(random.integers(0, 40, 300)),
    )
    assert auroc(positive, score) == pytest.approx(
        roc_auc_score(positive, score), abs=1e-12
    )
    assert np.isnan(auroc(positive & False, score))


def test_neighbours_by_hand():
    splits = pd.DataFrame(
        [
            ("pig1", 0, "train"),
            ("pig1", 60, "val"),
            ("pig1", 200, "train"),
            ("pig2", 61, "train"),
            ("pig1", 150, "val"),
            ("pig2", 1000, "val"),
        ],
        columns=["subject", "frame", "split"],
    )
    val, distance = benchmark.neighbours(splits)
    assert dict(zip(val.subject + val.frame.astype(str), distance)) == {
        "pig160": 60,
        "pig1150": 50,
        "pig21000": 939,
    }


def test_learning_rate_is_pytorchs():
    import torch

    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimiser, T_max=30, eta_min=1e-6
    )
    rates = recorded().results["rates"].rate
    for epoch in range(1, 50):
        assert benchmark.learning_rate(epoch) == pytest.approx(
            optimiser.param_groups[0]["lr"], rel=1e-6
        ), epoch
        assert rates[epoch - 1] == pytest.approx(
            benchmark.learning_rate(epoch), rel=1e-9
        )
        optimiser.step()
        scheduler.step()
