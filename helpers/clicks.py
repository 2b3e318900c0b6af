"""Segmentation by a click or a box: an image, points and a box in, a mask out; and the
click of a user who looks for the middle of the largest error.

Every method is a function method(image, points, box=None): image HxWx3 uint8 RGB,
points as `Point`s, box (left, top, right, bottom) in pixels, right and bottom not
included; it gives a bool mask HxW, or a CourseError that says what is wrong with what
it was asked. GrabCut and the watershed are always there; Segment Anything comes with
`segment_anything()` where its library and its weights are.

>>> image = np.full((24, 24, 3), 200, np.uint8)
>>> image[6:18, 6:18] = (120, 10, 10)
>>> found = watershed(image, [Point(12, 12)])
>>> bool(found[12, 12]), bool(found[2, 2])
(True, False)
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from helpers import CourseError, settings

Box = tuple[int, int, int, int]
SEED = 2  # pixels around a click that are taken as certain
NEAR = 0.12  # of the shorter side: around a click on blood, more blood is likely
ROUNDS = 2  # of GrabCut; a third changed nothing on training pigs
HUB = "facebook/sam-vit-base"  # 94 million parameters; code and weights Apache-2.0


class Point(NamedTuple):
    """A click: its column x and its row y in pixels, and whether it says "blood"."""

    x: int
    y: int
    is_blood: bool = True


def grabcut(
    image: np.ndarray, points: Sequence[Point], box: Box | None = None
) -> np.ndarray:
    """Mask (bool HxW) of GrabCut (Rother et al., 2004), as OpenCV has it.

    Clicks are certain; around those on blood, and inside a box, blood is the first
    guess. What is not joined to a click on blood, or to the box, is left out.
    """
    points = _asked(image, points, box)
    labels = np.full(image.shape[:2], cv2.GC_PR_BGD, np.uint8)
    if box is not None:
        labels[:] = cv2.GC_BGD
        labels[_inside(box)] = cv2.GC_PR_FGD
    else:
        near = _disks(image.shape, points, True, round(NEAR * min(image.shape[:2])))
        labels[near] = cv2.GC_PR_FGD
    for kind, label in ((False, cv2.GC_BGD), (True, cv2.GC_FGD)):
        labels[_disks(image.shape, points, kind, SEED)] = label
    for x, y, is_blood in points:  # a click's own pixel is never overruled
        labels[y, x] = cv2.GC_FGD if is_blood else cv2.GC_BGD
    if not np.isin(labels, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        return np.ones(labels.shape, bool)  # a box around all of it leaves no rest
    mixtures = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # the mixtures begin with k-means
    how = None, *mixtures, ROUNDS, cv2.GC_INIT_WITH_MASK
    cv2.grabCut(np.ascontiguousarray(image), labels, *how)
    return _joined(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)), points, box)


def watershed(
    image: np.ndarray, points: Sequence[Point], box: Box | None = None
) -> np.ndarray:
    """Mask (bool HxW) of the watershed (Meyer, 1992) from markers at the clicks.

    Without a click on something else, the frame's edge, or what lies outside the box,
    is the other marker; without a click on blood, the middle of the box is the one.
    """
    points = _asked(image, points, box)
    blood, other = (_disks(image.shape, points, kind, SEED) for kind in (True, False))
    height, width = image.shape[:2]
    edge = np.ones((height, width), bool)
    edge[_inside(box or (1, 1, width - 1, height - 1))] = False
    if not blood.any():
        left, top, right, bottom = box
        blood[(top + bottom) // 2, (left + right) // 2] = True
    markers = np.where(blood, 2, edge | other).astype(np.int32)
    for x, y, is_blood in points:
        markers[y, x] = 2 if is_blood else 1
    # OpenCV leaves its own outermost ring without a label.
    padded = np.pad(markers, 1, mode="edge")
    wide = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    found = cv2.watershed(wide, padded)[1:-1, 1:-1] == 2
    for x, y, is_blood in points:
        found[y, x] = is_blood
    return found


def _asked(
    image: np.ndarray, points: Sequence[Point], box: Box | None = None
) -> list[Point]:
    """The clicks as Points, or a CourseError that says what is wrong with them."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise CourseError(
            f"The image is {image.dtype} {image.shape}; give RGB levels from 0 to 255 "
            "as uint8, height by width by 3."
        )
    height, width = image.shape[:2]
    points = [Point(int(x), int(y), bool(is_blood)) for x, y, is_blood in points]
    for x, y, _ in points:
        if not (0 <= x < width and 0 <= y < height):
            raise CourseError(
                f"The click ({x}, {y}) lies outside the image of {width} by {height} "
                "pixels; give its column first, then its row, both from 0."
            )
    if box is not None:
        left, top, right, bottom = box
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise CourseError(
                f"The box {tuple(box)} does not lie inside the image of {width} by "
                f"{height} pixels; give left, top, right and bottom, in this order."
            )
    elif not any(point.is_blood for point in points):
        raise CourseError(
            "Nothing says where blood is; give at least one click on blood, or a box."
        )
    return points


