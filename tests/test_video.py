"""Bleeding over time: smoothing, intervals and counting against slow references, and a
long case as a stream."""

import itertools
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from lessons_by_hand import lifted
from sklearn.metrics import f1_score, mean_squared_error

from helpers import CourseError, settings, video
from helpers.clips import Bleeding, Video
from helpers.video import pathways, watching
from helpers.video.watching import Watched


def by_hand(decisions: list[bool], wide: int) -> list[bool]:
    """Runs shorter than `wide` go, then gaps between runs shorter than `wide`."""

    def without(values: list[bool], kind: bool, inner: bool) -> list[bool]:
        out, at = list(values), 0
        for value, group in itertools.groupby(values):
            n = len(list(group))
            ends = at > 0 and at + n < len(values)
            if value is kind and n < wide and (ends or not inner):
                out[at : at + n] = [not kind] * n
            at += n
        return out

    return without(without(decisions, True, False), False, True)


@pytest.mark.parametrize("fps", [1, 2, 3, 5])
def test_smoothing_is_what_it_says_of_runs_and_gaps(fps: int, monkeypatch) -> None:
    monkeypatch.setattr(video, "FPS", float(fps))
    rng = np.random.default_rng(fps)
    for length in (1, 4, 13, 40, 60):
        for share in (0.2, 0.5, 0.8):
            given = rng.random(length) < share
            assert video.smooth(given).tolist() == by_hand(given.tolist(), fps)


def test_runs_and_truth_are_each_others_inverse() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        given = rng.random(37) < 0.4
        found = [Bleeding(a, b, 0, 0) for a, b in video.runs(given)]
        assert (video.truth(found, 37) == given).all()
        assert len(found) == sum(1 for value, _ in itertools.groupby(given) if value)


def random_intervals(rng) -> list[tuple[int, int]]:
    ends = np.sort(rng.choice(40, 2 * int(rng.integers(0, 5)), replace=False))
    return [(int(a), int(b)) for a, b in ends.reshape(-1, 2)]


def shared(one: tuple[int, int], other: tuple[int, int]) -> float:
    one, other = set(range(*one)), set(range(*other))
    return len(one & other) / len(one | other)


def test_matching_finds_the_most_pairs_that_there_can_be() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        true, found = random_intervals(rng), random_intervals(rng)
        few, many = sorted((true, found), key=len)
        best = max(
            sum(shared(a, b) >= 0.5 for a, b in zip(few, some))
            for some in itertools.permutations(many, len(few))
        )
        assert video.matched(true, found) == best


TRUE = [Bleeding(2.0, 4.0, 30.0, 40.0), Bleeding(7.0, 9.0, 0.0, 0.0)]


def test_a_case_is_judged_by_number_duration_delay_and_false_alarms() -> None:
    decisions = np.zeros(60, bool)  # at 5 frames a second
    decisions[12:20] = True  # 2.4 to 4.0: late by 0.4 s
    decisions[50:55] = True  # 10 to 11: at a time when nothing bleeds
    found = video.judge(decisions, TRUE)
    assert found["count_error"] == 0 and found["duration_error_s"] == pytest.approx(1.4)
    assert found["delay_s"] == pytest.approx(0.4) and found["noticed"] == 1
    assert found["false_s_per_min"] == pytest.approx(60 * 1 / 12)
    assert (found["matched"], found["n_found"], found["n_true"]) == (1, 2, 2)


def test_never_has_no_delay_and_always_is_one_long_bleeding() -> None:
    never = video.judge(np.zeros(60, bool), TRUE)
    assert np.isnan(never["delay_s"]) and never["count_error"] == 2
    always = video.judge(np.ones(60, bool), TRUE)
    assert (always["count_error"], always["delay_s"]) == (1, 0.0)
    assert always["duration_error_s"] == pytest.approx(8.0)


