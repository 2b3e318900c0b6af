"""What the quick profile's own network says about black, before any rule, on drawn pigs."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import black
from helpers import counts, domains, frames, runs, settings, statistics, training


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The quick network and its validation and test pigs, trained here and now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        course = settings.course("quick")
        packed = frames.pack(
            frames.index(domains.drawn(course, "source")).table, course.size
        )
        source = replace(packed, table=frames.split_source(packed.table, course.seed))
        run = runs.trained("baseline", course, source.of("train"), source.of("id_val"))
        yield run, source.of("id_val", "id_test")


def test_a_picture_of_nothing_is_left_alone(quick):
    marked = black.of_nothing(quick[0], (96, 128))
    assert set(marked) == {"black", "near black"} and max(marked.values()) < 1


def test_a_black_border_is_left_alone_and_costs_pigs_no_dice(quick):
    run, pigs = quick
    shown = black.seen_as(pigs)
    dice = {}
    for name in ("as they are", "black around"):
        images, blood, valid = shown[name]
        found = training.predict(run.model, images) >= 128
        table = counts.count(found, blood, valid)
        values = counts.on_blood(counts.dice, table)
        dice[name] = statistics.subject_means(values, pigs.table["subject"]).mean()
    border = np.ones(images.shape[1:3], bool)
    border[black.AROUND : -black.AROUND, black.AROUND : -black.AROUND] = False
    assert found[:, border].mean() < 0.01
    assert dice["as they are"] > 0.7
    assert dice["black around"] == pytest.approx(dice["as they are"], abs=0.03)


def test_black_around_covers_nothing_and_a_round_view_hides_blood(quick):
    _, pigs = quick
    shown = black.seen_as(pigs)
    images, blood, valid = shown["black around"]
    inner = np.s_[:, black.AROUND : -black.AROUND, black.AROUND : -black.AROUND]
    assert (
        np.array_equal(images[inner], pigs.images) and blood.sum() == pigs.blood.sum()
    )
    assert valid.shape == blood.shape and not images[:, : black.AROUND].any()
    images, blood, _ = shown["round view"]
    assert (
        not blood[(images == 0).all(axis=-1)].any() and blood.sum() < pigs.blood.sum()
    )
