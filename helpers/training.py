"""Training: batches and their augmentation, the loss, one step, one run with its
checkpoint, prediction; and the course's standard runs by name, so that two lessons that
want the same model ask for the same thing.

In half precision PyTorch's autocast takes convolutions and matrix products in 16 bits;
weights, loss and probabilities stay float32 (Micikevicius et al., ICLR 2018).

>>> run = baseline(course, data)  # trained, or found in the store
>>> run.probabilities(data.of("ood_test")) >= 128  # a probability of at least a half
"""

import copy
import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torchvision import tv_tensors
from torchvision.transforms import v2

from helpers import counts, models, settings, statistics, store
from helpers.domains import Domains
from helpers.frames import Packed
from helpers.models import read_state, write_state
from helpers.settings import Course, Profile, progress

BATCH = 32  # frames that are predicted at a time


def light_augmentation() -> v2.Transform:
    """What a camera does anyway: mirrored, tilted, nearer or farther, a little brighter
    or darker."""
    moved = v2.RandomAffine(degrees=15, translate=(0.08, 0.08), scale=(0.85, 1.2))
    lit = v2.ColorJitter(brightness=0.1, contrast=0.1)
    return v2.Compose([v2.RandomHorizontalFlip(0.5), moved, lit])


def augmented(transform: v2.Transform, image: Tensor, masks: Tensor) -> list[Tensor]:
    """One frame through a transform: image (3, H, W) in 0..1 and masks (N, H, W), all
    moved alike; what comes in from outside the frame is black, and 0 in each mask."""
    moved = transform(tv_tensors.Image(image), tv_tensors.Mask(masks))
    return [one.as_subclass(Tensor) for one in moved]


def batch_of(
    packed: Packed,
    rows: np.ndarray,
    transform: v2.Transform | None = None,
    fill_counts: bool = True,
    device: str = "cpu",
) -> tuple[Tensor, Tensor, Tensor]:
    """Frames as tensors on a device, where they are augmented too: images (N, 3, H, W)
    in 0..1, blood and known (N, H, W) as 0 or 1.

    Known is where the loss looks. Fill (padding, and what a transform brings in) is
    known to hold nothing; only where nobody knows the label is nothing asked.
    fill_counts=False leaves fill out as well: our own mistake, which lesson 03 tells.
    """
    images, valid = as_tensor(packed.images[rows], device), packed.valid[rows]
    # Moved, what is *un*known brings in zeros, which are known; what is valid does not.
    asked = ~(valid | packed.fill[rows]) if fill_counts else valid
    masks = torch.from_numpy(np.stack([packed.blood[rows], asked], axis=1))
    masks = masks.to(device).float()
    if transform is not None:
        pairs = [augmented(transform, *pair) for pair in zip(images, masks)]
        images, masks = (torch.stack(parts) for parts in zip(*pairs))
    return images, masks[:, 0], 1 - masks[:, 1] if fill_counts else masks[:, 1]


def as_tensor(images: np.ndarray, device: str = "cpu") -> Tensor:
    """Images uint8 NxHxWx3 as (N, 3, H, W) in 0..1."""
    # A copy, since packed frames are read-only and torch wants to own what it is given.
    whole = torch.from_numpy(np.array(images)).to(device)
    return whole.permute(0, 3, 1, 2).float() / 255


