"""Training: the loss, one step, one run with its checkpoint, and prediction; batches
and their augmentation come from helpers.batches.

In half precision PyTorch's autocast takes convolutions and matrix products in 16 bits;
weights, loss and probabilities stay float32 (Micikevicius et al., ICLR 2018).
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from torchvision.transforms import v2

from helpers import batches, counts, settings, statistics, store
from helpers.batches import as_tensor

# Lessons and benchmarks know these as training's.
from helpers.batches import augmented as augmented
from helpers.batches import batch_of as batch_of
from helpers.batches import light_augmentation as light_augmentation
from helpers.frames import Packed
from helpers.models import write_state
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


def half(device: str) -> str:
    """The type that half precision is taken in on a device: float16 on a CUDA GPU,
    bfloat16 on a CPU that has instructions for it, float32 elsewhere."""
    if device == "cuda":
        return "float16"
    has = torch.cpu.get_capabilities() if device == "cpu" else {}
    return "bfloat16" if has.get("avx512_bf16") or has.get("amx_bf16") else "float32"


def logits_of(model: torch.nn.Module, images: torch.Tensor, dtype: str) -> torch.Tensor:
    """The network's answer on images (N, 3, H, W), taken in `dtype` and given in
    float32: (N, H, W)."""
    steps = getattr(torch, dtype)
    in_full = steps == torch.float32
    with nullcontext() if in_full else torch.autocast(images.device.type, steps):
        found = model(images)[:, 0]
    return found.float()


class Learner:
    """A network on its device, with the published recipe's Adam, whose rate falls along
    half a cosine for `foot` epochs, all of them where none is given: so it never climbs
    back. Steps are taken in `dtype`, and on all GPUs where there are several."""

    def __init__(
        self,
        model: torch.nn.Module,
        numbers: Profile,
        dtype: str = "float32",
        foot: int | None = None,
    ) -> None:
        device = settings.device()
        model.to(device, memory_format=torch.channels_last)
        several = device == "cuda" and torch.cuda.device_count() > 1
        self.network = torch.nn.DataParallel(model) if several else model
        self.dtype = model.dtype = dtype
        self.optimizer = torch.optim.Adam(
            model.parameters(),
            lr=numbers.learning_rate,
            weight_decay=numbers.weight_decay,
        )
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, T_max=foot or numbers.epochs
        )
        # float16's small gradients are kept above zero; elsewhere it changes nothing.
        self.scaler = torch.amp.GradScaler(device, enabled=dtype == "float16")
        self.parts = {
            "model": model,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "scaler": self.scaler,
        }

    def step(
        self, images: torch.Tensor, blood: torch.Tensor, known: torch.Tensor
    ) -> float:
        """One batch: predict, measure, follow the gradient. Gives the loss before the
        step."""
        loss = segmentation_loss(
            logits_of(self.network, images, self.dtype), blood, known
        )
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.item()

    def epoch(self, number: int, batch: int, batch_at: batches.BatchAt) -> float:
        """A step for each batch of `number` frames in random order; the mean of their
        losses. batch_at: rows to a batch, see batches.source."""
        self.network.train()
        order = torch.randperm(number).numpy()
        losses = []
        for start in range(0, number, batch):
            rows = np.sort(order[start : start + batch])
            # A last batch of one frame has no batch statistics worth the name; it joins
            # the others next epoch, in another order.
            if len(rows) > 1 or start == 0:
                losses.append(self.step(*batch_at(rows)))
        return float(np.mean(losses))


@dataclass
class History:
    """What happened, an entry per epoch: the loss, the learning rate, Dice on id_val
    per subject and its mean over subjects; and the type that all steps were taken in.
    """

    loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    id_val: list[float] = field(default_factory=list)
    id_val_subjects: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = -1
    dtype: str = "float32"


def fit(
    model: torch.nn.Module,
    train: Packed,
    id_val: Packed,
    numbers: Profile,
    seed: int,
    checkpoint: dict,
    transform: v2.Transform | None = None,
    watch: Callable[[History], None] | None = None,
    foot: int | None = None,
    fill_counts: bool = True,
) -> History:
    """Train, and leave the model with the weights of its best epoch by id_val's mean
    over subjects.

    checkpoint: what stands for this run in the store. After each epoch all that is
    needed to go on is kept there; a run that finds it goes on from there, in the type
    it began with, and ends as an unbroken run would. watch(history) is called after
    each epoch. foot: see Learner; with fewer epochs than all the rate climbs back, a
    habit that lesson 05 re-enacts. fill_counts: see batch_of.
    """
    device = settings.device()
    history, best, saved = History(), {}, _saved(checkpoint)
    if saved is not None:
        history, best = History(**saved["history"]), saved["best"]
    elif numbers.half:
        history.dtype = half(device)
    learner = Learner(model, numbers, history.dtype, foot)
    batch_at = batches.source(train, transform, device, fill_counts)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if saved is not None:
            _resume(saved, learner)
        while (
            len(history.loss) < numbers.epochs
            and len(history.loss) - 1 - history.best_epoch <= numbers.patience
        ):
            history.learning_rate.append(learner.optimizer.param_groups[0]["lr"])
            history.loss.append(learner.epoch(len(train), numbers.batch, batch_at))
            learner.schedule.step()
            if _judge(model, id_val, history):
                best = {
                    name: weight.detach().cpu().clone()
                    for name, weight in model.state_dict().items()
                }
            _save(checkpoint, learner, history, best)
            if watch is not None:
                watch(history)
    model.load_state_dict(best)
    model.eval()
    return history


def _judge(model: torch.nn.Module, id_val: Packed, history: History) -> bool:
    """Dice on id_val where there is blood, mean over frames and then over subjects;
    whether it is the best so far (of several, the first)."""
    table = counts.count(
        predict(model, id_val.images) >= 128, id_val.blood, id_val.valid
    )
    dice = counts.dice(table).where(counts.has_blood(table)).to_numpy()
    means = statistics.subject_means(dice, id_val.table["subject"].to_numpy())
    history.id_val_subjects.append(
        {str(name): float(value) for name, value in means.items()}
    )
    history.id_val.append(float(means.mean()))
    best = history.best_epoch
    if best >= 0 and not history.id_val[-1] > history.id_val[best]:
        return False
    history.best_epoch = len(history.id_val) - 1
    return True


def _save(checkpoint: dict, learner: Learner, history: History, best: dict) -> None:
    states = {name: part.state_dict() for name, part in learner.parts.items()}
    chance = {
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all(),
    }
    whole = states | chance | {"history": vars(history), "best": best}
    write = lambda draft: write_state(whole, draft / "state.pt")  # noqa: E731
    store.entry("checkpoints", checkpoint, write, fit, anew=True)


def _saved(checkpoint: dict) -> dict | None:
    place = store.folder("checkpoints", checkpoint, fit)
    if not store.whole(place):
        return None
    return torch.load(
        place / "state.pt", map_location=settings.device(), weights_only=True
    )


def _resume(saved: dict, learner: Learner) -> None:
    for name, part in learner.parts.items():
        part.load_state_dict(saved[name])
    torch.set_rng_state(saved["random"].cpu())
    torch.cuda.set_rng_state_all([one.cpu() for one in saved["random_cuda"]])


@torch.inference_mode()
def predict(
    model: torch.nn.Module,
    images: np.ndarray,
    batch: int = 32,
    into: np.ndarray | None = None,
) -> np.ndarray:
    """Probability of blood for every pixel of images (uint8 NxHxWx3), uint8 NxHxW in
    256 levels.

    A value of at least 128 is a probability of at least 0.5. A network predicts in the
    type that it was trained in. into: an array that takes them, as of a mapped file.
    """
    device, dtype = settings.device(), getattr(model, "dtype", "float32")
    model.to(device, memory_format=torch.channels_last).eval()
    found = np.empty(images.shape[:3], np.uint8) if into is None else into
    for start in range(0, len(images), batch):
        part = slice(start, start + batch)
        given = as_tensor(images[part]).to(device, memory_format=torch.channels_last)
        probability = torch.sigmoid(logits_of(model, given, dtype))
        found[part] = (probability * 256).floor().clamp(max=255).byte().cpu().numpy()
    return found