def _inside(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def _disks(shape, points: Sequence[Point], is_blood: bool, radius: int) -> np.ndarray:
    drawn = np.zeros(shape[:2], np.uint8)
    for x, y in (point[:2] for point in points if point.is_blood == is_blood):
        cv2.circle(drawn, (x, y), radius, 1, -1)
    return drawn > 0


def _joined(found: np.ndarray, points: Sequence[Point], box: Box | None) -> np.ndarray:
    """The parts of a mask that hold a click on blood; all of them with a box alone."""
    clicked = [(y, x) for x, y, is_blood in points if is_blood]
    if box is not None and not clicked:
        return found
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    kept = {parts[place] for place in clicked} - {0}
    return np.isin(parts, list(kept))


def next_click(
    found: np.ndarray, blood: np.ndarray, valid: np.ndarray | None = None
) -> Point | None:
    """The middle of the largest error, or None where nothing is wrong.

    found, blood, valid: bool HxW. Of the connected parts (of four neighbours) that are
    missed or falsely marked, in the one with most pixels, the click lies where the way
    to its edge is longest (the distance transform's top), the frame's edge being one.
    """
    valid = np.ones_like(blood) if valid is None else valid
    best, area, is_blood = None, 0, True
    for kind, wrong in ((True, blood & ~found), (False, found & ~blood)):
        parts, _ = ndimage.label(wrong & valid)
        sizes = np.bincount(parts.ravel())[1:]
        if len(sizes) and sizes.max() > area:
            best, area, is_blood = parts == 1 + sizes.argmax(), sizes.max(), kind
    if best is None:
        return None
    # OpenCV's distances differ in the last bit by where an array lies in memory, so
    # that of two places equally far from the edge now one came first, now the other.
    inside = ndimage.distance_transform_edt(np.pad(best, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(np.argmax(inside), inside.shape)
    return Point(int(x), int(y), is_blood)


class SegmentAnything:
    """Segment Anything (Kirillov et al., 2023), called as every method is. The encoder
    takes nearly all of the time: the last image's features are kept for the next
    click."""

    def __init__(self, model, processor) -> None:
        self.model = model.eval().to(settings.device())
        self.processor = processor
        self._last: tuple[np.ndarray, object] | None = None

    def __call__(
        self, image: np.ndarray, points: Sequence[Point], box: Box | None = None
    ) -> np.ndarray:
        """Mask (bool HxW): the one of several that the model itself thinks best for a
        single click, the only one for more clicks or a box."""
        import torch

        points = _asked(image, points, box)
        more = {}
        if points:
            more["input_points"] = [[[[point.x, point.y] for point in points]]]
            more["input_labels"] = [[[int(point.is_blood) for point in points]]]
        if box is not None:
            more["input_boxes"] = [[[float(side) for side in box]]]
        ready = self.processor(images=image, return_tensors="pt", **more)
        ready = ready.to(self.model.device)
        prompts = {name: ready[name] for name in more}
        prompts |= {n: one.float() for n, one in prompts.items() if n != "input_labels"}
        several = box is None and len(points) == 1
        with torch.no_grad():
            if self._last is None or not np.array_equal(self._last[0], image):
                seen = self.model.get_image_embeddings(ready["pixel_values"])
                self._last = np.array(image), seen
            given = dict(image_embeddings=self._last[1], multimask_output=several)
            found = self.model(**given, **prompts)
        sizes = (ready[f"{one}_sizes"].cpu() for one in ("original", "reshaped_input"))
        masks = self.processor.post_process_masks(found.pred_masks.cpu(), *sizes)
        best = int(found.iou_scores[0, 0].argmax())
        return masks[0][0, best].numpy().astype(bool)


def segment_anything() -> SegmentAnything:
    """The model from the folder `sam/` of the course's data; nothing is downloaded.
    CourseError where the library or the weights are missing or can't be read."""
    try:
        from transformers import SamModel, SamProcessor
        from transformers.utils import logging
    except ImportError as error:
        raise CourseError(
            "Segment Anything needs the package transformers, which is not installed; "
            "add it with: pip install -e '.[sam]'"
        ) from error
    place = settings.data_folder() / "sam"
    if not place.is_dir():
        raise CourseError(
            "There are no weights of Segment Anything in data/sam; save "
            f"{HUB} from the Hugging Face hub into that folder (README, 'Segment "
            "Anything'), and run this again."
        )
    logging.disable_progress_bar()  # a page would keep every step of it
    try:
        kinds = SamModel, SamProcessor
        parts = [one.from_pretrained(place, local_files_only=True) for one in kinds]
    except Exception as error:  # whatever the library raises, the reader needs a remedy
        why = str(error).partition("\n")[0].rstrip(".")
        raise CourseError(
            f"Segment Anything can't be loaded from {place} ({why}); save {HUB} into "
            "it again (README, 'Segment Anything')."
        ) from error
    return SegmentAnything(*parts)
