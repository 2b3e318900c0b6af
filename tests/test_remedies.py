"""Recipes: none learns from a test patient, all give a network or what adapts, and what
is measured of them adds up."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import recording
from benchmarks import remedies as benchmark
from helpers import (
    CourseError,
    counts,
    domains,
    frames,
    published,
    remedies,
    settings,
    training,
)
from helpers.remedies import methods

SPLIT = "ood_wished_val"


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        course = settings.course("smoke")
        data = domains.gather(course)
        yield remedies.Setting(course, data, training.baseline(course, data), SPLIT)


def weights(model) -> np.ndarray:
    values = model.state_dict().values()
    return np.concatenate([value.detach().cpu().numpy().ravel() for value in values])


@pytest.mark.parametrize("name", list(remedies.RECIPES))
def test_a_recipe_looks_at_what_it_may_and_its_counts_add_up(
    setting, name, monkeypatch
):
    before, asked = weights(setting.baseline.model), []
    of = domains.Domains.of

    def noted(self, split):
        asked.append(split)
        return of(self, split)

    monkeypatch.setattr(domains.Domains, "of", noted)
    remedied = remedies.RECIPES[name](setting)
    assert set(asked) <= {"train", "id_val", SPLIT}  # nobody looks at a test split
    sees = remedies.TABLE["target_frames"][name]
    if sees in ("none", "unlabelled, the tested ones"):
        assert SPLIT not in asked
    monkeypatch.undo()
    patients = setting.data.of("ood_wished")
    table = remedies.measured(remedied, patients)
    pixels = table[["tp", "fp", "fn", "tn"]].sum(axis=1)
    assert (pixels.to_numpy() == patients.valid.sum(axis=(1, 2))).all()
    bloody = counts.has_blood(table)
    for measure in list(remedies.MEASURES)[:-1]:
        overlap = measure.startswith(("dice", "recall", "precision"))
        assert not table[measure][~bloody if overlap else bloody].notna().any(), measure
        assert measure.startswith("precision") or table[measure].notna().any(), measure
    seen = table[[f"view_{one}" for one in counts.COLUMNS]].sum(axis=1)
    marked = 100 * (table["view_tp"] + table["view_fp"]) / seen
    np.testing.assert_allclose(table["marked"], marked)
    labelled = remedies.TABLE["target_frames"][name] == "labelled"
    assert (0 < remedied.labels <= len(setting.patients)) is labelled
    assert np.array_equal(weights(setting.baseline.model), before)


def test_every_recipe_has_a_name_and_says_what_it_may_see():
    table = remedies.REMEDIES
    assert list(remedies.NAMES) == [*remedies.CONTROLS, *table.index]
    assert len(set(remedies.NAMES.values())) == len(remedies.RECIPES) == 18
    assert list(remedies.CONTROLS)[0] == "nothing"  # what all gains are taken from
    assert set(table.when) == {"training", "test"}
    may = {"none", "unlabelled", "unlabelled, the tested ones", "labelled"}
    assert set(table.target_frames) == may


def test_nothing_is_the_baseline(setting):
    pigs = setting.data.of("id_test")
    ours = remedies.measured(remedies.nothing(setting), pigs)
    found = setting.baseline.probabilities(pigs) >= 128
    table = counts.count(found, pigs.blood, pigs.valid)
    pd.testing.assert_frame_equal(ours[["tp", "fp", "fn", "tn"]], table)


def test_the_rule_takes_all_marks_from_the_surround_and_none_from_the_view(setting):
    patients = setting.data.of("ood_wished")
    plain = remedies.measured(remedies.nothing(setting), patients)
    ruled = remedies.measured(remedies.view_rule(setting), patients)
    assert plain["surround_fp"].sum() > 0 == ruled["surround_fp"].sum()
    inside = [f"view_{name}" for name in counts.COLUMNS]
    pd.testing.assert_frame_equal(plain[inside], ruled[inside])


def test_what_is_measured_in_the_view_is_that_of_the_view_alone(setting):
    patients = setting.data.of("ood_wished")
    table = remedies.measured(remedies.nothing(setting), patients)
    found = setting.baseline.probabilities(patients) >= 128
    seen = patients.view & patients.valid
    inside = counts.count(found, patients.blood, seen)
    np.testing.assert_allclose(table["dice_view"], counts.on_blood(counts.dice, inside))
    clean = ~counts.has_blood(table)
    area = 100 * inside.fp / patients.valid.sum((1, 2))
    np.testing.assert_allclose(table["false_area_view"][clean], area[clean])
    assert list(counts.ALARMS) == [n for n in remedies.MEASURES if "alarm" in n]


def test_the_threshold_is_the_best_on_validation_patients_and_a_half_without(setting):
    chosen = remedies.threshold(setting)
    assert chosen.threshold in remedies.THRESHOLDS

    def dice(level):
        plain = remedies.nothing(setting)._replace(threshold=level)
        table = remedies.measured(plain, setting.patients)
        return remedies.by_subject(table)["dice"].mean()

    assert dice(chosen.threshold) == max(map(dice, remedies.THRESHOLDS))
    clean = ~setting.patients.blood.any(axis=(1, 2))
    if clean.any():
        quiet = setting.patients.where(clean)
        data = SimpleNamespace(of={SPLIT: quiet}.get)
        assert remedies.threshold(setting._replace(data=data)).threshold == 0.5


def test_frames_are_spread_from_first_to_last_and_joined_one_after_the_other(setting):
    first, second = setting.data.of("train"), remedies.spread(setting.patients, 3)
    ends = setting.patients.rows[[0, -1]]
    assert len(second) == 3 and np.array_equal(second.rows[[0, -1]], ends)
    assert len(remedies.spread(first, 10**6)) == len(first)
    whole = frames.joined(first, second, times=2)
    assert len(whole) == len(first) + 6 and len(whole.images) == len(whole.table)
    assert np.array_equal(whole.images[len(first) : len(first) + 3], second.images)
    assert np.array_equal(whole.blood[-3:], second.blood)
    assert np.array_equal(whole.valid[: len(first)], first.valid)
    assert whole.digest != frames.joined(first, second).digest != first.digest


def test_a_continued_run_begins_with_the_baseline_and_is_another(setting):
    gamma = methods.on_images(methods.random_gamma, 0.5)
    model = setting.continued("from there", gamma).model
    away = np.abs(weights(model) - weights(setting.baseline.model)).mean()
    other = remedies.ensemble(setting).model[1]
    another = np.abs(weights(other) - weights(setting.baseline.model)).mean()
    assert 0 < away < another


def test_the_benchmark_has_a_row_per_remedy_and_drawing_and_says_what_they_gain(
    setting, monkeypatch
):
    few = {name: remedies.RECIPES[name] for name in ("nothing", "view_rule", "adabn")}
    monkeypatch.setattr(remedies, "RECIPES", few)
    table, patients = benchmark.of_drawing(0, "smoke")
    assert list(table["remedy"]) == list(few)
    held_together(table, patients)
    first = table.set_index("remedy")
    assert (first.loc["nothing", ["gain", "gain_view", "val_gain"]] == 0).all()
    assert first.loc["view_rule", "gain"] > first.loc["view_rule", "gain_view"] == 0
    assert first.loc["view_rule", "false_area_surround"] == 0
    assert first.loc["nothing", "id_val_dice"] == first.loc["view_rule", "id_val_dice"]


def held_together(table: pd.DataFrame, patients: pd.DataFrame, digits=2e-4) -> None:
    """The table's rows are the means over their drawing's patients, and its gains."""
    mean = patients.groupby(["remedy", "drawing"])[list(remedies.MEASURES)].mean()
    base = patients[patients["remedy"] == "nothing"].set_index(["drawing", "subject"])
    for row in table.to_dict("records"):
        of = (row["remedy"], row["drawing"])
        for measure in remedies.MEASURES:
            assert row[measure] == pytest.approx(mean.loc[of, measure], abs=digits)
        here = (patients["remedy"] == of[0]) & (patients["drawing"] == of[1])
        own = patients[here].set_index(["drawing", "subject"])
        for gain, measure in benchmark.GAINS.items():
            added = (own[measure] - base[measure].loc[[row["drawing"]]]).mean()
            assert row[gain] == pytest.approx(added, abs=digits)


def test_the_recorded_remedies_are_the_means_of_their_patients_by_drawing():
    table, about = published.recorded("remedies")
    patients = pd.read_csv(recording.HERE / "remedies_by_patient.csv")
    drawings = set(recording.SEEDS)
    assert set(about["drawings"]) == set(table["drawing"]) == drawings
    assert set(table["remedy"]) == set(patients["remedy"]) == set(remedies.RECIPES)
    assert len(table) == len(drawings) * len(remedies.RECIPES)
    assert not any("low" in column or "high" in column for column in table)
    held_together(table, patients)


def test_labels_can_be_few_only_where_somebody_bleeds(setting):
    patients = setting.data.of("ood_val")
    clean = ~np.asarray(patients.blood & patients.valid).any(axis=(1, 2))
    nobody = SimpleNamespace(patients=patients.where(clean), data=setting.data)
    assert clean.any()
    with pytest.raises(CourseError, match="No validation patient bleeds"):
        remedies.few_labelled(nobody)
