"""Remedies on frames: what each style and each augmentation promises."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from drawn_tissue import CHANGED, H, N, W, round_view, tissue

from helpers import CourseError
from helpers.remedies import methods
from helpers.remedies.methods import (
    Fourier,
    Histogram,
    Reinhard,
    RoundView,
    heavy_augmentation,
    on_images,
    random_convolution,
    random_gamma,
    restyled,
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
        np.testing.assert_allclose(pixels.std(0), style.spread, rtol=0.03)
    expected = [lab(image).reshape(-1, 3).mean(0) for image in TARGET]
    np.testing.assert_allclose(style.mean, np.mean(expected, axis=0), rtol=1e-4)


EACH = pytest.mark.parametrize("look", [Reinhard, Histogram, Fourier])


@EACH
def test_a_frame_in_its_own_look_is_itself(look):
    image = SOURCE[0]
    changed = look([image])(image)
    assert np.abs(changed.astype(int) - image).max() <= (0 if look is Histogram else 1)
    assert np.abs(look(TARGET[:1])(image).astype(int) - image).mean() > 5


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


def by_the_authors_code(source, target, share):
    """Yang and Soatto's own lines for one picture (H, W, 3), with their shift of the
    spectrum to the middle and their square from c - b to c + b + 1."""
    ours, theirs = (np.fft.fft2(x.astype(float), axes=(0, 1)) for x in (source, target))
    amplitude, goal = (np.fft.fftshift(np.abs(x), axes=(0, 1)) for x in (ours, theirs))
    h, w = source.shape[:2]
    b = int(np.floor(min(h, w) * share))
    y, x = int(np.floor(h / 2)), int(np.floor(w / 2))
    square = np.s_[y - b : y + b + 1, x - b : x + b + 1]
    amplitude[square] = goal[square]
    amplitude = np.fft.ifftshift(amplitude, axes=(0, 1))
    return np.fft.ifft2(amplitude * np.exp(1j * np.angle(ours)), axes=(0, 1)).real


@pytest.mark.parametrize(("beta", "waves"), [(0, 1), (0.02, 9), (0.05, 49)])
def test_fourier_is_the_authors_code_where_all_is_view(beta, waves, monkeypatch):
    monkeypatch.setattr(Fourier, "beta", beta)
    source, target = SOURCE[0].clip(20, 255), TARGET[0].clip(20, 255)
    expected = by_the_authors_code(source, target, beta)
    found = Fourier([target])(source)
    np.testing.assert_allclose(found, expected.clip(0, 255), atol=0.51)
    before, after = (np.fft.fft2(x, axes=(0, 1)) for x in (source, expected))
    moved = np.abs(np.abs(after) - np.abs(before)).max(axis=2) > 1e-6 * H * W
    assert moved.sum() == waves or beta == 0 and moved.sum() <= 1


def test_fourier_takes_the_waves_of_the_view_and_none_of_the_black():
    framed = round_view(TARGET.clip(20, 255))[0]
    seen = (framed > 12).any(-1)
    changed = Fourier([framed])(SOURCE[0].clip(20, 255))
    mean = changed.mean(axis=(0, 1)), framed[seen].mean(axis=0)
    np.testing.assert_allclose(*mean, atol=2)  # of the view, not of the frame
    back = Fourier([SOURCE[0]])(framed)
    assert np.array_equal(back[~seen], framed[~seen])
    assert np.abs(back[seen].mean(axis=0) - SOURCE[0].mean(axis=(0, 1))).max() < 3


def test_styles_neither_count_nor_change_what_shows_nothing():
    framed = round_view(SOURCE)
    valid = np.ones((N, H, W), bool)
    valid[:, :6] = False
    framed[:, :6] = 0
    for style in (Reinhard, Histogram, Fourier):
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


@EACH
def test_frames_that_show_nothing_have_no_look(look):
    with pytest.raises(CourseError, match="one frame that shows something"):
        look(np.zeros((2, H, W, 3), np.uint8))


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
    random_gamma,
    random_convolution,
    restyled([Reinhard([image]) for image in TARGET]),
]


@pytest.mark.parametrize("change", ON_IMAGES)
def test_an_image_transform_leaves_the_masks_and_is_repeatable(change):
    transform = on_images(change, p=1)
    masks = (random(2, H, W) < 0.5).float()
    image, kept = through(transform, 1, masks=masks)
    assert torch.equal(kept, masks)
    assert image.min() >= 0 and image.max() <= 1
    assert torch.equal(image, through(transform, 1)[0])
    assert not torch.equal(image, through(transform, 2)[0])


def test_random_convolution_of_side_1_only_mixes_channels(monkeypatch):
    monkeypatch.setattr(methods, "SIDES", (1,))
    flat = torch.full((3, H, W), 0.3)
    flat[:, :, W // 2 :] = 0.7
    image = through(on_images(random_convolution, 1), 0, flat)[0]
    assert image[:, :, : W // 2].std(dim=(1, 2)).max() == pytest.approx(0, abs=1e-6)
    # Linear about the middle grey.
    torch.testing.assert_close(image[:, :, 0] - 0.5, 0.5 - image[:, :, -1])
    monkeypatch.setattr(methods, "SIDES", (7,))
    wide = through(on_images(random_convolution, 1), 0, flat)[0]
    # What was one row is one still.
    torch.testing.assert_close(wide[:, 5, 10:30], wide[:, 50, 10:30])


def test_restyle_brings_an_image_to_a_target_frame():
    image = through(on_images(restyled([Reinhard(TARGET[:1])]), p=1), 0)[0]
    expected = Reinhard(TARGET[:1])(SOURCE[0])
    torch.testing.assert_close(image, as_tensor(expected))


@pytest.fixture
def view(monkeypatch):
    monkeypatch.setattr(RoundView, "RADIUS", (0.6, 0.6))
    return RoundView()


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
