"""Recipes: none sees a test patient, all give a network, and what is measured of it adds up."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import remedies as benchmark
from helpers import adaptation, counts, domains, frames, reenact, remedies, runs, settings

SPLIT = "ood_wished_val"


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        course = settings.course("smoke")
        data = domains.gather(course)
        yield remedies.Setting(course, data, runs.baseline(course, data), SPLIT)


def weights(model) -> np.ndarray:
    return np.concatenate([value.detach().cpu().numpy().ravel() for value in model.state_dict().values()])


@pytest.mark.parametrize("name", list(remedies.RECIPES))
def test_a_recipe_gives_counts_that_add_up_and_leaves_the_baseline_alone(setting, name, monkeypatch):
    before = weights(setting.baseline.model)
    asked = []
    of = domains.Domains.of
    monkeypatch.setattr(domains.Domains, "of", lambda self, split: asked.append(split) or of(self, split))
    remedied = remedies.RECIPES[name](setting)
    assert set(asked) <= {"train", "id_val", SPLIT}  # nobody looks at a test split
    if name in adaptation.REMEDIES.index and adaptation.REMEDIES.loc[name, "target_frames"] == "none":
        assert SPLIT not in asked
    monkeypatch.undo()
    patients = setting.data.of("ood_wished")
    table = remedies.measured(remedied, patients)
    assert (table[["tp", "fp", "fn", "tn"]].sum(axis=1).to_numpy() == patients.valid.sum(axis=(1, 2))).all()
    assert table["dice"].isna().equals(~counts.has_blood(table))
    assert table["false_alarm"].notna().equals(~counts.has_blood(table))
    assert np.array_equal(weights(setting.baseline.model), before)


def test_every_remedy_of_the_table_has_a_recipe():
    assert set(adaptation.REMEDIES.index) <= set(remedies.RECIPES)


def test_nothing_is_the_baseline(setting):
    pigs = setting.data.of("id_test")
    ours = remedies.measured(remedies.nothing(setting), pigs)
    table = counts.count(runs.probabilities(setting.baseline, pigs) >= 128, pigs.blood, pigs.valid)
    pd.testing.assert_frame_equal(ours[["tp", "fp", "fn", "tn"]], table)


def test_spread_takes_evenly_from_first_to_last(setting):
    packed = setting.data.of("train")
    few = remedies.spread(packed, 4)
    assert len(few) == 4 and few.rows[0] == packed.rows[0] and few.rows[-1] == packed.rows[-1]
    assert len(remedies.spread(packed, 10**6)) == len(packed)


def test_joined_frames_stand_one_after_the_other(setting):
    first, second = setting.data.of("train"), remedies.spread(setting.patients, 3)
    whole = frames.joined(first, second, times=2)
    assert len(whole) == len(first) + 6 and len(whole.images) == len(whole.table)
    assert np.array_equal(whole.images[len(first):len(first) + 3], second.images)
    assert np.array_equal(whole.blood[-3:], second.blood) and np.array_equal(whole.valid[:len(first)], first.valid)
    assert whole.digest != frames.joined(first, second).digest != first.digest


def test_a_continued_run_begins_with_the_baseline_and_is_another(setting):
    light = adaptation.RandomGamma()
    model = setting.continued("from there", light)
    away = np.abs(weights(model) - weights(setting.baseline.model)).mean()
    scratch = np.abs(weights(remedies.scratch(setting).model) - weights(setting.baseline.model)).mean()
    assert 0 < away < scratch


def test_the_recorded_remedies_are_the_summary_of_their_rows():
    table, about = reenact.recorded("remedies")
    rows = pd.read_csv(benchmark.HERE / "remedies_by_patient.csv")
    assert set(rows["seed"]) == set(benchmark.SEEDS) and about["drawings"] == len(benchmark.SEEDS)
    assert set(rows["remedy"]) == {"nothing", *remedies.RECIPES}
    base = rows[rows["remedy"] == "nothing"].set_index(["seed", "subject"])["dice"]
    for row in table.itertuples():
        part = rows[rows["remedy"] == row.remedy].set_index(["seed", "subject"])["dice"]
        assert (part - base).median() == pytest.approx(row.gain, abs=2e-4)
        assert part.mean() == pytest.approx(row.ood_dice, abs=2e-4) and row.patients == len(part.dropna())


def test_recorded_a_remedy_recovers_half_the_gap_on_each_drawing_and_one_hurts():
    table = reenact.recorded("remedies")[0].set_index("remedy")
    assert table["recovered_least"].max() >= 0.5
    assert table["gain_high"].min() < 0
