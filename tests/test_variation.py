"""What varies over folds, seeds and subjects: against components by hand, brute force, and another package."""

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from helpers.errors import CourseError
from helpers.study import tables, variation

FACTORS = ("fold", "seed", "subject")


def crossed(values: np.ndarray, factors=FACTORS) -> pd.DataFrame:
    rows = [
        dict(zip(factors, place), dice=values[place])
        for place in np.ndindex(values.shape)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)  # order is no matter


def drawn(random, shape=(4, 3, 5), spreads=(0.3, 0.2, 0.4), rest=0.1) -> np.ndarray:
    values = rest * random.standard_normal(shape)
    for axis, spread in enumerate(spreads):
        own = [1] * len(shape)
        own[axis] = shape[axis]
        values = values + spread * random.standard_normal(shape[axis]).reshape(own)
    return values


def test_by_hand():
    # Fold means 2 and 6, seed means 3, 4, 5, and nothing besides: 2 * (4 + 4) / ... = squares of 24 and 4.
    table = crossed(np.array([[1.0, 2, 3], [5, 6, 7]]), ("fold", "seed"))
    found = variation.components(table, ("fold", "seed"), "dice")
    assert found["fold x seed"] == pytest.approx(0, abs=1e-12)
    assert found["fold"] == pytest.approx(
        24 / 3
    )  # 3 * (2 * 4) / 1 freedom, over 3 seeds
    assert found["seed"] == pytest.approx(2 / 2)  # 2 * (1 + 0 + 1) / 2, over 2 folds


def test_the_mean_squares_add_up_to_all_there_is():
    values = drawn(np.random.default_rng(0))
    total = 0.0
    for size in (1, 2, 3):
        for chosen in itertools.combinations(range(3), size):
            freedom = np.prod([values.shape[axis] - 1 for axis in chosen])
            total += freedom * variation.mean_square(values, chosen)
    assert total == pytest.approx(((values - values.mean()) ** 2).sum())


def test_the_components_solve_the_expected_mean_squares():
    """E(MS of A) is the sum over all B that hold A of B's component times the levels outside B (Searle et al., 4.2)."""
    values = drawn(np.random.default_rng(1))
    found = variation.components(crossed(values), FACTORS, "dice")
    sets = [s for n in (1, 2, 3) for s in itertools.combinations(range(3), n)]
    matrix = np.array(
        [
            [
                np.prod([values.shape[k] for k in range(3) if k not in larger])
                if set(chosen) <= set(larger)
                else 0
                for larger in sets
            ]
            for chosen in sets
        ]
    )
    squares = [variation.mean_square(values, chosen) for chosen in sets]
    np.testing.assert_allclose(found, np.linalg.solve(matrix, squares), atol=1e-12)
    assert list(found.index[:3]) == list(FACTORS)


def test_another_package_finds_the_same():
    """REML of a balanced crossed table is the analysis of variance wherever no component is below zero."""
    values = drawn(np.random.default_rng(6), (6, 5), (0.3, 0.2))
    table = crossed(values, ("fold", "seed"))
    ours = variation.components(table, ("fold", "seed"), "dice")
    assert (ours > 0).all()
    parts = {"fold": "0 + C(fold)", "seed": "0 + C(seed)"}
    table = table.assign(everything=1)
    model = smf.mixedlm("dice ~ 1", table, groups="everything", vc_formula=parts)
    fitted = model.fit(reml=True)
    theirs = dict(zip(model.exog_vc.names, fitted.vcomp), rest=fitted.scale)
    expected = [theirs["fold"], theirs["seed"], theirs["rest"]]
    np.testing.assert_allclose(ours, expected, rtol=2e-3)


def test_over_many_draws_each_component_is_right_on_average():
    random, spreads = np.random.default_rng(0), (0.3, 0.2, 0.4)
    found = pd.DataFrame(
        [
            variation.components(crossed(drawn(random)), FACTORS, "dice")
            for _ in range(400)
        ]
    )
    errors = found.std() / np.sqrt(len(found))
    expected = pd.Series(dict(zip(FACTORS, np.square(spreads))))
    expected = expected.reindex(found.columns, fill_value=0.0)
    expected["fold x seed x subject"] = 0.1**2
    assert (abs(found.mean() - expected) < 4 * errors).all()


