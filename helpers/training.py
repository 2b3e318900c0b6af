"""Training: the loss, one step, one run with its checkpoint, and prediction; batches
and their augmentation come from helpers.batches.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms import v2

from helpers import batches, counts, precision, settings, statistics, store
from helpers.batches import as_tensor

# Lessons and benchmarks know these as training's.
from helpers.batches import augmented as augmented
from helpers.batches import batch_of as batch_of
from helpers.batches import light_augmentation as light_augmentation
from helpers.frames import Packed
from helpers.settings import Profile


def segmentation_loss(
    logits: torch.Tensor, blood: torch.Tensor, known: torch.Tensor
) -> torch.Tensor:
    """Half soft Dice, half binary cross-entropy, over the known pixels of a batch.

    All three are (N, H, W), blood and known 0 or 1. The soft Dice needs no epsilon: a
    sigmoid is above zero (in float32 down to logits of some -100), so its denominator
    is too.
    """
    probability = torch.sigmoid(logits) * known
    overlap = (
        2 * (probability * blood).sum() / (probability.sum() + (blood * known).sum())
    )
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, blood, weight=known, reduction="sum"
    )
    return 0.5 * (1 - overlap) + 0.5 * cross_entropy / known.sum()


def training_step(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    images: torch.Tensor,
    blood: torch.Tensor,
    known: torch.Tensor,
    scaler: torch.amp.GradScaler = precision.UNSCALED,
) -> float:
    """One batch: predict, measure, follow the gradient. Gives the loss before the
    step.

    The prediction is taken in the model's precision, all else in float32. scaler: see
    precision.scaler; but for float16 it changes nothing.
    """
    logits = precision.logits(model, images, precision.of(model))
    loss = segmentation_loss(logits, blood, known)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    return loss.item()


@dataclass
class History:
    """What happened, an entry per epoch: the loss, the learning rate, Dice on id_val
    per subject and its mean over subjects; and the precision of all steps.
    """

    loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    id_val: list[float] = field(default_factory=list)
    id_val_subjects: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = -1
    precision: str = precision.FLOAT32


def fit(
    model: torch.nn.Module,
    train: Packed,
    id_val: Packed,
    numbers: Profile,
    seed: int,
    checkpoint: Path,
    transform: v2.Transform | None = None,
    watch: Callable[[History], None] | None = None,
    foot: int | None = None,
    fill_counts: bool = True,
) -> History:
    """Train, and leave the model with the weights of its best epoch by id_val's mean
    over subjects.

    After each epoch all that is needed to go on is written to `checkpoint`; a run that
    finds one goes on from there, in the precision it began with, and ends as an
    unbroken run would. The model's own precision becomes that. watch(history) is
    called after each epoch. foot: the epochs that the rate falls for, all of them where
    none is given; with fewer it climbs back, a habit that lesson 05 re-enacts.
    fill_counts: see batch_of.
    """
    device = settings.device()
    model.to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=numbers.learning_rate, weight_decay=numbers.weight_decay
    )
    # Half a cosine over the whole run: T_max equals the number of epochs, so the rate
    # never climbs back.
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=foot or numbers.epochs
    )
    batch_at = batches.source(train, transform, device, fill_counts)
    history, best = History(), {}
    with torch.random.fork_rng():
        if (saved := store.read_file(checkpoint)) is not None:
            saved = torch.load(
                io.BytesIO(saved), map_location=device, weights_only=True
            )
            history, best = History(**saved["history"]), saved["best"]
        else:
            history.precision = precision.chosen(
                numbers.precision, model, numbers.size, device
            )
        model.precision = history.precision
        scaler = precision.scaler(history.precision, device)
        parts = dict(model=model, optimizer=optimizer, schedule=schedule, scaler=scaler)
        torch.manual_seed(seed)
        if saved is not None:
            _resume(saved, parts)
        while (
            len(history.loss) < numbers.epochs
            and len(history.loss) - 1 - history.best_epoch <= numbers.patience
        ):
            history.learning_rate.append(optimizer.param_groups[0]["lr"])
            history.loss.append(
                epoch(model, optimizer, train, numbers.batch, batch_at, scaler)
            )
            schedule.step()
            _judge(model, id_val, history)
            if history.best_epoch == len(history.loss) - 1:
                best = {
                    name: weight.detach().cpu().clone()
                    for name, weight in model.state_dict().items()
                }
            _save(checkpoint, parts, history, best)
            if watch is not None:
                watch(history)
    model.load_state_dict(best)
    model.eval()
    return history


def epoch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    train: Packed,
    batch: int,
    batch_at: Callable[[np.ndarray], tuple[torch.Tensor, ...]],
    scaler: torch.amp.GradScaler = precision.UNSCALED,
) -> float:
    """A step for each batch of all frames in random order; the mean of their losses.
    batch_at: rows to a batch, see batches.source; scaler: see training_step."""
    model.train()
    order = torch.randperm(len(train)).numpy()
    # A last batch of one frame has no batch statistics worth the name; it joins the
    # others next epoch, in another order.
    starts = [
        start
        for start in range(0, len(order), batch)
        if len(order) - start > 1 or start == 0
    ]
    losses = []
    for start in starts:
        rows = np.sort(order[start : start + batch])
        losses.append(training_step(model, optimizer, *batch_at(rows), scaler))
    return float(np.mean(losses))


def _judge(model, id_val: Packed, history: History) -> None:
    """Dice on id_val where there is blood, mean over frames and then over subjects; the
    first epoch with the best one wins.
    """
    table = counts.count(
        predict(model, id_val.images) >= 128, id_val.blood, id_val.valid
    )
    dice = counts.dice(table).where(counts.has_blood(table)).to_numpy()
    means = statistics.subject_means(dice, id_val.table["subject"].to_numpy())
    history.id_val_subjects.append(
        {str(name): float(value) for name, value in means.items()}
    )
    history.id_val.append(float(means.mean()))
    if (
        history.best_epoch < 0
        or history.id_val[-1] > history.id_val[history.best_epoch]
    ):
        history.best_epoch = len(history.id_val) - 1


def _save(checkpoint: Path, parts: dict, history: History, best: dict) -> None:
    content = io.BytesIO()
    states = {name: part.state_dict() for name, part in parts.items()}
    whole = states | {
        "history": vars(history),
        "best": best,
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all(),
    }
    torch.save(whole, content)
    store.write_file(checkpoint, content.getvalue())


def _resume(saved: dict, parts: dict) -> None:
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    torch.set_rng_state(saved["random"].cpu())
    torch.cuda.set_rng_state_all([one.cpu() for one in saved["random_cuda"]])


def predict(model: torch.nn.Module, images: np.ndarray, batch: int = 32) -> np.ndarray:
    """Probability of blood for every pixel of images (uint8 NxHxWx3), uint8 NxHxW in
    256 levels.

    A value of at least 128 is a probability of at least 0.5. A network predicts in the
    precision that it was trained in.
    """
    found, done = np.empty(images.shape[:3], np.uint8), 0
    for part in predicted(model, images, batch):
        found[done : done + len(part)] = part
        done += len(part)
    return found


@torch.inference_mode()
def predicted(
    model: torch.nn.Module, images: np.ndarray, batch: int = 32
) -> Iterator[np.ndarray]:
    """The same batch by batch, for more frames than memory holds."""
    device = settings.device()
    model.to(device, memory_format=torch.channels_last).eval()
    for start in range(0, len(images), batch):
        given = as_tensor(images[start : start + batch]).to(
            device, memory_format=torch.channels_last
        )
        probability = torch.sigmoid(precision.logits(model, given, precision.of(model)))
        yield (probability * 256).floor().clamp(max=255).byte().cpu().numpy()
