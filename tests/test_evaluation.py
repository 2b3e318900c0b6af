"""helpers.evaluation and what a view is: counts by region, against counting by hand."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import counts, evaluation, runs
from helpers.errors import CourseError
from helpers.evaluation import LOST, within
from helpers.frames import UNKNOWN, Packed, views, visible

H, W = 12, 16


def packed(n: int = 5, seed: int = 0) -> Packed:
    """Frames with a black surround two pixels wide, a padded column and random
    labels."""
    random = np.random.default_rng(seed)
    images = random.integers(60, 255, (n, H, W, 3), np.uint8)
    images[:, :2], images[:, -2:], images[:, :, :2], images[:, :, -3:] = 0, 0, 0, 0
    blood = random.random((n, H, W)) < 0.2
    blood[:, :2], blood[0] = False, False
    valid = random.random((n, H, W)) < 0.95
    valid[:, :, -1] = False
    about = {"clip": "c", "frame": range(n), "split": "id_test"}
    table = pd.DataFrame({"subject": [f"s{i % 2}" for i in range(n)]} | about)
    made = Packed(table, np.arange(n), None, made_of=f"by hand {seed} {n}")
    classes = np.where(images.max(axis=3) == 0, 0, 2).astype(np.uint8)
    classes[blood], classes[:, 5, 5] = 7, UNKNOWN
    made.__dict__.update(images=images, blood=blood, valid=valid, classes=classes)
    return made


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path))
    return tmp_path


def found_in(frames: Packed, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random(frames.valid.shape) < 0.3


def test_the_view_is_what_the_slow_way_sees_in_levels_and_in_shares():
    frames = packed()
    seen = views(frames.images, frames.valid)
    for one, image, valid in zip(seen, frames.images, frames.valid):
        assert (visible(image / np.float32(255), valid) == one).all()
        assert (visible(image, valid) == one).all()
    assert not seen[:, 0].any() and seen[:, 4:8, 4:8].any()


def test_dark_inside_the_view_is_no_surround():
    image = np.full((9, 9, 3), 0.5, np.float32)
    image[0], image[4, 4] = 0, 0
    seen = visible(image, np.ones((9, 9), bool))
    assert not seen[0].any() and seen[4, 4]


def test_the_regions_are_counted_as_by_hand_and_add_up():
    frames = packed(70)  # more than one chunk
    found = found_in(frames)
    table = evaluation.evaluate(found, frames)
    whole = counts.count(found, frames.blood, frames.valid)
    seen = views(frames.images, frames.valid)
    for region, where in (("view", seen), ("surround", ~seen)):
        by_hand = counts.count(found, frames.blood, frames.valid & where)
        part = within(table, region)[list(counts.COLUMNS)]
        assert (part.to_numpy() == by_hand.to_numpy()).all()
    assert (table[list(counts.COLUMNS)].to_numpy() == whole.to_numpy()).all()
    assert (counts.valid_pixels(table) == frames.valid.sum(axis=(1, 2))).all()
    assert within(table, "frame") is table and list(table["row"]) == list(range(70))


def test_a_mark_in_the_surround_is_no_mark_in_the_view():
    frames = packed()
    seen = views(frames.images, frames.valid)
    table = evaluation.evaluate(~seen, frames)
    assert (table["view_fp"] == 0).all() and (table["surround_fp"] > 0).all()
    both = (evaluation.false_area_in(one)(table) for one in ("view", "surround"))
    np.testing.assert_allclose(sum(both), counts.false_area(table))
    assert evaluation.inside("view", counts.recall)(table).dropna().eq(0).all()


def test_all_kinds_of_models_are_asked_in_their_way(monkeypatch):
    frames = packed()
    level = frames.images[..., 0]
    expected = evaluation.evaluate(level, frames)

    def same(model) -> None:
        found = evaluation.evaluate(model, frames)
        pd.testing.assert_frame_equal(found, expected)

    same(level >= 128)
    same(level / 256.0)
    same(lambda images: images[..., 0])

    class Red(torch.nn.Module):
        def forward(self, x):
            return 100 * (x[:, :1] - 127.5 / 255)

    asked, network = [], Red()
    monkeypatch.setattr(
        runs, "probabilities", lambda run, packed: asked.append(run.key) or level
    )
    same(network)
    same(runs.Run(network, None, "key"))
    assert asked == ["key"]

    class Remedied:
        model = network
        style = staticmethod(lambda image, valid: np.zeros_like(image))

    assert evaluation.evaluate(Remedied(), frames)["fp"].sum() == 0


def test_the_view_of_changed_frames_is_found_in_them():
    frames = packed()
    darker = frames.images.copy()
    darker[:, :5] = 0
    everywhere = np.ones(frames.valid.shape, bool)
    one = evaluation.evaluate(everywhere, frames)
    other = evaluation.evaluate(everywhere, frames, images=darker)
    assert (other["surround_fp"] > one["surround_fp"]).all()
    assert (other["fp"] == one["fp"]).all()


@pytest.mark.parametrize(
    "run, words",
    [
        (
            lambda: evaluation.evaluate(np.zeros((2, 3, 3), bool), packed()),
            "are (2, 3, 3), but the frames are (5, 12, 16); give one per frame",
        ),
        (
            lambda: evaluation.evaluate(np.zeros((5, H, W)), packed(), threshold=128),
            "threshold is 128, but it is a probability; give",
        ),
        (
            lambda: within(pd.DataFrame(), "rim"),
            "no region 'rim'; choose one of frame, view, surround.",
        ),
    ],
)
def test_bad_input_is_one_sentence(run, words):
    with pytest.raises(CourseError, match=re.escape(words)):
        run()


def test_false_marks_by_class_by_hand():
    frames = packed()
    found = found_in(frames)
    table = evaluation.false_by_class(found, frames).set_index("class")
    clean = frames.valid & ~frames.blood
    names = {0: "Black Background", 2: "Liver", UNKNOWN: "no class given"}
    for number, name in names.items():
        where = clean & (frames.classes == number)
        assert table.loc[name, "false_pixels"] == (found & where).sum()
        marked = 100 * (found & where).sum() / where.sum()
        assert table.loc[name, "marked"] == pytest.approx(marked)
    assert table["share"].sum() == pytest.approx(100)
    assert table["false_pixels"].sum() == evaluation.evaluate(found, frames)["fp"].sum()
    assert table["false_pixels"].is_monotonic_decreasing
    none = evaluation.false_by_class(np.zeros_like(found), frames)
    assert none["share"].isna().all() and (none["false_pixels"] == 0).all()


def test_the_error_map_by_hand():
    frames = packed()
    found = found_in(frames)
    shares = evaluation.error_map(found, frames)
    assert np.isnan(shares[:, -1]).all()
    clean = frames.valid & ~frames.blood
    by_hand = 100 * (found & clean)[:, 4, 6].sum() / clean[:, 4, 6].sum()
    assert shares[4, 6] == pytest.approx(by_hand)


def test_the_lost_dice_is_divided_exactly():
    frames = packed(40)
    table = evaluation.evaluate(found_in(frames), frames)
    lost = evaluation.oracle_division(table)
    assert len(lost) == counts.has_blood(table).sum() < len(table)
    assert lost[list(LOST)].sum(axis=1).to_numpy() == pytest.approx(1 - lost["dice"])
    assert list(lost["subject"]) == list(table["subject"][counts.has_blood(table)])


def test_the_division_by_hand():
    counted = {
        "": (10, 10, 10, 70),
        "view_": (10, 0, 10, 30),
        "surround_": (0, 10, 0, 40),
    }
    row = {"subject": "a", "split": "ood_test"}
    for region, numbers in counted.items():
        row |= {region + name: n for name, n in zip(("tp", "fp", "fn", "tn"), numbers)}
    [one] = evaluation.oracle_division(pd.DataFrame([row])).to_dict("records")
    # Dice 1/2; without the surround 20/30; with all blood found 40/50; with both 1.
    assert one["surround"] == pytest.approx(((20 / 30 - 0.5) + (1 - 0.8)) / 2)
    assert one["missed blood"] == pytest.approx(((0.8 - 0.5) + (1 - 20 / 30)) / 2)
    assert one["false marks in the view"] == 0 and one["dice"] == 0.5


def test_alarms_at_three_sizes():
    marked = {"tp": 0, "fn": 0, "fp": [0, 1, 5, 20], "tn": [1000, 999, 995, 980]}
    rows = pd.DataFrame(marked)
    rates = [list(alarm(rows)) for alarm in evaluation.ALARMS.values()]
    assert list(evaluation.ALARMS) == [
        "alarm_at_1px",
        "alarm_at_0_1pct",
        "alarm_at_1pct",
    ]
    assert rates == [[0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1]]
    bloody = rows.assign(fn=1)
    assert all(alarm(bloody).isna().all() for alarm in evaluation.ALARMS.values())
