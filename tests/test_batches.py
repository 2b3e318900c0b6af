"""Batches augmented all at once: what torchvision does to each frame alone, image and masks alike; run here on a CPU."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from helpers import adaptation, batches, frames, models, settings, training


def drawn(number: int = 6, size: tuple[int, int] = (40, 56)):
    """Smooth pictures, so that a pixel's place shows, and two masks cut from them."""
    chance = torch.Generator().manual_seed(1)
    coarse = torch.rand(number, 3, 5, 7, generator=chance)
    images = torch.nn.functional.interpolate(coarse, size, mode="bilinear").contiguous()
    masks = torch.stack([images[:, 0] > 0.5, images[:, 1] > 0.6], dim=1).float()
    return images, masks


def one_by_one(transform, images, masks):
    pairs = [batches.augmented(transform, *pair) for pair in zip(images, masks)]
    return [torch.stack(parts) for parts in zip(*pairs)]


PARTS = {
    "mirrored": v2.RandomHorizontalFlip(0.5),
    "moved": v2.RandomAffine(degrees=15, translate=(0.08, 0.08), scale=(0.85, 1.2)),
    "turned far": v2.RandomAffine(degrees=90, translate=(0.3, 0.1), scale=(0.5, 2)),
    "lit": v2.ColorJitter(brightness=0.4, contrast=0.5),
    "brightness alone": v2.ColorJitter(brightness=0.4),
    "contrast alone": v2.ColorJitter(contrast=0.4),
    "no light for some": v2.ColorJitter(brightness=(0.0, 0.5)),
}


@pytest.mark.parametrize("transform", PARTS.values(), ids=PARTS)
def test_a_rule_does_what_torchvision_does_to_each_frame(transform):
    images, masks = drawn()
    torch.manual_seed(5)
    expected = one_by_one(transform, images, masks)
    torch.manual_seed(5)
    found = batches.RULES[type(transform)](transform, images, masks)
    for one, other in zip(found, expected):
        # Where a pixel comes from half-way between two, rounding decides.
        differs = (one - other).abs() > 1e-5
        assert one.shape == other.shape and differs.float().mean() < 0.005
    assert not torch.equal(found[0][0], found[0][1])


@pytest.mark.parametrize(
    "transform",
    [
        v2.ColorJitter(hue=0.1),
        v2.RandomAffine(10, shear=5),
        v2.RandomAffine(10, fill=1),
        v2.GaussianBlur(5),
        adaptation.RoundView(1.0),
    ],
    ids=repr,
)
def test_what_no_rule_knows_goes_frame_by_frame(transform):
    images, masks = drawn()
    torch.manual_seed(5)
    expected = one_by_one(transform, images, masks)
    torch.manual_seed(5)
    found = batches.together(transform, images, masks)
    # A rule may have looked at the transform, but drew nothing.
    assert all(torch.equal(one, other) for one, other in zip(found, expected))


def test_each_frame_has_its_own_chance():
    images, masks = (one[:1].repeat(16, 1, 1, 1) for one in drawn())
    torch.manual_seed(0)
    found, _ = batches.together(training.light_augmentation(), images, masks)
    assert len({one.numpy().tobytes() for one in found}) == 16


@pytest.mark.parametrize("fill_counts", [True, False])
def test_image_blood_and_known_move_alike_and_what_comes_in_is_fill(disks, fill_counts):
    disks.__dict__["valid"] = disks.valid.copy()
    # What nobody labelled is bright blue, so that it can be found again.
    for name in ("images", "blood"):
        disks.__dict__[name] = getattr(disks, name).copy()
    disks.valid[:, 20:30, 20:30] = False
    disks.images[:, 20:30, 20:30] = (0, 0, 255)
    disks.blood[:, 20:30, 20:30] = False
    move = v2.RandomAffine(degrees=(20, 30), translate=(0.2, 0.2), scale=(0.8, 0.9))
    held = batches.Held(disks, move, "cpu", fill_counts)
    torch.manual_seed(3)
    images, blood, known = held.at(np.arange(len(disks)))
    blue = (images[:, 2] == 1) & (images[:, 0] == 0)
    red = images[:, 0] - images[:, 1] > 0.3
    outside = (images == 0).all(dim=1)
    assert outside.float().mean() > 0.1 and blue.any() and red.any()
    assert (blood[outside] == 0).all()
    assert torch.equal(blood > 0, red) or (blood > 0).ne(red).float().mean() < 0.01
    # Fill is known to hold nothing, unless our old mistake is asked for.
    assert (known[outside] == (1 if fill_counts else 0)).all()
    assert (known[blue] == 0).all() and (known[~blue & ~outside] == 1).all()


@pytest.mark.parametrize("fill_counts", [True, False])
def test_without_augmentation_held_frames_are_the_packed_ones(disks, fill_counts):
    padded = frames.pack(disks.table, (64, 96))
    rows = np.array([1, 4, 7])
    expected = training.batch_of(padded, rows, None, fill_counts)
    found = batches.Held(padded, None, "cpu", fill_counts).at(rows)
    assert all(torch.equal(one, other) for one, other in zip(found, expected))


def test_frames_that_do_not_fit_stay_in_memory(disks, monkeypatch):
    monkeypatch.setattr(batches, "_free", lambda _: disks.images.nbytes)
    held = batches.Held(disks, None, "meta")
    assert held.place == "cpu" and held.images.device.type == "cpu"
    monkeypatch.setattr(batches, "_free", lambda _: 10 * disks.images.nbytes)
    assert batches.Held(disks, None, "meta").images.device.type == "meta"


def test_a_network_learns_on_batches_from_the_device(disks, own_store, monkeypatch):
    """The way of a GPU, on this processor."""
    used = []

    def held(packed, transform, device, fill_counts):
        used.append(batches.Held(packed, transform, device, fill_counts))
        return used[-1].at

    monkeypatch.setattr(batches, "source", held)
    subjects = disks.table["subject"]
    train, rest = (
        disks.where(subjects.isin(one)) for one in (["s0", "s1", "s2"], ["s3", "s4"])
    )
    numbers = settings.course("smoke").but(epochs=10, learning_rate=3e-3).numbers
    model = models.build("lite0", seed=0)
    history = training.fit(
        model, train, rest, numbers, 1, {}, training.light_augmentation()
    )
    assert len(used) == 1 and max(history.id_val) > 0.8


def test_no_light_at_all_is_black():
    images, masks = drawn()
    dark, _ = batches.together(v2.ColorJitter(brightness=(0, 0)), images, masks)
    assert not dark.any()
