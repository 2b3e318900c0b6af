"""Causes: dials that are not turned cost nothing, shares add up, doses are those of the
drawing."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import causes, shift
from phantom.counterfactual import counterfactual

PIGS, PATIENTS = ("pig2", "pig9"), ("video12", "video27")


class Redness(torch.nn.Module):
    """Marks what is much redder than green: a network that needs no training."""

    def forward(self, images):
        return (images[:, :1] - 2.2 * images[:, 1:2] - 0.05) * 40


@pytest.fixture(scope="module")
def where():
    return causes.Drawing(0, PIGS, PATIENTS, PIGS, size=(48, 64), frames=2)


MODEL = Redness()


def truth(where, groups, direction="damage", given=()):
    cost = causes.cost_of_dials(MODEL, where, direction)
    return causes.shares(cost, groups, given)


def test_frames_are_those_of_the_drawing(where):
    source, target = where.source(("view",)), where.target()
    again = counterfactual(PIGS, ("view",), (48, 64), 0, 2)
    assert np.array_equal(source.images, again.images)
    assert np.array_equal(source.blood, again.blood)
    assert np.array_equal(source.valid, ~again.fill) and not source.valid.all()
    assert set(target.subject) == set(PATIENTS)
    # What is black in the round view is known to hold no blood.
    black = (source.images.max(axis=3) < 6) & source.valid
    assert black.mean() > 0.03 and not source.blood[black].any()


def test_what_is_not_turned_costs_exactly_nothing(where):
    cost = causes.cost_of_dials(MODEL, where)
    assert cost(()).eq(0).all() and list(cost(()).index) == list(PIGS)
    for group in ("colour", "view", "blood", "anatomy"):
        assert cost({group}).abs().min() > 0


def test_shares_add_up_to_the_cost_of_all_for_each_subject(where):
    turned = ("light", "colour")
    for direction, frames, sign in (
        ("damage", where.source, 1),
        ("recovery", where.target, -1),
    ):
        plain, all_turned = (causes.dice(MODEL, frames(one)) for one in ((), turned))
        shares = truth(where, turned, direction)
        np.testing.assert_allclose(shares.sum(), sign * (plain - all_turned))
        assert list(shares.index) == list(turned)
        assert list(shares.columns) == list(plain.index)


def test_a_coalition_that_is_given_has_no_share_in_what_follows(where):
    cost = causes.cost_of_dials(MODEL, where)
    after = causes.shares(cost, ["light", "colour"], given={"blood"})
    whole = cost({"light", "colour", "blood"}) - cost({"blood"})
    np.testing.assert_allclose(after.sum(), whole)
    assert not np.allclose(after, causes.shares(cost, ["light", "colour"]))
    # Of two orders of two groups, the second after the first is half of its share.
    pair = causes.shares(cost, ["blood", "light"]).loc["light"]
    alone = causes.shares(cost, ["light"]).loc["light"]
    last = causes.shares(cost, ["light"], {"blood"}).loc["light"]
    np.testing.assert_allclose(pair, (alone + last) / 2)


def test_images_divide_only_what_was_turned(where):
    doses = pd.DataFrame([shift.IDENTITY]).assign(brightness=-0.1, saturation=-0.3)
    found, frames = causes.by_images(MODEL, where.source(), doses), where.source()
    assert list(found.index) == list(shift.GROUPS)
    assert found.loc[["view", "lens", "air"]].eq(0).all(axis=None)
    after = causes.dice(MODEL, shift.apply(frames, doses))
    np.testing.assert_allclose(found.sum(), causes.dice(MODEL, frames) - after)
    assert (
        causes.by_images(MODEL, frames, pd.DataFrame([shift.IDENTITY]))
        .eq(0)
        .all(axis=None)
    )


def test_a_subject_without_a_frame_with_blood_has_no_dice(where):
    frames = where.source()
    frames.blood[frames.subject == PIGS[0]] = False
    found = causes.dice(MODEL, frames)
    assert list(found.index) == list(PIGS) and list(found.isna()) == [True, False]


def test_doses_of_the_drawing_are_found_in_its_frames(where):
    """Measured on the same scenes with and without a dial, in the units of the dials."""
    doses, before = causes.drawn_doses(where), shift.profile(where.source())
    assert list(doses.index) == list(PIGS)
    light = shift.profile(where.source(("light",)))["brightness"] - before["brightness"]
    np.testing.assert_allclose(light, doses["brightness"], atol=0.03)
    view = shift.profile(where.source(("view",)))
    np.testing.assert_allclose(view["height"], doses["height"], atol=0.011)
    np.testing.assert_allclose(view["radius"], doses["radius"], atol=0.12)


def test_an_intervention_comes_near_to_the_dial(where):
    """Light and colour on finished frames against the same scenes, drawn so."""
    doses, plain = causes.drawn_doses(where), where.source()
    for group in ("light", "colour"):
        drawn = where.source((group,)).images.astype(float)
        changed = shift.apply(plain, doses, [group]).images.astype(float)
        apart = np.abs(plain.images - drawn).mean()
        assert np.abs(changed - drawn).mean() < 0.5 * apart


def test_a_placebo_finds_no_view_and_a_planted_dose_is_found(where):
    nothing = causes.by_target(MODEL, where, where.target(shift.GROUPS))
    assert nothing.loc["view"].eq(0).all()  # black tells exactly
    dose = pd.DataFrame([shift.IDENTITY]).assign(height=0.75, radius=1.2)
    target = shift.apply(where.source(), dose, ["view"])
    found = causes.by_target(MODEL, where, target).loc["view"]
    put = causes.cost_on_images(MODEL, where.source(), dose)({"view"})
    assert put.abs().min() > 0.01
    np.testing.assert_allclose(found, put, atol=0.3 * put.abs().max())


# Shapley's shares: the known games, and the definition

RUNWAYS = {"small": 3, "middle": 5, "large": 9}
GAMES = {
    # Who holds the only left glove gets two thirds of the pair.
    "gloves": (
        lambda s: float("left" in s and len(s) > 1),
        {"left": 2 / 3, "right": 1 / 6, "other": 1 / 6},
    ),
    # Each length of a runway is shared by the planes that use it.
    "airport": (
        lambda s: max((RUNWAYS[plane] for plane in s), default=0),
        {"small": 1, "middle": 2, "large": 6},
    ),
    # What never matters gets nothing, and equals get the same.
    "idle": (lambda s: len(s & {"a", "b"}) ** 2 + 7.0, {"a": 2, "b": 2, "idle": 0}),
}


@pytest.mark.parametrize("value, shares", GAMES.values(), ids=GAMES)
def test_known_games(value, shares):
    assert shift.shapley(value, list(shares)).to_dict() == pytest.approx(shares)


def test_any_game_agrees_with_all_orders_for_each_subject_and_each_subset_is_asked_once():
    """The definition taken at its word: the mean of what a factor adds over every order of arrival."""
    rng, factors, asked = np.random.default_rng(0), "abcde", []
    subsets = [
        frozenset(s) for n in range(6) for s in itertools.combinations(factors, n)
    ]
    worth = {subset: rng.normal(size=4) for subset in subsets}
    table = shift.shapley(lambda s: asked.append(s) or worth[s], list(factors))
    total, orders = dict.fromkeys(factors, 0.0), list(itertools.permutations(factors))
    for order in orders:
        for i, factor in enumerate(order):
            without = frozenset(order[:i])
            total[factor] += worth[without | {factor}] - worth[without]
    by_hand = np.array(list(total.values())) / len(orders)
    np.testing.assert_allclose(table, by_hand, rtol=1e-9, atol=1e-12)
    assert list(table.index) == list(factors) and len(asked) == len(set(asked)) == 32
