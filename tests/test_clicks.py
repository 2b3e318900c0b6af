"""Lesson 09: masks from clicks and boxes, and the simulated user; helpers.clicks:
Segment Anything where its library is."""

import heapq
import re
import sys

import cv2
import numpy as np
import pytest
from lessons_by_hand import lifted
from scipy import ndimage

from helpers import CourseError, clicks, settings
from helpers.clicks import Point

WRITTEN = "convolved distance_in markers_of flooded disks first_guess grabcut "
WRITTEN += "click_markers watershed next_click simulated"
USED = dict(cv2=cv2, ndimage=ndimage, heapq=heapq, clicks=clicks)
USED |= dict(CERTAIN=2, CLICKS=5, GOAL=0.8)
LESSON = lifted("09", *WRITTEN.split(), **USED)
grabcut, watershed = LESSON["grabcut"], LESSON["watershed"]
METHODS = pytest.mark.parametrize("method", [grabcut, watershed])


def disk(x: float, y: float, radius: float, shape=(60, 80)) -> np.ndarray:
    rows, columns = np.indices(shape)
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def drawn(*blood: np.ndarray, seed: int = 0) -> np.ndarray:
    """Dark red disks on pale tissue, with a little noise."""
    image = np.full((*blood[0].shape, 3), (210, 170, 150), float)
    image[np.any(blood, axis=0)] = (130, 15, 20)
    image += np.random.default_rng(seed).normal(0, 3, image.shape)
    return image.clip(0, 255).astype(np.uint8)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@METHODS
def test_a_box_alone_finds_the_pool_in_it_and_nothing_outside(method) -> None:
    pool, other = disk(25, 25, 10), disk(62, 40, 10)
    box = (12, 12, 39, 39)
    found = method(drawn(pool, other), [], box)
    assert dice(found, pool) > 0.85
    outside = np.ones(pool.shape, bool)
    outside[12:39, 12:39] = False
    assert not (found & outside).any()


@METHODS
def test_a_click_inside_blood_is_in_the_mask_and_one_outside_is_not(method) -> None:
    random = np.random.default_rng(1)
    pool = disk(40, 30, 15)
    image = drawn(pool)
    inside, outside = np.argwhere(pool), np.argwhere(~pool)
    for _ in range(12):
        y, x = map(int, random.choice(inside))
        v, u = map(int, random.choice(outside))
        found = method(image, [Point(x, y), Point(u, v, False)])
        assert found[y, x] and not found[v, u]


@METHODS
def test_two_pools_take_two_clicks(method) -> None:
    pools = disk(18, 30, 9), disk(60, 30, 9)
    image = drawn(*pools)
    one = method(image, [Point(18, 30)])
    assert one.dtype == bool and one.shape == pools[0].shape
    both = method(image, [Point(18, 30), Point(60, 30)])
    assert dice(one, pools[0]) > 0.85 and dice(both, pools[0] | pools[1]) > 0.85


@METHODS
def test_the_same_clicks_give_the_same_mask_and_the_image_is_left_alone(method) -> None:
    image = drawn(disk(40, 30, 12))
    before, points = image.copy(), [Point(40, 30), Point(5, 5, False)]
    assert np.array_equal(method(image, points), method(image, points))
    assert np.array_equal(image, before)
    assert method(image, [], (0, 0, 80, 60))[30, 40]  # a box around everything


# The simulated user


def next_click(found, blood, valid=True):
    return LESSON["next_click"](found, blood, valid)


def middle_by_scipy(found: np.ndarray, blood: np.ndarray) -> set:
    """The reference: all places that lie deepest in a largest error, each with the
    click's word."""
    parts = []
    for is_blood, wrong in ((True, blood & ~found), (False, found & ~blood)):
        labels, count = ndimage.label(wrong)
        parts += [(is_blood, labels == part) for part in range(1, count + 1)]
    size, places = max(part.sum() for _, part in parts), set()
    for is_blood, part in parts:
        if part.sum() == size:
            deep = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
            deepest = np.argwhere(deep > deep.max() - 1e-3)
            places |= {(int(x), int(y), is_blood) for y, x in deepest}
    return places


@pytest.mark.parametrize("seed", range(20))
def test_the_next_click_lies_in_the_middle_of_the_largest_error(seed: int) -> None:
    random = np.random.default_rng(seed)
    blood, found = (
        ndimage.gaussian_filter(random.normal(size=(40, 50)), 3) > 0.02
        for _ in range(2)
    )
    assert next_click(found, blood) in middle_by_scipy(found, blood)


