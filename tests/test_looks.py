"""Remedies on frames: what each style and each augmentation promises."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from drawn_tissue import CHANGED, H, N, W, round_view, tissue

from helpers.errors import CourseError
from helpers.remedies.looks import (
    Fourier,
    Histogram,
    RandomConvolution,
    RandomGamma,
    Reinhard,
    Restyle,
    RoundView,
    heavy_augmentation,
)
from helpers.training import augmented, batch_of, light_augmentation

SOURCE = tissue(0)
TARGET = CHANGED["colour"](CHANGED["exposure"](tissue(1)))


def lab(image):
    return cv2.cvtColor((image / 255).astype(np.float32), cv2.COLOR_RGB2LAB)


def test_reinhard_gives_the_targets_mean_and_deviation():
    style = Reinhard(TARGET)
    for image in map(style, SOURCE):
        pixels = lab(image).reshape(-1, 3)
        np.testing.assert_allclose(pixels.mean(0), style.mean, atol=0.5)
        np.testing.assert_allclose(pixels.std(0), style.deviation, rtol=0.03)
    expected = [lab(image).reshape(-1, 3).mean(0) for image in TARGET]
    np.testing.assert_allclose(style.mean, np.mean(expected, axis=0), rtol=1e-4)


LOOKS = {
    Reinhard: lambda frames: Reinhard(frames),
    Histogram: lambda frames: Histogram(frames),
    Fourier: lambda frames: Fourier(frames[0]),
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_frame_in_its_own_look_is_itself(look):
    image = SOURCE[0]
    changed = LOOKS[look]([image])(image)
    assert np.abs(changed.astype(int) - image).max() <= (0 if look is Histogram else 1)
    assert np.abs(LOOKS[look](TARGET[:1])(image).astype(int) - image).mean() > 5


def test_histogram_matching_gives_the_targets_histogram_and_keeps_the_order():
    changed = Histogram(TARGET[:1])(SOURCE[0])
    for channel in range(3):
        ours, theirs = changed[..., channel].ravel(), TARGET[0][..., channel].ravel()
        before = SOURCE[0][..., channel].ravel()
        share, goal, own = (
            np.bincount(x, minlength=256).cumsum() / x.size
            for x in (ours, theirs, before)
        )
        # A level cannot be divided: the largest share of one of its own may be left.
        assert np.abs(share - goal).max() <= np.diff(own, prepend=0).max() < 0.1
        order = np.argsort(before, kind="stable")
        assert (np.diff(ours[order].astype(int)) >= 0).all()
        assert set(ours) <= set(theirs)


def test_fourier_takes_low_amplitudes_and_keeps_phases():
    style = Fourier(TARGET[0], beta=0.05)
    changed = style(SOURCE[0])
    ours, own, theirs = (
        np.fft.fft2(x.astype(float), axes=(0, 1))
        for x in (changed, SOURCE[0], TARGET[0])
    )
    low = np.ix_(*(np.abs(np.fft.fftfreq(n, 1 / n)) < 3 for n in (H, W)))
    np.testing.assert_allclose(
        np.abs(ours[low]), np.abs(theirs[low]), rtol=0.02, atol=H * W * 0.2
    )
    # The mean colour, to half a grey level.
    assert np.abs(ours[0, 0] - theirs[0, 0]).max() < H * W * 0.5
    high = np.ones((H, W), bool)
    high[low] = False
    amplitudes = np.abs([ours[high].ravel(), own[high].ravel()])
    assert np.corrcoef(amplitudes)[0, 1] > 0.99
    # With beta 0 it is the identity.
    assert np.array_equal([*map(Fourier(TARGET[0], beta=0), SOURCE)], SOURCE)


def test_styles_neither_count_nor_change_what_shows_nothing():
    framed = round_view(SOURCE)
    valid = np.ones((N, H, W), bool)
    valid[:, :6] = False
    framed[:, :6] = 0
    for style in (Reinhard, Histogram):
        learned = style(framed, valid)
        surround = (framed <= 3).all(-1)
        blacker = framed * ~surround[..., None]
        for name, value in vars(style(blacker, valid)).items():
            assert np.array_equal(value, vars(learned)[name])
        changed = np.stack([*map(style(TARGET), framed, valid)])
        assert np.array_equal(changed[surround], framed[surround])
        assert (changed[~surround] != framed[~surround]).mean() > 0.5
        black = np.zeros((H, W, 3), np.uint8)
        assert np.array_equal(style(TARGET)(black), black)


@pytest.mark.parametrize("style", [Reinhard, Histogram])
def test_frames_that_show_nothing_have_no_look(style):
    with pytest.raises(CourseError, match="one frame that shows something"):
        style(np.zeros((2, H, W, 3), np.uint8))


def as_tensor(image):
    return torch.from_numpy(image).permute(2, 0, 1).float() / 255


def random(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def through(transform, seed, image=None, masks=None):
    image = as_tensor(SOURCE[0]) if image is None else image
    masks = torch.ones(2, H, W) if masks is None else masks
    torch.manual_seed(seed)
    return augmented(transform, image, masks)


ON_IMAGES = [
    RandomGamma(p=1),
    RandomConvolution(p=1),
    Restyle([Reinhard([image]) for image in TARGET], p=1),
]


@pytest.mark.parametrize("transform", ON_IMAGES)
def test_an_image_transform_leaves_the_masks_and_is_repeatable(transform):
    masks = (random(2, H, W) < 0.5).float()
    image, kept = through(transform, 1, masks=masks)
    assert torch.equal(kept, masks)
    assert image.min() >= 0 and image.max() <= 1
    assert torch.equal(image, through(transform, 1)[0])
    assert not torch.equal(image, through(transform, 2)[0])


@pytest.mark.parametrize("kind", [RandomGamma, RandomConvolution, RoundView])
def test_probability_0_is_the_identity(kind):
    before = random(3, H, W)
    image, masks = through(kind(p=0), 3, before)
    assert torch.equal(image, before) and masks.all()


def test_random_convolution_of_side_1_only_mixes_channels(monkeypatch):
    monkeypatch.setattr(RandomConvolution, "SIDES", (1,))
    flat = torch.full((3, H, W), 0.3)
    flat[:, :, W // 2 :] = 0.7
    image = through(RandomConvolution(p=1), 0, flat)[0]
    assert image[:, :, : W // 2].std(dim=(1, 2)).max() == pytest.approx(0, abs=1e-6)
    # Linear about the middle grey.
    torch.testing.assert_close(image[:, :, 0] - 0.5, 0.5 - image[:, :, -1])
    monkeypatch.setattr(RandomConvolution, "SIDES", (7,))
    wide = through(RandomConvolution(p=1), 0, flat)[0]
    # What was one row is one still.
    torch.testing.assert_close(wide[:, 5, 10:30], wide[:, 50, 10:30])


def test_restyle_brings_an_image_to_a_target_frame():
    image = through(Restyle([Reinhard(TARGET[:1])], p=1), 0)[0]
    expected = Reinhard(TARGET[:1])(SOURCE[0])
    torch.testing.assert_close(image, as_tensor(expected))


@pytest.fixture
def view(monkeypatch):
    monkeypatch.setattr(RoundView, "RADIUS", (0.6, 0.6))
    return RoundView(p=1)


def test_a_round_view_is_round_and_its_black_is_known_to_hold_no_blood(view):
    masks = torch.ones(2, H, W)  # all is blood, and nobody knows anything
    image, after = through(view, 0, torch.full((3, H, W), 0.5), masks)
    inside = image[0] > 0
    assert torch.equal(after[0] > 0, inside)  # no blood outside
    assert torch.equal(after[1] > 0, inside)  # and that is known
    y, x = np.nonzero(inside.numpy())
    radius = 0.6 * np.hypot(H, W) / 2
    assert np.hypot(y - y.mean(), x - x.mean()).max() <= radius + 1.5
    # A whole circle, unless the frame's edge cuts it.
    assert np.ptp(y) >= min(2 * radius - 2, H - 1) * 0.95
    # Light falls off.
    assert image[0, int(y.mean()), int(x.mean())] > image[0][inside].min()


@pytest.mark.parametrize("fill_counts", [True, False])
def test_the_loss_sees_a_round_views_black_unless_fill_is_left_out(view, fill_counts):
    images = SOURCE.clip(20, 255)  # nothing is black yet
    valid = np.ones(images.shape[:3], bool)
    valid[:, H // 2, W // 2 :] = False  # nobody labelled these
    blood = np.zeros_like(valid)
    blood[:, 10:, 20:60] = True
    frames = SimpleNamespace(
        images=images, blood=blood, valid=valid, fill=~valid & False
    )
    rows = np.arange(2)
    torch.manual_seed(0)
    images, blood, known = batch_of(frames, rows, view, fill_counts)
    black = (images == 0).all(dim=1)
    assert 0.1 < black.float().mean() < 0.9
    assert not blood[black].any() and blood[~black].any()
    share = known[black].mean()
    assert share == 1 if fill_counts else share == 0
    unknown = torch.from_numpy(~valid[rows]) & ~black
    assert unknown.any() and not known[unknown].any()  # nobody knows these, as before


def test_heavy_augmentation_is_repeatable_stronger_than_light_and_keeps_masks_binary():
    masks = torch.ones(2, H, W)
    masks[0, :20] = 0

    def spread(transform):
        images = torch.stack([through(transform, seed)[0] for seed in range(40)])
        return images.mean(dim=(2, 3)).std(dim=0).mean()

    assert spread(heavy_augmentation()) > 2 * spread(light_augmentation())
    for seed in range(10):
        image, after = through(heavy_augmentation(), seed, masks=masks)
        assert torch.equal(image, through(heavy_augmentation(), seed, masks=masks)[0])
        assert set(after.unique().tolist()) <= {0.0, 1.0}
        assert image.shape == (3, H, W)