def test_levels_and_their_f1_are_those_of_a_slow_search() -> None:
    rng = np.random.default_rng(4)
    true = [np.arange(60) // 20 == 1 for _ in range(3)]
    signals = [one + rng.normal(0, 0.5, 60) for one in true]
    level, reached = video.choose(signals, true)
    decided = np.concatenate([video.smooth(one > level) for one in signals])
    assert reached == pytest.approx(f1_score(np.concatenate(true), decided))
    for other in np.linspace(-1, 2, 40):
        found = np.concatenate([video.smooth(one > other) for one in signals])
        assert video.f1(found, np.concatenate(true)) < reached + 0.02
    # A split at the level of the others: one that lies elsewhere is decided wrongly.
    far = [[signals[0]], [signals[1]], [signals[2] + 9]]
    decided = video.crossed(far, [[one] for one in true])
    assert decided[2][0].all() and not decided[0][0].all()
    assert video.choose([np.ones(60)], true[:1]) == (0.5, pytest.approx(0.5))
    assert video.choose([np.zeros(60)], true[:1]) == (0.5, 0.0)


def test_splits_keep_subjects_whole_and_unseen_pigs_apart() -> None:
    names = {"train": ("pig4", "pig5"), "id_val": ("pig2", "pig7")}
    cases = [
        Watched(Video(f"{who}_{n}", None, 5, 9, (2, 2), ()), split, None, None)
        for split, subjects in names.items()
        for who in subjects
        for n in range(2)
    ]
    splits = watching.in_splits(cases)
    found = [{one.video.subject for one in some} for some in splits]
    assert found == [{"pig2"}, {"pig7"}, {"pig4", "pig5"}]
    assert len(watching.in_splits(cases[:4])) == 1  # no pig is left over


def test_networks_of_a_split_are_trained_on_the_others(monkeypatch) -> None:
    monkeypatch.setattr(watching, "networks", lambda course, run, train: train)
    found = watching.left_out(None, None, [["a", "b"], ["c"], ["d"]])
    assert found == [["c", "d"], ["a", "b", "d"], ["a", "b", "c"]]


MEASURES = lifted("08", "mean_square", "correlation", "mutual_information")


def grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


FLAGS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def seen_twice(seed: int, *matrix: list[float], side: int = 96):
    """A picture, what a camera that moved sees of it, and how it moved."""
    small = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    wide = (side * 4 // 3, side)
    before = cv2.resize(small, wide, interpolation=cv2.INTER_CUBIC)
    moved = np.float32(matrix)
    return before, cv2.warpAffine(before, moved, wide, flags=FLAGS), moved


def test_alignment_undoes_a_camera_that_moves() -> None:
    before, now, matrix = seen_twice(0, [1.02, 0.03, 4.0], [-0.03, 1.02, -2.5])
    to = watching.align(now, before)
    y, x = np.indices((96, 128), np.float32)
    wanted = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    inner = np.s_[15:-15, 15:-15]
    assert to.way == "ECC" and np.abs(to.x - wanted)[inner].mean() < 0.5
    back = watching.warp(grey(before), to)
    same, moved = ((grey(now)[inner], one[inner]) for one in (back, grey(before)))
    assert MEASURES["mean_square"](*same) < 0.2 * MEASURES["mean_square"](*moved)
    for measure in ("correlation", "mutual_information"):
        assert MEASURES[measure](*same) > MEASURES[measure](*moved)


def test_features_find_the_same_camera() -> None:
    before, now, matrix = seen_twice(3, [1, 0, 7], [0, 1, -5], side=192)
    found = watching.by_features(*map(grey, (now, before)))
    assert found == pytest.approx(matrix, abs=0.8)


def test_flat_frames_are_left_as_they_are_and_said_to_be() -> None:
    flat = np.full((48, 64, 3), 90, np.uint8)
    assert watching.align(flat, flat).way == "none"


def test_measures_of_likeness_against_their_definitions() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 256, (2, 40, 50), np.uint8)
    found = MEASURES["mean_square"](one, other)
    assert found == pytest.approx(mean_squared_error(one.ravel(), other.ravel()))
    assert MEASURES["correlation"](one, 255 - one) == pytest.approx(-1)
    levels = np.bincount(one.ravel() // 8, minlength=32) / one.size
    entropy = -(levels[levels > 0] * np.log2(levels[levels > 0])).sum()
    for same in (one, 255 - one):  # a negative tells as much
        assert MEASURES["mutual_information"](one, same) == pytest.approx(entropy)


def test_a_video_of_another_rate_is_named(monkeypatch) -> None:
    fast = Video("a", Path("a.mp4"), 25.0, 100, (64, 96), ())
    monkeypatch.setattr(watching.clips, "cases", lambda *given: [fast])
    with pytest.raises(CourseError, match="a.mp4 has 25 frames a second"):
        watching.watch(settings.course("smoke"), None, Path(), "id_test")


def test_new_blood_is_none_where_blood_only_lies() -> None:
    blood = np.zeros((20, 20), np.uint8)
    blood[5:10, 5:10] = 200
    assert not watching.new_blood(blood, np.roll(blood, 1, axis=1)).any()
    assert watching.new_blood(blood, np.zeros_like(blood)).sum() == 25


def test_a_clip_ends_at_its_frame_and_is_padded_with_the_first() -> None:
    frames = np.broadcast_to(np.arange(40)[:, None, None, None], (40, 4, 2, 2))
    assert pathways.clip(frames, 30)[0, :, 0, 0].tolist() == list(range(9, 31, 3))
    assert pathways.clip(frames, 4)[0, :, 0, 0].tolist() == [0, 0, 0, 0, 0, 0, 1, 4]


@pytest.fixture
def stream() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 4, 24, 32), np.uint8)


