"""The drawing's own factors: the same scenes, other optics; and a factor that is switched off gets nothing."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import causes, domains, settings, shift
from helpers.shift.measures import visible


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        yield settings.course("smoke").but(drawn=60, drawn_target=60, drawn_height=72, size=(72, 96))


def test_redrawn_without_factors_is_the_source_itself(course):
    source = domains.gather(course).source
    pigs = ["pig2", "pig9"]
    again = causes.redrawn(course, pigs, ())
    same = source.where(source.table["subject"].isin(pigs))
    assert again.table["frame"].tolist() == same.table["frame"].tolist()
    assert np.array_equal(again.images, same.images) and np.array_equal(again.blood, same.blood)


def test_redrawn_with_a_factor_keeps_labels_and_changes_images(course):
    plain, dark = causes.redrawn(course, ["pig2"], ()), causes.redrawn(course, ["pig2"], ["exposure"])
    assert np.array_equal(plain.blood, dark.blood)
    assert dark.images.mean() < 0.9 * plain.images.mean()


def test_what_a_drawn_round_view_hides_is_not_valid(course):
    view = causes.redrawn(course, ["pig2", "pig9"], ["field_of_view"])
    assert 0.5 < view.valid.mean() < 0.97
    for image, valid in zip(view.images, view.valid):
        assert (visible(image / np.float32(255), np.ones_like(valid)) >= valid).all()


def test_a_target_without_its_round_view_asks_for_none(course):
    data = domains.gather(course)
    train, patients = data.of("train"), data.of("ood_val")
    who = patients.table["subject"].unique()
    found = {}
    for name, off in (("on", ()), ("off", ("field_of_view",))):
        drawn = causes.without(course, who, off)
        found[name] = shift.TargetLevels.estimate(train.images, drawn.images, train.valid, drawn.valid,
                                                  factors=["field_of_view"]).strengths["field_of_view"][0]
    assert found["on"] > 0.05 and found["off"] == pytest.approx(0, abs=0.005)


def test_a_course_of_another_seed_is_another_drawing(course):
    other = causes.redrawn(replace(course, seed=1), ["pig2"], ())
    assert not np.array_equal(other.images, causes.redrawn(course, ["pig2"], ()).images)
