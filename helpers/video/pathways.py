"""A small two-pathway network for clips, after SlowFast (Feichtenhofer et al., 2019):
a slow path sees few frames in many channels, a fast one all frames in few."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from torch import nn

from helpers import settings
from helpers.settings import progress

LENGTH, STRIDE, SLOWER = 8, 3, 4
"""Frames in a clip, frames between them, and the slow path's step."""
WIDE = 16  # channels of the slow path's first step
TRAINED, SCORED = 24, 16  # clips of a training step, and clips that are scored together


class TwoPathways(nn.Module):
    """Clips (N, channels, 8, h, w) in 0..1 to logits (N): does it bleed at the clip's
    last frame? channels: 3, or 4 where the blood's probability guides it."""

    def __init__(self, channels: int = 3, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            slow = _block(channels, WIDE, 1), _block(WIDE + WIDE // 2, 2 * WIDE, 1)
            fast = _block(channels, WIDE // 4, 3), _block(WIDE // 4, WIDE // 2, 3)
            self.slow, self.fast = nn.ModuleList(slow), nn.ModuleList(fast)
            # The fast path's times are folded into the slow one's by a strided step.
            self.lateral = nn.Conv3d(
                WIDE // 4, WIDE // 2, (5, 1, 1), (SLOWER, 1, 1), (2, 0, 0)
            )
            self.fusion = nn.Conv3d(2 * WIDE + WIDE // 2, 2 * WIDE, 1)
            self.head = nn.Linear(2 * WIDE, 1)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        fast = self.fast[0](clips)
        slow = self.slow[0](clips[:, :, SLOWER - 1 :: SLOWER])
        slow = self.slow[1](torch.cat([slow, self.lateral(fast)], 1))
        fast = self.fast[1](fast)
        fast = fast.unflatten(2, (-1, SLOWER)).mean(3)
        both = torch.relu(self.fusion(torch.cat([slow, fast], 1)))
        # The strongest place decides: a bleeding is small in its first second.
        return self.head(both.amax((2, 3, 4)))[:, 0]


def _block(channels: int, out: int, times: int) -> nn.Sequential:
    pad = times // 2, 2, 2
    step = nn.Conv3d(channels, out, (times, 5, 5), (1, 2, 2), pad)
    return nn.Sequential(step, nn.BatchNorm3d(out), nn.ReLU())


def clip(frames: np.ndarray, last: int) -> np.ndarray:
    """The clip that ends at frame `last` of (n, 4, h, w): (4, 8, h, w); before the
    first frame stands the first."""
    at = last - STRIDE * np.arange(LENGTH)[::-1]
    return frames[np.maximum(at, 0)].transpose(1, 0, 2, 3)


def fit(
    cases: list[np.ndarray],
    bleeds: list[np.ndarray],
    channels: int,
    seed: int,
    steps: int,
) -> TwoPathways:
    """A network trained on clips of some cases ((n, 4, h, w) uint8 each, and a bool per
    frame). Each batch is half bleeding; clips are mirrored and made brighter or darker
    at random."""
    device, name = settings.device(), "two pathways" + ", guided" * (channels == 4)
    model = TwoPathways(channels, seed).train()
    model = model.to(device, memory_format=torch.channels_last_3d)  # twice as fast
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    rng = np.random.default_rng(seed)
    places = [
        [(c, f) for c, one in enumerate(bleeds) for f in np.flatnonzero(one == yes)]
        for yes in (False, True)
    ]
    for _ in progress(range(steps), f"Training {name}, steps"):
        wanted = [places[n % 2] for n in range(TRAINED)]
        chosen = [some[rng.integers(len(some))] for some in wanted if some]
        clips = np.stack([clip(cases[c], f) for c, f in chosen])
        given = _changed(_tensor(clips, model), rng).to(device)
        asked = torch.tensor([float(bleeds[c][f]) for c, f in chosen]).to(device)
        loss = nn.functional.binary_cross_entropy_with_logits(model(given), asked)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.cpu().eval()


def _changed(clips: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Mirrored in either direction, a little brighter or darker."""
    for number in range(len(clips)):
        for side in (-1, -2):
            if rng.random() < 0.5:
                clips[number] = clips[number].flip(side)
        clips[number, :3] = (clips[number, :3] * rng.uniform(0.85, 1.15)).clamp(max=1)
    return clips


def _tensor(clips: np.ndarray, model: TwoPathways) -> torch.Tensor:
    channels = model.slow[0][0].in_channels
    return torch.from_numpy(clips[:, :channels].copy()).float() / 255


def scores(model: TwoPathways, frames: Iterable[np.ndarray]) -> Iterator[float]:
    """The probability of active bleeding for each frame of a stream of (4, h, w) uint8;
    a clip's worth of frames and a batch of clips are held."""
    device = settings.device()
    model.to(device)
    for some in chunks(_clips(frames), SCORED):
        with torch.inference_mode():
            found = torch.sigmoid(model(_tensor(some, model).to(device)))
        yield from found.cpu().numpy().tolist()


def _clips(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    past: deque = deque(maxlen=STRIDE * (LENGTH - 1) + 1)
    for frame in frames:
        past.append(frame)
        yield clip(np.stack(past), len(past) - 1)


def chunks(items: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Stacks of `size` items, the last one shorter."""
    items = iter(items)
    while held := list(islice(items, size)):
        yield np.stack(held)
