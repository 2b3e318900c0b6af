"""Shapley values: the known games and the axioms."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers.shift import shapley


def by_all_orders(value, factors):
    """The definition taken at its word: the mean of what a factor adds over every order of arrival."""
    total = dict.fromkeys(factors, 0.0)
    orders = list(itertools.permutations(factors))
    for order in orders:
        for i, factor in enumerate(order):
            total[factor] += value(frozenset(order[: i + 1])) - value(
                frozenset(order[:i])
            )
    return pd.Series(total) / len(orders)


def test_the_glove_game():
    """Who holds the only left glove gets two thirds of the pair, the two right gloves a sixth each."""
    gloves = ["left", "right", "other"]
    values = shapley(
        lambda s: float("left" in s and bool(s & {"right", "other"})), gloves
    )
    assert values.to_dict() == pytest.approx(
        {"left": 2 / 3, "right": 1 / 6, "other": 1 / 6}
    )


def test_the_airport_game():
    """A runway as long as the longest plane needs: each length is shared by the planes that use it."""
    costs = {"small": 3, "middle": 5, "large": 9}
    values = shapley(
        lambda s: max((costs[plane] for plane in s), default=0), list(costs)
    )
    assert values.to_dict() == pytest.approx({"small": 1, "middle": 2, "large": 6})


def test_any_game_agrees_with_all_orders_and_adds_up():
    rng = np.random.default_rng(0)
    factors = list("abcde")
    worth = {
        frozenset(s): rng.normal()
        for n in range(6)
        for s in itertools.combinations(factors, n)
    }
    values = shapley(worth.__getitem__, factors)
    pd.testing.assert_series_equal(
        values, by_all_orders(worth.__getitem__, factors), check_names=False
    )
    assert abs(values.sum() - (worth[frozenset(factors)] - worth[frozenset()])) < 1e-6


def test_a_factor_that_never_matters_gets_nothing_and_equals_get_the_same():
    values = shapley(lambda s: len(s & {"a", "b"}) ** 2 + 7.0, ["a", "b", "idle"])
    assert values["idle"] == 0
    assert values["a"] == values["b"] == 2


def test_each_subset_is_asked_for_once():
    asked = []
    shapley(lambda s: asked.append(s) or 0.0, list("abcd"))
    assert len(asked) == len(set(asked)) == 16


def test_a_vector_is_divided_entry_by_entry():
    rng = np.random.default_rng(1)
    worth = {
        frozenset(s): rng.normal(size=4)
        for n in range(4)
        for s in itertools.combinations("abc", n)
    }
    table = shapley(worth.__getitem__, list("abc"))
    assert table.shape == (3, 4)
    for subject in range(4):
        one = shapley(lambda s, subject=subject: worth[s][subject], list("abc"))
        np.testing.assert_allclose(table[subject], one)
