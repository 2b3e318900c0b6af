"""Batches: frames as tensors, augmented; on a GPU held there and augmented all at once.

On a CPU each frame goes through torchvision's transform by itself. A GPU would wait for
that: there the frames stay on the device where they fit, and those parts of a transform
that RULES names act on a whole batch, each frame with its own chance.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from helpers.frames import Packed

BatchAt = Callable[[np.ndarray], tuple[Tensor, ...]]


def light_augmentation() -> v2.Transform:
    """What a camera does anyway: mirrored, tilted, nearer or farther, a little brighter
    or darker.
    """
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomAffine(degrees=15, translate=(0.08, 0.08), scale=(0.85, 1.2)),
            v2.ColorJitter(brightness=0.1, contrast=0.1),
        ]
    )


def augmented(
    transform: v2.Transform, image: torch.Tensor, masks: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """One frame through a transform: image (3, H, W) in 0..1 and masks (N, H, W), all
    moved alike.

    What comes in from outside the frame is black, and 0 in each mask.
    """
    image, masks = transform(tv_tensors.Image(image), tv_tensors.Mask(masks))
    return image.as_subclass(torch.Tensor), masks.as_subclass(torch.Tensor)


def batch_of(
    packed: Packed,
    rows: np.ndarray,
    transform: v2.Transform | None = None,
    fill_counts: bool = True,
) -> tuple[torch.Tensor, ...]:
    """Frames as tensors: images (N, 3, H, W) in 0..1, blood and known (N, H, W) as 0 or
    1.

    Known is where the loss looks. Fill (padding, and what a transform brings in) is
    known to hold nothing, so it counts as "no blood"; only where nobody knows the label
    is nothing asked. fill_counts=False leaves fill out as well: our own mistake, which
    lesson 03 tells and lesson 05 re-enacts.
    """
    images = as_tensor(packed.images[rows])
    asked = _asked(packed, fill_counts, rows)
    masks = torch.from_numpy(np.stack([packed.blood[rows], asked], axis=1)).float()
    if transform is not None:
        pairs = [
            augmented(transform, image, mask) for image, mask in zip(images, masks)
        ]
        images, masks = (torch.stack(parts) for parts in zip(*pairs))
    return images, masks[:, 0], 1 - masks[:, 1] if fill_counts else masks[:, 1]


def _asked(packed: Packed, fill_counts: bool, rows=slice(None)) -> np.ndarray:
    """A transform brings in zeros. Moving what is *un*known makes them known; moving
    what is valid does not."""
    valid = packed.valid[rows]
    return ~(valid | packed.fill[rows]) if fill_counts else valid


def as_tensor(images: np.ndarray) -> torch.Tensor:
    """Images uint8 NxHxWx3 as (N, 3, H, W) in 0..1."""
    # A copy, since packed frames are read-only and torch wants to own what it is given.
    return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float() / 255


def source(
    packed: Packed, transform: v2.Transform | None, device: str, fill_counts: bool
) -> BatchAt:
    """Rows of packed frames to a batch on the device, as batch_of gives it."""
    if device != "cpu":
        return Held(packed, transform, device, fill_counts).at

    def at(rows: np.ndarray) -> tuple[Tensor, ...]:
        images, *masks = batch_of(packed, rows, transform, fill_counts)
        return images.to(memory_format=torch.channels_last), *masks

    return at


class Held:
    """Frames on the device where they fit into half of what is free there, else in
    memory, and batches of them augmented on the device."""

    def __init__(
        self,
        packed: Packed,
        transform: v2.Transform | None,
        device: str,
        fill_counts: bool = True,
    ) -> None:
        self.transform, self.device, self.fill_counts = transform, device, fill_counts
        masks = np.stack([packed.blood, _asked(packed, fill_counts)], axis=1)
        fits = packed.images.nbytes + masks.nbytes <= _free(device) / 2
        self.place = device if fits else "cpu"
        self.images = torch.from_numpy(np.array(packed.images)).to(self.place)
        self.masks = torch.from_numpy(masks).to(self.place)

    def at(self, rows: np.ndarray) -> tuple[Tensor, ...]:
        """As batch_of: what a transform brings in is fill, and known."""
        rows = torch.from_numpy(rows).to(self.place)
        images = self.images[rows].to(self.device).permute(0, 3, 1, 2).float() / 255
        masks = self.masks[rows].to(self.device).float()
        if self.transform is not None:
            images, masks = together(self.transform, images, masks)
        images = images.contiguous(memory_format=torch.channels_last)
        known = 1 - masks[:, 1] if self.fill_counts else masks[:, 1]
        return images, masks[:, 0], known


def _free(device: str) -> float:
    """Bytes that are free on a device; all that is asked for where it doesn't say."""
    return torch.cuda.mem_get_info()[0] if device == "cuda" else float("inf")


