"""Small frames of drawn tissue, and changes of it that are made without the code under test."""

import cv2
import numpy as np

N, H, W = 10, 72, 96


def tissue(seed, gleams=6):
    """Frames of textured red tissue with a few white gleams and a grey shaft, uint8 NxHxWx3."""
    rng = np.random.default_rng(seed)
    frames = np.empty((N, H, W, 3), np.uint8)
    for frame in frames:
        noise = rng.standard_normal((2, H, W))
        coarse, fine = (
            cv2.GaussianBlur(n, (0, 0), s) * s for n, s in zip(noise, (6, 1.2))
        )
        hue = 25 * np.stack([coarse, 0.5 * fine, -0.5 * coarse], axis=-1)
        image = (hue + [175, 95, 90]) * (1 + 0.35 * coarse + 0.25 * fine)[..., None]
        image += rng.normal(0, 2, (H, W, 3))
        left, right = (int(rng.integers(20, 60)) for _ in range(2))
        cv2.line(image, (0, left), (W, right), (150, 155, 160), 4)
        for _ in range(gleams):
            place = tuple(int(v) for v in rng.integers(8, 64, 2))
            cv2.circle(image, place, 1, (255, 255, 255), -1)
        frame[:] = np.clip(image, 0, 255)
    return frames


def gleaming(seed, steel=(150, 155, 160)):
    """Tissue with many soft gleams of a white lamp, and a shaft of the given colour."""
    rng = np.random.default_rng(1000 + seed)
    frames = tissue(seed, gleams=0)
    for frame in frames:
        light = np.zeros((H, W), np.float32)
        for _ in range(40):
            y, x = rng.integers(4, H - 4), rng.integers(4, W - 4)
            light[y : y + 2, x : x + 2] = rng.uniform(0.6, 1.2)
        linear = (frame / 255) ** 2.2 + light[..., None]
        frame[:] = np.clip(linear, 0, 0.9) ** (1 / 2.2) * 255
        row = int(rng.integers(10, 60))
        frame[row : row + 7] = np.clip(steel + rng.normal(0, 3, (7, W, 3)), 0, 255)
    return frames


def round_view(frames):
    y, x = np.ogrid[:H, :W]
    square = (y - (H - 1) / 2) ** 2 + (x - (W - 1) / 2) ** 2
    light = 1.25 / (1 + 1.2 * square / 40**2)
    return levels(np.where((square < 40**2)[..., None], frames * light[..., None], 3))


def levels(frames):
    return np.clip(frames, 0, 255).astype(np.uint8)


def cast(frames):
    """A cast made with float arithmetic on CIELAB as any other program would have it."""
    shares = (frames.reshape(-1, W, 3) / 255).astype(np.float32)
    lab = cv2.cvtColor(shares, cv2.COLOR_RGB2LAB) + np.float32([0, -12, 6])
    return levels(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).reshape(frames.shape)


# Each change is made here in its own way, on other tissue than the source's.
CHANGED = {
    "exposure": lambda f: (255 * (f / 255) ** 1.8).astype(np.uint8),
    "colour": cast,
}