def test_one_level_says_nothing_and_the_rest_is_told_without_it():
    values = drawn(np.random.default_rng(2), (1, 3, 5), (0.0, 0.2, 0.4))
    found = variation.components(crossed(values), FACTORS, "dice")
    two = variation.components(crossed(values[0], FACTORS[1:]), FACTORS[1:], "dice")
    assert found.filter(like="fold").isna().all()
    np.testing.assert_allclose(found[two.index], two)


def test_cells_that_are_missing_twice_there_or_undefined_are_a_sentence():
    table = crossed(np.ones((2, 2)), ("fold", "seed"))
    for wrong, said in (
        (table.iloc[1:], "3 values do not fill a table of 2 x 2"),
        (pd.concat([table, table.iloc[:1]]), "5 values do not fill"),
        (table.assign(dice=[1, np.nan, 1, 1]), "undefined in 1 of 4 cells"),
    ):
        with pytest.raises(CourseError, match=said) as told:
            variation.components(wrong, ("fold", "seed"), "dice")
        assert "\n" not in str(told.value)


# The study's summary


def rows(values: np.ndarray, split="ood_test") -> pd.DataFrame:
    table = crossed(values)
    about = dict(encoder="lite0", remedy="nothing", split=split)
    measures = {name: table["dice"] for name in tables.MEASURES}
    return table.assign(**about, **measures)


def test_the_summary_tells_folds_seeds_and_subjects_apart():
    values = drawn(np.random.default_rng(3))
    [dice] = tables.summary(rows(values)).query("measure == 'dice'").to_dict("records")
    expected = variation.components(crossed(values), FACTORS, "dice")
    assert dice["value"] == pytest.approx(values.mean())
    assert (dice["folds"], dice["seeds"], dice["subjects"]) == values.shape
    for name, component in expected.items():
        assert dice[name] == pytest.approx(component)
    shown = tables.spread(rows(values), "ood_test").iloc[0]
    assert shown["over subjects"] == pytest.approx(np.sqrt(expected["subject"]))
    assert shown["over folds"] == pytest.approx(np.sqrt(expected["fold"]))
    both = expected["seed"] + expected["fold x seed"]
    assert shown["over seeds"] == pytest.approx(np.sqrt(both))
    assert shown["jobs"] == values.shape[0] * values.shape[1]


def test_trainings_that_differ_on_each_fold_count_as_seeds():
    """The same seed on another fold is another training, so their spread lies in both components."""
    random = np.random.default_rng(0)
    values = np.repeat(0.2 * random.standard_normal((40, 30, 1)), 3, axis=2)
    values = values + 1e-3 * random.standard_normal(values.shape)
    shown = tables.spread(rows(values), "ood_test").iloc[0]
    assert shown["over seeds"] == pytest.approx(0.2, rel=0.1)
    assert shown["over folds"] < 0.06 and shown["over subjects"] < 0.01


def test_where_nobody_bleeds_or_one_job_is_there_nothing_is_said():
    for values in (np.full((2, 2, 3), np.nan), np.ones((1, 1, 1))):
        shown = tables.spread(rows(values), "ood_test")
        assert shown.filter(like="over").isna().all(axis=None)
        assert "has nothing to vary over" in tables.said(shown)


def test_a_seed_without_all_folds_and_a_subject_without_blood_are_left_out():
    values = drawn(np.random.default_rng(4))
    values[1, 1, 2] = np.nan  # one job says nothing of subject 2
    table = rows(values)
    table = table[~((table["fold"] == 3) & (table["seed"] == 2))]  # a job that failed
    [dice] = tables.summary(table).query("measure == 'dice'").to_dict("records")
    kept = np.delete(values[:, :2], 2, axis=2)
    assert (dice["folds"], dice["seeds"], dice["subjects"]) == kept.shape
    assert dice["value"] == pytest.approx(kept.mean())


def test_pigs_that_one_fold_tests_are_not_told_apart_from_it():
    values = drawn(np.random.default_rng(5))
    table = rows(values, "id_test")
    table["subject"] = table["fold"].astype(str) + "/" + table["subject"].astype(str)
    [dice] = tables.summary(table).query("measure == 'dice'").to_dict("records")
    expected = variation.components(
        crossed(values.mean(axis=2), FACTORS[:2]), FACTORS[:2], "dice"
    )
    assert dice["subjects"] == 4 * 5 and np.isnan(dice.get("subject", np.nan))
    assert [dice["fold"], dice["seed"]] == pytest.approx(list(expected[:2]))
