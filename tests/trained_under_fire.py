"""A script of the tests: train a tiny network while it is killed at random moments, and print what it learned.

python tests/trained_under_fire.py KILLS: one process imports PyTorch, and each training is a fork of it.
"""

import hashlib
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from helpers import models, settings, training
from helpers.frames import Packed


def tiny() -> torch.nn.Module:
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.Conv2d(4, 1, 1),
    )


def frames(number: int) -> Packed:
    chance = np.random.default_rng(number)
    about = {
        "dataset": "own",
        "subject": ["s0", "s1"] * 4,
        "clip": 0,
        "frame": range(8),
    }
    packed = Packed(pd.DataFrame(about), np.arange(8), Path(), made_of=f"tiny {number}")
    blood = chance.random((8, 16, 16)) > 0.6
    light = chance.integers(0, 90, (8, 16, 16, 3))
    packed.__dict__ |= {
        "images": (blood[..., None] * 160 + light).astype(np.uint8),
        "blood": blood,
        "valid": np.ones_like(blood),
        "fill": np.zeros_like(blood),
        "classes": np.zeros(blood.shape, np.uint8),
    }
    return packed


def learned() -> str:
    course = settings.course("smoke").but(epochs=25, batch=4, patience=99)
    run = training.trained("under fire", course, frames(0), frames(1))
    digest = hashlib.sha256(repr(run.history).encode())
    for value in run.model.state_dict().values():
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def main(kills: int) -> None:
    torch.set_num_threads(1)
    models.build = lambda *_, **__: tiny()
    chance, killed, began = random.Random(kills), 0, time.monotonic()
    while killed < kills:
        assert time.monotonic() - began < 300, "the kills took too long"
        child = os.fork()
        if child == 0:
            learned()
            os._exit(0)
        time.sleep(chance.uniform(0.0, 0.35))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        if not os.WIFSIGNALED(status):  # it was done before: begin again
            for path in (settings.store_folder() / "models").glob("*"):
                path.rename(path.with_name(f"{path.name}.whole"))
    print(learned())


if __name__ == "__main__":
    main(int(sys.argv[1]))
