"""Causes: dials that are not turned cost nothing, shares add up, doses are those of the
drawing."""

import numpy as np
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


@pytest.fixture(scope="module")
def model():
    return Redness()


def test_frames_are_those_of_the_drawing(where):
    source, target = where.source(("view",)), where.target()
    again = counterfactual(PIGS, ("view",), (48, 64), 0, 2)
    assert np.array_equal(source.images, again.images) and np.array_equal(
        source.blood, again.blood
    )
    assert np.array_equal(source.valid, ~again.fill) and not source.valid.all()
    assert set(target.subject) == set(PATIENTS)
    # What is black in the round view is known to hold no blood.
    black = (source.images.max(axis=3) < 6) & source.valid
    assert black.mean() > 0.03 and not source.blood[black].any()


def test_what_is_not_turned_costs_exactly_nothing(where, model):
    found = causes.truth(model, where, ("colour", "view"))
    assert found["light"] == found["lens"] == found["air"] == 0
    assert found["colour"] != 0 and found["view"] != 0
    assert list(found.index) == list(shift.GROUPS)


def test_shares_add_up_to_the_cost_of_all(where, model):
    for direction, frames in (("damage", where.source), ("recovery", where.target)):
        change = causes.dice(model, frames(())) - causes.dice(
            model, frames(("light", "colour"))
        )
        shares = causes.truth(model, where, ("light", "colour"), direction)
        assert shares.sum() == pytest.approx(
            change if direction == "damage" else -change
        )


def test_blood_and_anatomy_are_dials_and_no_interventions(where, model):
    found = causes.truth(model, where, ("blood", "anatomy"))
    assert found[["blood", "anatomy"]].abs().min() > 0
    doses = shift.no_dose().assign(brightness=-0.1)
    assert "blood" not in causes.by_images(model, where.source(), doses).index


def test_images_divide_only_what_was_turned(where, model):
    doses = shift.no_dose().assign(brightness=-0.1, saturation=-0.3)
    found, frames = causes.by_images(model, where.source(), doses), where.source()
    assert found["view"] == found["lens"] == found["air"] == 0
    after = causes.dice(model, shift.apply(frames, doses))
    assert found.sum() == pytest.approx(causes.dice(model, frames) - after)
    assert causes.by_images(model, frames, shift.no_dose()).eq(0).all()


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
        assert (
            np.abs(changed - drawn).mean() < 0.5 * np.abs(plain.images - drawn).mean()
        )


def test_a_placebo_has_an_answer_for_each_group_and_for_all(where, model):
    found = causes.placebo(model, where)
    assert list(found.index) == [*shift.GROUPS, "all"] and np.isfinite(found).all()
    assert found["view"] == 0  # black tells exactly
