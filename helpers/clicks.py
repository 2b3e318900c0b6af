"""Segment Anything, where its library and its weights are: an image, clicks and a box
in, a mask out.

>>> sam = segment_anything()
>>> mask = sam(image, [Point(12, 12), Point(3, 3, is_blood=False)])
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from helpers import CourseError, settings

HUB = "facebook/sam-vit-base"  # 94 million parameters; code and weights Apache-2.0


class Point(NamedTuple):
    """A click: its column x and its row y in pixels, and whether it says "blood"."""

    x: int
    y: int
    is_blood: bool = True


class SegmentAnything:
    """Segment Anything (Kirillov et al., 2023). The encoder takes nearly all of the
    time: the last image's features are kept for the next click."""

    def __init__(self, model, processor) -> None:
        self.model = model.eval().to(settings.device())
        self.processor = processor
        self._last: tuple[np.ndarray, object] | None = None

    def __call__(
        self,
        image: np.ndarray,
        points: Sequence[Point],
        box: tuple[int, int, int, int] | None = None,
    ) -> np.ndarray:
        """Mask (bool HxW): the one of several that the model itself thinks best for a
        single click, the only one for more clicks or a box.

        image: HxWx3 uint8 RGB. box: (left, top, right, bottom) in pixels.
        """
        import torch

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
