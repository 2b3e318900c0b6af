"""Random mask pairs: the shapes that trip measures up, with and without invalid pixels."""

import numpy as np

KINDS = ("empty", "full", "one pixel", "thin", "large", "specks")


def one(kind: str, generator: np.random.Generator, size: int) -> np.ndarray:
    """A bool mask of the kind, size x size."""
    mask = np.zeros((size, size), bool)
    row, column = generator.integers(0, size, 2)
    if kind == "full":
        mask[:] = True
    elif kind == "one pixel":
        mask[row, column] = True
    elif kind == "thin":
        mask[row, column:] = True
        mask[:column, column] = True
    elif kind == "large":
        y, x = np.ogrid[:size, :size]
        mask = (y - row) ** 2 + (x - column) ** 2 <= generator.integers(
            2, size // 2
        ) ** 2
    elif kind == "specks":
        mask = generator.random((size, size)) < generator.uniform(0, 0.6)
    return mask


def pairs(
    n: int, size: int = 16, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """n triples (prediction, blood, valid); a third of the frames are valid throughout, a few nowhere."""
    generator = np.random.default_rng(seed)
    prediction, blood, valid = (np.ones((n, size, size), bool) for _ in range(3))
    for i in range(n):
        blood[i] = one(KINDS[generator.integers(len(KINDS))], generator, size)
        alike = generator.random() < 0.3
        # Blood moved by a pixel is what a model gives; a prediction of another kind is what breaks measures.
        prediction[i] = (
            np.roll(blood[i], 1, axis=0)
            if alike
            else one(KINDS[generator.integers(6)], generator, size)
        )
        if i % 3:
            valid[i] = ~one(KINDS[generator.integers(6)], generator, size)
    return prediction, blood, valid
