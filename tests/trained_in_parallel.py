"""A script of the tests: train a network, alone or as one of torchrun's processes, and save what it learned.

python tests/trained_in_parallel.py FOLDER: weights.pt after a whole training of a tiny network, in float32, and
step.pt, the gradients, statistics and loss of the course's own network after one step, in float64.
"""

import copy
import sys
from pathlib import Path

import numpy as np
import torch
from trained_under_fire import Tiny, frames

from helpers import models, parallel, runs, settings, training


def whole() -> dict:
    """The tiny network's weights and its story after three epochs, augmented."""
    models.build = lambda *_, **__: Tiny()
    # 8 frames in batches of 3: two whole ones, and a last one of 2.
    course = settings.course("smoke").but(epochs=3, batch=3, patience=99)
    run = runs.trained("together", course, frames(0), frames(1))
    return {"weights": run.model.state_dict(), "history": vars(run.history)}


def step(encoder: str = "lite0") -> dict:
    """The gradients of a batch of 5 frames in double precision, whose loss sees every pixel at once."""
    model = models.build(encoder, weights=None, seed=0).double().train()
    random = torch.Generator().manual_seed(0)
    images = torch.rand(5, 3, 64, 64, generator=random, dtype=torch.float64)
    blood = (torch.rand(5, 64, 64, generator=random) > 0.7).double()
    blood[0] = 0  # one share has less blood than the other
    known = (torch.rand(5, 64, 64, generator=random) > 0.2).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with parallel.spread(model):
        # A copy is nobody's share: it goes alone, and leaves no trace in the network.
        copy.deepcopy(model)(images[:3]).mean().backward()
        loss = training.training_step(model, optimizer, images, blood, known)
    return {
        "loss": loss,
        "gradients": {name: one.grad for name, one in model.named_parameters()},
        "buffers": dict(model.named_buffers()),
    }


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    np.random.seed(0)
    with parallel.together() as first:
        if first:
            found = {"processes": parallel.processes()}
            torch.save(found | step(), folder / "step.pt")
            torch.save(found | whole(), folder / "weights.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
