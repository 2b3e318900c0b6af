"""Drawn cases: what bleeds and when, and one seed one case."""

import numpy as np
import pytest

from phantom.cases import Case

CASE = Case("pig1", 0, seconds=32, size=(48, 64), bleedings=2)


@pytest.fixture(scope="module")
def frames() -> list:
    return list(CASE.frames())


def test_a_case_bleeds_when_its_truth_says_so(frames) -> None:
    truth, seconds = CASE.truth(), np.arange(160) / 5
    assert len(truth) == 2 and len(frames) == 160
    wanted = np.any([(a <= seconds) & (seconds < b) for a, b, _, _ in truth], axis=0)
    shown = np.array([frame.active.any() for frame in frames])
    assert not shown[~wanted].any() and shown[wanted].mean() > 0.8
    assert all(0 <= one.x < 64 and 0 <= one.y < 48 for one in truth)
    # Blood that merely lies there is part of the task.
    assert np.mean([frame.old.any() for frame in frames]) > 0.8
    assert not any((frame.old & frame.active).any() for frame in frames)


def test_a_bleeding_spreads_and_its_camera_moves(frames) -> None:
    one = CASE.truth()[0]
    first, last = round(5 * one.start_s) + 5, round(5 * one.end_s) - 2
    assert frames[last].active.sum() > 1.5 * frames[first].active.sum()
    assert (frames[0].image != frames[10].image).mean() > 0.5


def test_the_same_case_is_the_same_pixels_and_another_seed_is_not(frames) -> None:
    again, other = (
        next(Case("pig1", 0, 32, 5, (48, 64), seed, 2).frames()) for seed in (0, 1)
    )
    assert (again.image == frames[0].image).all()
    assert (other.image != frames[0].image).any()


def test_a_patients_case_is_seen_through_a_round_view() -> None:
    drawn = Case("video09", 0, seconds=16, size=(48, 64), bleedings=0)
    frame = next(drawn.frames())
    assert frame.image.shape == (36, 64, 3) and drawn.truth() == []
    assert frame.image[0, 0].max() < 12 and frame.image.mean() > 20
    assert not frame.active.any()
