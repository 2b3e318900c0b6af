"""Batches augmented all at once: what torchvision does to each frame alone, image and masks alike; run here on a CPU."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from helpers import batches, frames
from helpers.remedies import looks


@pytest.fixture
def drawn():
    """Smooth pictures, so that a pixel's place shows, and two masks cut from them."""
    coarse = torch.rand(6, 3, 5, 7, generator=torch.Generator().manual_seed(1))
    images = torch.nn.functional.interpolate(coarse, (40, 56), mode="bilinear")
    masks = torch.stack([images[:, 0] > 0.5, images[:, 1] > 0.6], dim=1).float()
    return images.contiguous(), masks


def both(way, transform, images, masks):
    """One after the other as torchvision has it, and all at once."""
    torch.manual_seed(5)
    pairs = [batches.augmented(transform, *pair) for pair in zip(images, masks)]
    torch.manual_seed(5)
    return [torch.stack(one) for one in zip(*pairs)], way(transform, images, masks)


PARTS = {
    "mirrored": v2.RandomHorizontalFlip(0.5),
    "moved": v2.RandomAffine(degrees=15, translate=(0.08, 0.08), scale=(0.85, 1.2)),
    "turned far": v2.RandomAffine(degrees=90, translate=(0.3, 0.1), scale=(0.5, 2)),
    "lit": v2.ColorJitter(brightness=0.4, contrast=0.5),
    "brightness alone": v2.ColorJitter(brightness=0.4),
    "contrast alone": v2.ColorJitter(contrast=0.4),
    "no light for some": v2.ColorJitter(brightness=(0.0, 0.5)),
    "no light at all": v2.ColorJitter(brightness=(0, 0)),
}


@pytest.mark.parametrize("transform", PARTS.values(), ids=PARTS)
def test_a_rule_does_what_torchvision_does_to_each_frame(transform, drawn):
    expected, found = both(batches.RULES[type(transform)], transform, *drawn)
    for one, other in zip(found, expected):
        # Where a pixel comes from half-way between two, rounding decides.
        differs = (one - other).abs() > 1e-5
        assert one.shape == other.shape and differs.float().mean() < 0.005
    assert not torch.equal(found[0], drawn[0])


@pytest.mark.parametrize(
    "transform",
    [
        v2.ColorJitter(hue=0.1),
        v2.RandomAffine(10, shear=5),
        v2.RandomAffine(10, fill=1),
        v2.GaussianBlur(5),
        looks.RoundView(1.0),
    ],
    ids=repr,
)
def test_what_no_rule_knows_goes_frame_by_frame(transform, drawn):
    expected, found = both(batches.together, transform, *drawn)
    # A rule may have looked at the transform, but drew nothing.
    assert all(torch.equal(one, other) for one, other in zip(found, expected))


def test_each_frame_has_its_own_chance(drawn):
    images, masks = (one[:1].repeat(16, 1, 1, 1) for one in drawn)
    torch.manual_seed(0)
    found, _ = batches.together(batches.light_augmentation(), images, masks)
    assert len({one.numpy().tobytes() for one in found}) == 16


def held(*given):
    return batches.Held(*given).at


# Frame by frame, as on a processor, and all at once, as on a GPU.
@pytest.mark.parametrize("source", [batches.source, held])
@pytest.mark.parametrize("fill_counts", [True, False])
def test_image_blood_and_known_move_alike_and_what_comes_in_is_fill(
    disks, source, fill_counts
):
    # What nobody labelled is bright blue, so that it can be found again.
    for name in ("images", "blood", "valid"):
        disks.__dict__[name] = getattr(disks, name).copy()
    disks.valid[:, 20:30, 20:30] = False
    disks.images[:, 20:30, 20:30] = (0, 0, 255)
    disks.blood[:, 20:30, 20:30] = False
    move = v2.RandomAffine(degrees=(20, 30), translate=(0.2, 0.2), scale=(0.8, 0.9))
    torch.manual_seed(3)
    batch_at = source(disks, move, "cpu", fill_counts)
    images, blood, known = batch_at(np.arange(len(disks)))
    assert set(blood.unique().tolist()) == set(known.unique().tolist()) == {0.0, 1.0}
    blue = (images[:, 2] == 1) & (images[:, 0] == 0)
    red = images[:, 0] - images[:, 1] > 0.3
    outside = (images == 0).all(dim=1)
    assert outside.float().mean() > 0.1 and blue.any() and red.any()
    assert (blood[outside] == 0).all()
    assert torch.equal(blood > 0, red) or (blood > 0).ne(red).float().mean() < 0.01
    # Fill is known to hold nothing, unless our old mistake is asked for.
    assert (known[outside] == (1 if fill_counts else 0)).all()
    assert (known[blue] == 0).all() and (known[~blue & ~outside] == 1).all()


@pytest.mark.parametrize("source", [batches.source, held])
def test_fill_is_known_to_hold_no_blood_and_unknown_pixels_are_not_asked(disks, source):
    padded, rows = frames.pack(disks.table, (64, 96)), np.array([1, 4, 7])
    assert padded.fill[:, :, :16].all() and not padded.valid.all()
    for fill_counts in (True, False):
        batch_at = source(padded, None, "cpu", fill_counts)
        images, blood, known = (one.numpy() for one in batch_at(rows))
        shares = padded.images[rows].transpose(0, 3, 1, 2) / np.float32(255)
        assert (images == shares).all() and (blood == padded.blood[rows]).all()
        asked = padded.valid | padded.fill if fill_counts else padded.valid
        assert (known == asked[rows]).all()


def test_frames_that_do_not_fit_stay_in_memory(disks, monkeypatch):
    monkeypatch.setattr(batches, "_free", lambda _: disks.images.nbytes)
    held = batches.Held(disks, None, "meta")
    assert held.place == "cpu" and held.images.device.type == "cpu"
    monkeypatch.setattr(batches, "_free", lambda _: 10 * disks.images.nbytes)
    assert batches.Held(disks, None, "meta").images.device.type == "meta"