def test_scores_of_a_stream_are_those_of_its_clips(stream, monkeypatch) -> None:
    model = pathways.TwoPathways(4).eval()
    found = list(pathways.scores(model, stream))
    assert len(found) == 30 and all(0 < one < 1 for one in found)
    monkeypatch.setattr(pathways, "SCORED", 7)
    assert found == pytest.approx(list(pathways.scores(model, stream)), abs=1e-5)


@pytest.mark.parametrize("channels, same", [(3, True), (4, False)])
def test_the_unguided_network_never_sees_the_segmentation(
    stream, channels, same
) -> None:
    blind = stream * np.array([1, 1, 1, 0], np.uint8)[:, None, None]
    model = pathways.TwoPathways(channels).eval()
    one, other = (list(pathways.scores(model, some)) for some in (stream, blind))
    assert (one == pytest.approx(other, abs=1e-7)) is same


def test_a_network_learns_to_tell_what_grows_from_what_lies() -> None:
    rng = np.random.default_rng(0)
    cases, bleeds = [], []
    for _ in range(4):
        frames = np.full((60, 4, 24, 32), 60, np.uint8)
        for number in range(60):
            wide = np.clip(number - 20, 0, 20) // 2
            frames[number, 3, 4 : 5 + wide, 4 : 5 + wide] = 255
        cases.append(frames + rng.integers(0, 3, frames.shape, np.uint8))
        bleeds.append((np.arange(60) > 24) & (np.arange(60) < 40))
    model = pathways.fit(cases[:3], bleeds[:3], channels=4, seed=0, steps=60)
    found = np.array(list(pathways.scores(model, cases[3])))
    assert found[bleeds[3]].mean() > found[~bleeds[3]].mean() + 0.3


def test_an_hour_is_a_stream_of_less_than_a_gigabyte() -> None:
    """What is held is measured and set beside what the whole hour takes."""
    shape, hour = (24, 32, 3), 5 * 3600
    rng = np.random.default_rng(0)
    scene = cv2.resize(rng.integers(0, 256, (12, 16, 3), np.uint8), (64, 48))

    def frames():
        for number in range(hour):
            left = number % 32
            yield scene[:24, left : left + 32]

    model = pathways.TwoPathways(4).eval()
    moments = watching.moments(frames(), lambda images: images[..., 0], aligned=False)
    tracemalloc.start()
    small = (np.dstack([m.image, m.blood]).transpose(2, 0, 1) for m in moments)
    seen = sum(1 for _ in pathways.scores(model, small))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    whole = hour * np.prod(shape)
    assert seen == hour and peak < 0.25 * whole
    # At the quick profile's 96x128 pixels the same share of the hour stays below 1 GB.
    assert peak / np.prod(shape) * 96 * 128 * 3 < 1e9