def segmentation_loss(logits: Tensor, blood: Tensor, known: Tensor) -> Tensor:
    """Half soft Dice, half binary cross-entropy, over the known pixels of a batch.

    All three are (N, H, W), blood and known 0 or 1. A sigmoid is above zero, and so is
    the soft Dice's denominator: it needs no epsilon.
    """
    probability = torch.sigmoid(logits) * known
    both = probability.sum() + (blood * known).sum()
    overlap = 2 * (probability * blood).sum() / both
    cross_entropy = binary_cross_entropy_with_logits(
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


def logits_of(model: nn.Module, images: Tensor, dtype: str) -> Tensor:
    """The network's answer on images (N, 3, H, W), taken in `dtype` and given in
    float32: (N, H, W)."""
    steps, where = getattr(torch, dtype), images.device.type
    with nullcontext() if dtype == "float32" else torch.autocast(where, steps):
        found = model(images.to(memory_format=torch.channels_last))[:, 0]
    return found.float()


class Learner:
    """A network on its device, with the published recipe's Adam, whose rate falls along
    half a cosine for `foot` epochs, all of them where none is given: so it never climbs
    back. Steps are taken in `dtype`, and on all GPUs where there are several."""

    def __init__(self, model: nn.Module, numbers: Profile, dtype="float32", foot=None):
        self.device, self.dtype = settings.device(), dtype
        model.dtype = dtype
        model.to(self.device, memory_format=torch.channels_last)
        several = self.device == "cuda" and torch.cuda.device_count() > 1
        self.network = nn.DataParallel(model) if several else model
        rate, decay = numbers.learning_rate, numbers.weight_decay
        self.optimizer = torch.optim.Adam(model.parameters(), rate, weight_decay=decay)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, T_max=foot or numbers.epochs
        )
        # float16's small gradients are kept above zero; elsewhere it changes nothing.
        self.scaler = torch.amp.GradScaler(self.device, enabled=dtype == "float16")
        self.parts = dict(model=model, optimizer=self.optimizer)
        self.parts |= dict(schedule=self.schedule, scaler=self.scaler)

    def save(self, history: "History", best: dict, folder: Path) -> None:
        """All that is needed to go on."""
        whole = {name: part.state_dict() for name, part in self.parts.items()}
        whole |= dict(random=torch.get_rng_state(), history=vars(history), best=best)
        whole["random_cuda"] = torch.cuda.get_rng_state_all()
        write_state(whole, folder / "state.pt")

    def resume(self, saved: dict) -> None:
        for name, part in self.parts.items():
            part.load_state_dict(saved[name])
        torch.set_rng_state(saved["random"].cpu())
        torch.cuda.set_rng_state_all([one.cpu() for one in saved["random_cuda"]])

    def step(self, images: Tensor, blood: Tensor, known: Tensor) -> float:
        """One batch: predict, measure, follow the gradient. Gives the loss before the
        step."""
        logits = logits_of(self.network, images, self.dtype)
        loss = segmentation_loss(logits, blood, known)
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.item()

    def epoch(self, packed: Packed, batch: int, *how) -> float:
        """A step for each batch of all frames in random order; the mean of their
        losses. how: transform and fill_counts of batch_of."""
        self.network.train()
        order = torch.randperm(len(packed)).numpy()
        losses = []
        for start in range(0, len(packed), batch):
            rows = np.sort(order[start : start + batch])
            # A last batch of one frame has no batch statistics worth the name; it joins
            # the others next epoch, in another order.
            if len(rows) > 1 or start == 0:
                losses.append(self.step(*batch_of(packed, rows, *how, self.device)))
        return float(np.mean(losses))


@dataclass
class History:
    """What happened, by epoch: the loss, the learning rate, Dice on id_val per subject
    and its mean over subjects; and the type that all steps were taken in."""

    loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    id_val: list[float] = field(default_factory=list)
    id_val_subjects: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = -1
    dtype: str = "float32"


