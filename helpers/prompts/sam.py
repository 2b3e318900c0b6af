"""Segment Anything (Kirillov et al., 2023) through the library transformers.

An optional extra: the library and its weights need not be there, and a clear sentence
says how to add them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers import settings
from helpers.errors import CourseError
from helpers.prompts.methods import Box, Point, asked

HUB = "facebook/sam-vit-base"  # 94 million parameters; code and weights Apache-2.0


class SegmentAnything:
    """The model with its processor; called as every method of helpers.prompts is.

    What the encoder makes of an image takes nearly all of the time, so that the last
    image's is kept for the next click.
    """

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

        points = asked(image, points, box)
        more = {}
        if points:
            more["input_points"] = [[[[point.x, point.y] for point in points]]]
            more["input_labels"] = [[[int(point.is_blood) for point in points]]]
        if box is not None:
            more["input_boxes"] = [[[float(side) for side in box]]]
        ready = self.processor(images=image, return_tensors="pt", **more)
        ready = ready.to(self.model.device)
        with torch.no_grad():
            seen = self._seen(image, ready["pixel_values"])
            prompts = {
                name: ready[name].float() if name != "input_labels" else ready[name]
                for name in more
            }
            found = self.model(
                image_embeddings=seen,
                multimask_output=box is None and len(points) == 1,
                **prompts,
            )
        masks = self.processor.post_process_masks(
            found.pred_masks.cpu(),
            ready["original_sizes"].cpu(),
            ready["reshaped_input_sizes"].cpu(),
        )
        best = int(found.iou_scores[0, 0].argmax())
        return masks[0][0, best].numpy().astype(bool)

    def _seen(self, image: np.ndarray, pixels):
        if self._last is None or not np.array_equal(self._last[0], image):
            seen = self.model.get_image_embeddings(pixels)
            self._last = np.array(image), seen
        return self._last[1]


def folder() -> Path:
    """Where the weights are looked for when no place is named: `sam/` in the course's
    data folder."""
    return settings.data_folder() / "sam"


def segment_anything(place: str | Path | None = None) -> SegmentAnything:
    """The model from a local folder that transformers' save_pretrained wrote, or by its
    name on the hub (HUB, for instance), which downloads it.

    Without a place, `folder()` is looked into and nothing is downloaded. CourseError
    where the library or the weights are missing or can't be read.
    """
    try:
        from transformers import SamModel, SamProcessor
        from transformers.utils import logging
    except ImportError as error:
        raise CourseError(
            "Segment Anything needs the package transformers, which is not installed; "
            "add it with: pip install -e '.[sam]'"
        ) from error
    local = folder() if place is None else Path(place)
    if place is None and not local.is_dir():
        raise CourseError(
            f"There are no weights of Segment Anything in {_short(local)}; save "
            f"{HUB} from the Hugging Face hub into that folder (README, 'Segment "
            "Anything'), and run this again."
        )
    logging.disable_progress_bar()  # a page would keep every step of it
    place = str(local if local.is_dir() else place)
    try:
        model = SamModel.from_pretrained(place, local_files_only=local.is_dir())
        processor = SamProcessor.from_pretrained(place, local_files_only=local.is_dir())
    except Exception as error:  # whatever the library raises, the reader needs a remedy
        why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise CourseError(
            f"Segment Anything can't be loaded from {place} ({why}); give a folder "
            "that save_pretrained wrote, or a name on the hub that this machine can "
            "reach."
        ) from error
    return SegmentAnything(model, processor)


def _short(path: Path) -> str:
    """The path as a reader knows it: inside the course, from its root."""
    if path.is_relative_to(settings.ROOT):
        return path.relative_to(settings.ROOT).as_posix()
    return str(path)