def together(
    transform: v2.Transform, images: Tensor, masks: Tensor
) -> tuple[Tensor, Tensor]:
    """A batch through a transform: images (N, 3, H, W) in 0..1 and masks (N, M, H, W),
    each frame moved by its own chance, and its masks with it.

    A part without a rule takes the frames one by one, on their device.
    """
    if isinstance(transform, v2.Compose):
        for part in transform.transforms:
            images, masks = together(part, images, masks)
        return images, masks
    for kind, rule in RULES.items():
        if type(transform) is kind and (done := rule(transform, images, masks)):
            return done
    pairs = [augmented(transform, *pair) for pair in zip(images, masks)]
    return tuple(torch.stack(parts) for parts in zip(*pairs))


def _mirrored(part: v2.RandomHorizontalFlip, images: Tensor, masks: Tensor):
    turn = torch.cat([torch.rand(1) for _ in images]) < part.p
    turn = turn.to(images.device)[:, None, None, None]
    return tuple(torch.where(turn, one.flip(-1), one) for one in (images, masks))


def _moved(part: v2.RandomAffine, images: Tensor, masks: Tensor):
    """Each pixel looks where it came from, to the nearest; from outside comes 0."""
    plain = part.shear is None and part.center is None and part.fill == 0
    nearest = v2.InterpolationMode(part.interpolation) == v2.InterpolationMode.NEAREST
    if not (plain and nearest):
        return None
    height, width = images.shape[-2:]
    half = torch.tensor([width / 2, height / 2], dtype=torch.float64)
    back = []
    for drawn in (part.make_params([image]) for image in images):
        angle = torch.tensor(drawn["angle"], dtype=torch.float64).deg2rad()
        cosine, sine = angle.cos() / drawn["scale"], angle.sin() / drawn["scale"]
        turn = torch.stack([cosine, sine, -sine, cosine]).view(2, 2)
        shift = torch.tensor(drawn["translate"], dtype=torch.float64)
        # affine_grid counts from -1 to 1 along both sides.
        turn, shift = turn * half / half[:, None], -(turn @ shift) / half
        back.append(torch.cat([turn, shift[:, None]], dim=1))
    grid = torch.nn.functional.affine_grid(
        torch.stack(back).to(images), images.shape, align_corners=False
    )
    both = torch.nn.functional.grid_sample(
        torch.cat([images, masks], dim=1), grid, mode="nearest", align_corners=False
    )
    return both[:, :3], both[:, 3:]


def _lit(part: v2.ColorJitter, images: Tensor, masks: Tensor):
    """Brightness, and contrast around the mean of the grey picture, in drawn order."""
    if part.saturation is not None or part.hue is not None:
        return None
    drawn = [part.make_params([image]) for image in images]
    order = torch.stack([one["fn_idx"][one["fn_idx"] < 2] for one in drawn]).to(images)
    factors = [[one["brightness_factor"], one["contrast_factor"]] for one in drawn]
    factors = [[1.0 if one is None else one for one in pair] for pair in factors]
    factors = torch.tensor(factors).to(images)
    for turn in order.T.long():
        grey = v2.functional.rgb_to_grayscale(images).mean(dim=(1, 2, 3))
        around = torch.where(turn == 0, 0.0, grey)[:, None, None, None]
        factor = factors.gather(1, turn[:, None])[:, :, None, None]
        images = (factor * images + (1 - factor) * around).clamp(0, 1)
    return images, masks


RULES = {
    v2.RandomHorizontalFlip: _mirrored,
    v2.RandomAffine: _moved,
    v2.ColorJitter: _lit,
}
"""How some parts of a transform act on a whole batch; None where a part has settings
that a rule doesn't know."""
