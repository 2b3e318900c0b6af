"""A script of the tests: a study of two processes that ends before its time.

python -m ended_in_parallel HOW FOLDER: its jobs train a tiny network, "forever", or until one "fails". FOLDER holds
what each process says of itself.
"""

import os
import sys
from functools import partial
from pathlib import Path

import torch
from trained_under_fire import Tiny

from helpers import parallel, training
from helpers.study import __main__ as main
from helpers.study import engine


class Failing(Tiny):
    """Memory runs out in the first process's fifth step, while the other is in it."""

    steps = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        Failing.steps += 1
        if os.environ["RANK"] == "0" and Failing.steps == 5:
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 1 GiB")
        return super().forward(images)


def train(how: str, folder: Path, job: int) -> None:
    """A job: steps without an end."""
    (folder / f"job-{job}").touch()
    model = (Failing() if how == "fails" else Tiny()).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    images, ones = torch.rand(4, 3, 64, 64), torch.ones(4, 64, 64)
    with parallel.spread(model):
        for number in range(10**9):
            training.training_step(model, optimizer, images, ones, ones)
            if number == 3:
                (folder / "trains").touch()


def conduct(how: str, folder: Path, *_, **__) -> int:
    jobs = [(how, folder, job) for job in range(2)]
    return sum(bool(one.failure) for one in engine.run(train, jobs))


def launched(number: int, _: str, words: list[str], *more) -> int:
    return launch(number, "ended_in_parallel", sys.argv[1:], *more)


if __name__ == "__main__":
    how, folder = sys.argv[1], Path(sys.argv[2])
    if "RANK" in os.environ:
        text = f"{os.getpid()} {torch.get_num_threads()}"
        (folder / f"rank-{os.environ['RANK']}").write_text(text)
    launch, parallel.launch = parallel.launch, launched
    main.conduct = partial(conduct, how, folder)
    words = ["--profile", "smoke", "--parallel", "2", "--threads", "1"]
    sys.exit(main.main(words))