def fit(
    model: nn.Module,
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

    checkpoint: what stands for this run in the store, where after each epoch all is
    kept that is needed to go on in the same type, and end as an unbroken run would.
    watch(history) is called after each epoch. foot: see Learner; with fewer epochs than
    all the rate climbs back. fill_counts: see batch_of.
    """
    place = store.folder("checkpoints", checkpoint, fit)
    history, best, saved = History(), {}, None
    if store.whole(place):
        where = settings.device()
        saved = torch.load(place / "state.pt", map_location=where, weights_only=True)
        history, best = History(**saved["history"]), saved["best"]
    elif numbers.half:
        history.dtype = half(settings.device())
    learner = Learner(model, numbers, history.dtype, foot)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if saved is not None:
            learner.resume(saved)
        while (
            len(history.loss) < numbers.epochs
            and len(history.loss) - 1 - history.best_epoch <= numbers.patience
        ):
            history.learning_rate.append(learner.optimizer.param_groups[0]["lr"])
            loss = learner.epoch(train, numbers.batch, transform, fill_counts)
            history.loss.append(loss)
            learner.schedule.step()
            if _judge(model, id_val, history):
                state = model.state_dict().items()
                best = {name: one.detach().cpu().clone() for name, one in state}
            write = partial(learner.save, history, best)
            store.entry("checkpoints", checkpoint, write, fit, anew=True)
            if watch is not None:
                watch(history)
    model.load_state_dict(best)
    model.eval()
    return history


def _judge(model: nn.Module, id_val: Packed, history: History) -> bool:
    """Dice on id_val where there is blood, mean over frames and then over subjects;
    whether it is the best so far (of several, the first)."""
    found = predict(model, id_val.images) >= 128
    table = counts.count(found, id_val.blood, id_val.valid)
    dice = counts.on_blood(counts.dice, table)
    means = statistics.subject_means(dice, id_val.table["subject"])
    history.id_val_subjects.append({str(name): float(v) for name, v in means.items()})
    history.id_val.append(float(means.mean()))
    last, best = len(history.id_val) - 1, history.best_epoch
    if best < 0 or history.id_val[last] > history.id_val[best]:
        history.best_epoch = last
    return history.best_epoch == last


@torch.inference_mode()
def predict(model: nn.Module, images: np.ndarray, into=None) -> np.ndarray:
    """Probability of blood for every pixel of images (uint8 NxHxWx3), uint8 NxHxW in
    256 levels (see `levels`), taken in the type that the network was trained in. into:
    an array that takes them, as of a mapped file."""
    device, dtype = settings.device(), getattr(model, "dtype", "float32")
    model.to(device, memory_format=torch.channels_last).eval()
    found = np.empty(images.shape[:3], np.uint8) if into is None else into
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        given = as_tensor(images[part], device)
        found[part] = levels(logits_of(model, given, dtype))
    return found


def levels(logits: Tensor) -> np.ndarray:
    """Probabilities in 256 levels, uint8: 128 is the least that stands for a half."""
    probability = torch.sigmoid(logits.float())
    return (probability * 256).floor().clamp(max=255).byte().cpu().numpy()


def probability(levels: np.ndarray) -> np.ndarray:
    """256 levels as probabilities, each at the middle of its level: never 0 or 1."""
    return (levels.astype(np.float32) + 0.5) / 256


# The course's standard runs


@dataclass(frozen=True)
class Run:
    """A trained model with its history and the key that stands for both."""

    model: nn.Module
    history: History
    key: str

    def probabilities(self, packed: Packed) -> np.ndarray:
        """Its prediction on packed frames (see predict), memory-mapped from the
        store."""

        def write(draft: Path) -> None:
            path, shape = draft / "found.npy", packed.images.shape[:3]
            found = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
            predict(self.model, packed.images, found)  # more than memory may hold
            found.flush()

        what = dict(run=self.key, frames=frames_key(packed))
        place = store.entry("predictions", what, write, predict)
        return np.load(place / "found.npy", mmap_mode="r")


def untrained(course: Course) -> models.Segmenter:
    """The network that the course's runs begin with: the encoder with its weights, the
    decoder drawn from the seed."""
    numbers = course.numbers
    return models.build(numbers.encoder, numbers.decoder, course.weights, course.seed)


def baseline(course: Course, data: Domains, watch: Callable | None = None) -> Run:
    """The course's model: trained on the source's train pigs, its epoch chosen on
    id_val. watch: see fit."""
    return trained("baseline", course, data.of("train"), data.of("id_val"), watch=watch)


def fill_left_out(course: Course, data: Domains) -> Run:
    """The baseline with our own old mistake: its loss never sees the black that
    augmentation brings in."""
    parts = data.of("train"), data.of("id_val")
    return trained("fill left out", course, *parts, fill_counts=False)


def trained(
    name: str,
    course: Course,
    train: Packed,
    id_val: Packed,
    transform: v2.Transform | None = None,
    watch: Callable | None = None,
    foot: int | None = None,
    start: Run | None = None,
    fill_counts: bool = True,
    **more,
) -> Run:
    """A named run on given frames, found or trained.

    transform: the augmentation, light_augmentation() where none is given; `name` and
    `more` must tell two recipes apart. foot, fill_counts: see fit. start: a run whose
    weights this one begins with, in place of the encoder's alone.
    """
    numbers = course.numbers
    transform = transform or light_augmentation()
    what = dict(name=name, numbers=asdict(numbers), seed=course.seed, **more)
    what |= dict(train=frames_key(train), id_val=frames_key(id_val))
    what |= dict(weights=course.begins_with, start=start and start.key)
    what |= dict(recipe=_recipe(transform), foot=foot, fill_counts=fill_counts)

    def make() -> tuple[nn.Module, History]:
        model = untrained(course) if start is None else copy.deepcopy(start.model)
        with progress(None, f"Training '{name}', epochs", numbers.epochs) as bar:

            def after(history: History) -> None:
                if not bar.n:  # the epochs of a training that goes on are not timed
                    bar.n = bar.initial = bar.last_print_n = len(history.loss) - 1
                bar.update(len(history.loss) - bar.n)
                if watch is not None:
                    watch(history)

            given = model, train, id_val, numbers, course.seed, what
            history = fit(*given, transform, after, foot, fill_counts)
        return model, history

    place = store.entry("models", what, lambda draft: _save(make(), draft), _save)
    run = _load(course, place)
    checkpoint = store.folder("checkpoints", what, fit)
    shutil.rmtree(checkpoint, ignore_errors=True)
    return run


def _save(made: tuple[nn.Module, History], folder: Path) -> None:
    write_state(made[0].state_dict(), folder / "weights.pt")
    (folder / "history.json").write_text(json.dumps(asdict(made[1])))


def _load(course: Course, folder: Path) -> Run:
    model = untrained(replace(course, weights=None))
    model.exposure = models.exposure(course.weights, course.numbers.encoder)
    model.load_state_dict(read_state(folder / "weights.pt"))
    history = History(**json.loads((folder / "history.json").read_text()))
    model.dtype = history.dtype
    # The weights themselves, since other threads may have learned others.
    return Run(model.eval(), history, store.content(folder))


def _recipe(transform: v2.Transform) -> list:
    """What an augmentation depends on: its settings, with the probabilities that torch
    leaves out of their text, and the code of its parts that are the course's own."""
    parts = [transform]
    for part in parts:  # which grow as they are gone through
        parts += getattr(part, "transforms", ())
    own = [getattr(part, "lambd", type(part)) for part in parts]
    ours = [one for one in own if one.__module__.startswith("helpers.")]
    chances = [getattr(part, "p", None) for part in parts]
    return [repr(transform), chances, store.made_by(*ours)["code"]]


def frames_key(packed: Packed) -> str:
    """What frames these are: their pixels and labels, and whose they are."""
    return store.key(
        pixels=packed.digest,
        whose=packed.table[["dataset", "subject", "clip", "frame"]].to_numpy().tolist(),
    )
