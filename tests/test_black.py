"""What the quick profile's own network says about black, before any rule, on drawn pigs."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import black
from helpers import counts, domains, frames, settings, statistics, training

INNER = np.s_[:, black.AROUND : -black.AROUND, black.AROUND : -black.AROUND]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The quick network, trained here and now, and its validation and test pigs as they
    are shown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        course = settings.course("quick")
        pigs = frames.index(domains.drawn(course, "source")).table
        packed = frames.pack(pigs, course.size)
        source = replace(packed, table=frames.split_source(packed.table, course.seed))
        run = training.trained(
            "baseline", course, source.of("train"), source.of("id_val")
        )
        pigs = source.of("id_val", "id_test")
        yield run, pigs, black.seen_as(pigs)


def test_a_picture_of_nothing_is_left_alone(quick):
    marked = black.of_nothing(quick[0], (96, 128))
    assert set(marked) == {"black", "near black"} and max(marked.values()) < 1


def test_a_black_border_is_left_alone_and_costs_pigs_no_dice(quick):
    run, pigs, shown = quick
    dice = {}
    for name in ("as they are", "black around"):
        images, blood, valid = shown[name]
        found = training.predict(run.model, images) >= 128
        values = counts.on_blood(counts.dice, counts.count(found, blood, valid))
        dice[name] = statistics.subject_means(values, pigs.table["subject"]).mean()
    border = found.copy()
    border[INNER] = False
    assert border.sum() < 0.01 * (border.size - border[INNER].size)
    assert dice["as they are"] > 0.5  # it has learned
    assert dice["black around"] == pytest.approx(dice["as they are"], abs=0.03)


def test_black_around_covers_nothing_and_a_round_view_hides_blood(quick):
    _, pigs, shown = quick
    images, blood, valid = shown["black around"]
    assert np.array_equal(images[INNER], pigs.images)
    assert blood.sum() == pigs.blood.sum() and valid.shape == blood.shape
    assert not images[:, : black.AROUND].any()
    images, blood, _ = shown["round view"]
    assert not blood[(images == 0).all(axis=-1)].any()
    assert blood.sum() < pigs.blood.sum()
