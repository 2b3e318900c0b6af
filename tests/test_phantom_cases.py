"""Drawn cases: what bleeds and when."""

import numpy as np
import pytest

from phantom.cases import Case

CASE = Case("pig1", 0, seconds=32, size=(48, 64), bleedings=2)


@pytest.fixture(scope="module")
def case_frames() -> list:
    return list(CASE.frames())


def test_a_case_bleeds_when_its_truth_says_so(case_frames) -> None:
    truth, seconds = CASE.truth(), np.arange(160) / 5
    assert len(truth) == 2 and len(case_frames) == 160
    wanted = np.any([(a <= seconds) & (seconds < b) for a, b, _, _ in truth], axis=0)
    shown = np.array([frame.active.any() for frame in case_frames])
    assert not shown[~wanted].any() and shown[wanted].mean() > 0.8
    assert all(0 <= one.x < 64 and 0 <= one.y < 48 for one in truth)
    # Blood that merely lies there is part of the task.
    assert np.mean([frame.old.any() for frame in case_frames]) > 0.8
    assert not any((frame.old & frame.active).any() for frame in case_frames)


def test_a_bleeding_spreads_and_its_camera_moves(case_frames) -> None:
    one = CASE.truth()[0]
    first, last = round(5 * one.start_s) + 5, round(5 * one.end_s) - 2
    assert case_frames[last].active.sum() > 1.5 * case_frames[first].active.sum()
    assert (case_frames[0].image != case_frames[10].image).mean() > 0.5


def test_the_same_case_is_the_same_pixels_and_another_seed_is_not(case_frames) -> None:
    for seed, same in ((0, True), (1, False)):
        again = next(Case("pig1", 0, 32, 5, (48, 64), seed, 2).frames())
        assert (again.image == case_frames[0].image).all() == same


def test_a_patients_case_is_seen_through_a_round_view() -> None:
    drawn = Case("video09", 0, seconds=16, size=(48, 64), bleedings=0)
    frame = next(drawn.frames())
    assert frame.image.shape == (36, 64, 3) and drawn.truth() == []
    assert frame.image[0, 0].max() < 12 and frame.image.mean() > 20
    assert not frame.active.any()