def test_both_kinds_of_error_and_the_edge_and_what_is_not_valid() -> None:
    blood, found = disk(20, 30, 6), disk(60, 30, 10)
    assert next_click(found, blood) == Point(60, 30, False)
    assert next_click(found & False, blood) == Point(20, 30, True)
    assert next_click(blood, blood) is None
    at_the_edge = np.zeros((60, 80), bool)
    at_the_edge[20:41, :11] = True  # were the edge no edge, the click would sit on it
    assert next_click(at_the_edge & False, at_the_edge) == Point(5, 25, True)
    valid = ~disk(60, 30, 12)
    assert next_click(found, blood, valid) == Point(20, 30, True)


def simulated(method, image, blood, most=5):
    """The lesson's, with its five clicks and its goal."""
    return LESSON["simulated"](method, image, blood, np.ones_like(blood), most)


def only_clicked(image, points):
    found = np.zeros(image.shape[:2], bool)
    for point in points:
        found |= disk(point.x, point.y, 6) & point.is_blood
    return found


def test_simulated_clicks_go_on_only_as_long_as_they_must() -> None:
    pools = [disk(8 + 16 * (n % 5), 12 + 30 * (n // 5), 6) for n in range(9)]
    blood = np.any(pools, axis=0)
    points, masks, dice = simulated(only_clicked, drawn(blood), blood, most=10)
    # Six of nine pools are 0.8: the sixth click is needed, the seventh isn't.
    assert np.allclose(dice, [2 * n / (n + 9) for n in range(1, 7)])
    assert len(points) == len(masks) == 6 and all(point.is_blood for point in points)
    assert len(simulated(only_clicked, drawn(blood), blood)[2]) == 5


def test_where_all_is_right_the_mask_stays_and_without_blood_nobody_clicks() -> None:
    pool = disk(40, 30, 6)
    points, masks, dice = simulated(only_clicked, drawn(pool), pool)
    assert len(points) == 1 and dice == [1.0] * 5 and len(masks) == 5
    assert simulated(only_clicked, drawn(pool), pool & False) == ([], [], [])


@pytest.mark.parametrize("seed", [80, 157, 322])
def test_of_places_equally_far_from_the_edge_the_first_is_clicked_always(seed) -> None:
    """Against integers: with OpenCV's distances the place hung on where memory lay, and
    two builds of one commit differed."""
    noise = np.random.default_rng(seed).normal(size=(40, 60))
    parts, _ = ndimage.label(ndimage.gaussian_filter(noise, 3) > 0)
    largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    for down, across in np.ndindex(3, 8):
        pool = np.pad(largest, ((down + 1, 1), (across + 1, 1)))
        here, edge = np.argwhere(pool), np.argwhere(~pool)
        far = ((here[:, None] - edge) ** 2).sum(axis=2).min(axis=1)
        assert (far == far.max()).sum() > 1
        y, x = here[far.argmax()]
        assert next_click(pool & False, pool) == Point(x, y, True)


@METHODS
def test_more_clicks_end_in_a_better_mask(method) -> None:
    blood = disk(20, 20, 10) | disk(58, 38, 12) | disk(60, 12, 7)
    _, _, dice = simulated(method, drawn(blood), blood)
    assert dice[-1] > 0.85 and dice[-1] > dice[0]


# Segment Anything


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small Segment Anything at random, saved as its library saves it."""
    transformers = pytest.importorskip("transformers")
    import torch

    torch.manual_seed(0)
    heads = {"num_attention_heads": 2, "mlp_dim": 64}
    images = {"image_size": 64, "patch_size": 8}
    vision = dict(hidden_size=32, output_channels=16, num_hidden_layers=2)
    vision |= heads | images | dict(window_size=2, global_attn_indexes=[1])
    prompt = images | dict(hidden_size=16, image_embedding_size=8)
    decoder = heads | dict(hidden_size=16, num_hidden_layers=1, iou_head_hidden_dim=16)
    config = transformers.SamConfig(
        vision_config=vision | {"num_pos_feats": 8},
        prompt_encoder_config=prompt | {"mask_input_channels": 4},
        mask_decoder_config=decoder,
    )
    images = transformers.SamImageProcessor(
        size={"longest_edge": 64}, pad_size={"height": 64, "width": 64}
    )
    folder = tmp_path_factory.mktemp("data") / "sam"
    transformers.SamModel(config).save_pretrained(folder)
    transformers.SamProcessor(images).save_pretrained(folder)
    return folder


@pytest.fixture
def weights(saved, monkeypatch):
    monkeypatch.setattr(settings, "data_folder", lambda: saved.parent)
    return saved


ASKED = [
    ([Point(40, 30)], None),
    ([Point(40, 30), Point(5, 5, False)], None),
    ([], (20, 10, 60, 50)),
    ([Point(40, 30)], (20, 10, 60, 50)),
]


def by_the_library(folder, image, points, box):
    """The reference: the model's whole forward pass, as its library's manual has it."""
    import torch
    from transformers import SamModel, SamProcessor

    model, processor = (one.from_pretrained(folder) for one in (SamModel, SamProcessor))
    more = {}
    if points:
        more["input_points"] = [[[[float(p.x), float(p.y)] for p in points]]]
        more["input_labels"] = [[[int(p.is_blood) for p in points]]]
    if box:
        more["input_boxes"] = [[[float(side) for side in box]]]
    ready = processor(image, return_tensors="pt", **more)
    with torch.no_grad():
        out = model(**ready, multimask_output=len(points) == 1 and box is None)
    masks = processor.image_processor.post_process_masks(
        out.pred_masks, ready["original_sizes"], ready["reshaped_input_sizes"]
    )
    return masks[0][0][int(out.iou_scores[0, 0].argmax())].numpy()


@pytest.mark.parametrize("points, box", ASKED)
def test_segment_anything_runs_from_a_folder(weights, points, box, capfd) -> None:
    sam = clicks.segment_anything()
    image = drawn(disk(40, 30, 12))
    found = sam(image, points, box)
    assert found.dtype == bool and capfd.readouterr().err == ""
    assert np.array_equal(found, by_the_library(weights, image, points, box))


def test_segment_anything_remembers_an_image_and_no_other(weights, monkeypatch) -> None:
    sam = clicks.segment_anything()
    calls, real = [], sam.model.get_image_embeddings
    monkeypatch.setattr(
        sam.model, "get_image_embeddings", lambda x: calls.append(1) or real(x)
    )
    one, other = drawn(disk(40, 30, 12)), drawn(disk(20, 20, 12))
    fresh = clicks.segment_anything()(other, [Point(20, 20)])
    for image in (one, one, other):
        found = sam(image, [Point(20, 20)])
    assert len(calls) == 2 and np.array_equal(found, fresh)


def test_absent_weights_and_an_absent_library_are_one_sentence_with_a_remedy(
    monkeypatch, tmp_path
) -> None:
    pytest.importorskip("transformers")
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path)
    hub = f"There are no weights.*{re.escape(clicks.HUB)}.*[.]$"
    with pytest.raises(CourseError, match=hub):
        clicks.segment_anything()
    (tmp_path / "sam").mkdir()
    named = f"can't be loaded from.*{re.escape(str(tmp_path))}"
    with pytest.raises(CourseError, match=named):
        clicks.segment_anything()
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(CourseError, match=r"not installed.*'\.\[sam\]'"):
        clicks.segment_anything()


# What else the lesson writes out


def test_the_lessons_convolution_is_opencvs() -> None:
    random = np.random.default_rng(0)
    image, kernel = random.normal(size=(9, 12)), random.normal(size=(3, 5))
    expected = cv2.filter2D(image, -1, kernel)[1:-1, 2:-2]
    assert np.allclose(LESSON["convolved"](image, kernel), expected)


def test_every_pool_keeps_a_marker_however_small_beside_another() -> None:
    small, large = disk(12, 12, 3), disk(50, 30, 20)
    markers = LESSON["markers_of"](small | large)
    assert (markers[small] == 2).any() and markers[12, 12] == 2
    assert markers[30, 50] == 2 and not (markers[~(small | large)] == 2).any()
    assert markers[55, 3] == 1
    assert not (LESSON["markers_of"](small & False) == 2).any()


def test_the_lake_that_reaches_a_pixel_lowest_gets_it() -> None:
    landscape = np.array([[0.0, 1, 2, 9, 3, 1, 0]])
    markers = np.array([[1, 0, 0, 0, 0, 0, 2]], np.int32)
    lake, height = LESSON["flooded"](landscape, markers)
    assert lake.tolist()[0][:3] == [1, 1, 1] and lake.tolist()[0][4:] == [2, 2, 2]
    assert height[0].tolist() == [0, 1, 2, 9, 3, 1, 0]


@pytest.mark.parametrize(
    "kernel, right",
    [
        (np.where(np.eye(9)[4].reshape(3, 3), 1, -1 / 8), True),
        ([[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]], True),
        ([[0, 0, 0], [0, 1, -1], [0, 0, 0]], False),  # finds an edge, and no spot
        ([[0, 0, 0], [-0.5, 1, -0.5], [0, 0, 0]], False),  # and this a line
        ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], False),
    ],
)
def test_exercise_1_takes_kernels_that_answer_to_spots(kernel, right, capsys) -> None:
    from helpers.cells import check
    from report.notebooks import FOLDER

    text = next(FOLDER.glob("09_*.py")).read_text(encoding="utf-8")
    source = re.search(r"(?ms)Exercise 1.*?^(check\(.*?^\))", text)[1]
    exec(source, {"np": np, "check": check, "spot": np.array(kernel, float)})
    assert (capsys.readouterr().out == "Right.\n") == right
