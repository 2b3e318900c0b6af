"""One training on several devices of one machine, by torch's own launcher (torchrun),
that learns what one process learns.

The first process trains as ever: it alone knows frames, loss, optimizer, checkpoint and
store. Only the network's forward and backward are shared out. Each batch is divided
among the processes, the statistics of every batch norm are those of the whole batch,
the logits come back to the first process, whose loss sees all of them (a soft Dice is
no mean of parts), and the gradients are summed. So what is learned differs only by the
order in which sums are taken, as it does with the number of threads.

Prediction and augmentation stay with the first process, which bounds what is gained.
"""

import contextlib
import datetime
import os
import signal
from collections.abc import Iterator
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn

from helpers import settings
from helpers.errors import CourseError
from helpers.parallel.launching import INTERRUPTED, launch
from helpers.parallel.norms import dividing, whole_batches

__all__ = [
    "Broken",
    "INTERRUPTED",
    "launch",
    "processes",
    "spread",
    "together",
]

# A process that has nothing to do waits for as long as the first one draws or measures.
PATIENCE = datetime.timedelta(days=30)
_control: list[dist.ProcessGroup] = []
_shared: dict[int, "Shared"] = {}


class Broken(SystemExit):
    """A shared step failed in one process, and the others wait in it for good, so that
    the run ends; it is no error of a single job. Its code is the sentence that says
    what failed, or 1 where another process is gone, which says it itself."""


def processes() -> int:
    """How many processes train together here: 1 outside torchrun's."""
    return dist.get_world_size() if _control else 1


@contextlib.contextmanager
def together() -> Iterator[bool]:
    """Be one of torchrun's processes: True in the first, which goes on and whose
    trainings the others join; False in each of those, once the first has ended.

    Outside torchrun it is True and changes nothing. Raises Broken where a shared step
    failed.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) < 2:
        yield True
        return
    cuda = settings.device() == "cuda"
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
    dist.init_process_group(backend, timeout=PATIENCE)
    _control.append(dist.new_group(backend="gloo", timeout=PATIENCE))
    first = dist.get_rank() == 0
    try:
        if not first:
            # Nothing here needs tidying, and a wait for the others is no place where
            # Python would handle a signal.
            for one in (signal.SIGINT, signal.SIGTERM):
                signal.signal(one, signal.SIG_DFL)
            _follow()
        yield first
        # Otherwise the others may be in the middle of a step, where nobody hears it.
        if first:
            _tell("end")
        dist.destroy_process_group()
    finally:
        _control.clear()


@contextlib.contextmanager
def _step() -> Iterator[None]:
    """What all processes do together: what fails in it ends the run."""
    try:
        yield
    except Exception as error:
        if "/gloo/" in str(error):  # its connection to another process is lost
            raise Broken(1) from error
        said = str(error).strip().splitlines()
        said = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
        raise Broken(
            f"A training step that {processes()} processes share failed ({said}), and "
            "they can't go on together; the same command goes on from here."
        ) from error


@contextlib.contextmanager
def spread(model: nn.Module) -> Iterator[None]:
    """While it trains, the network's batches are divided among torchrun's processes;
    where there is only this one, nothing changes.

    Raises CourseError for a network that draws numbers on its way, since each process
    would draw its own.
    """
    if processes() == 1:
        yield
        return
    if any(map(_draws, model.modules())):
        raise CourseError(
            "This network has dropout, which every process would draw for itself: "
            "train it without PARALLEL=."
        )
    with _step():
        _tell("model", model)
    _shared[id(model)] = Shared(model)
    model.forward = partial(_forward, model)
    try:
        with whole_batches(model):
            yield
    finally:
        del model.forward, _shared[id(model)]


def _forward(model: nn.Module, images: Tensor) -> Tensor:
    """The network's forward while it is shared. A copy of it is not, and goes alone."""
    shared = _shared.get(id(model))
    if shared is None or not (model.training and torch.is_grad_enabled()):
        return type(model).forward(model, images)
    return _Spread.apply(shared, images, *shared.weights)


def _draws(part: nn.Module) -> bool:
    chance = getattr(part, "p", 0) or getattr(part, "drop_prob", 0) or 0
    return chance > 0 and "Drop" in type(part).__name__


class Shared:
    """A process's own copy of the network, and what it still has to differentiate."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.weights = [one for one in model.parameters() if one.requires_grad]
        self.found: Tensor | None = None

    def forward(self, images: Tensor) -> Tensor:
        """Logits of this process's share, kept for `backward`."""
        with torch.enable_grad(), dividing():
            self.found = type(self.model).forward(self.model, images)
        return self.found.detach()

    def backward(self, gradient: Tensor) -> list[Tensor | None]:
        """The weights' gradients over the whole batch, right in the first process."""
        parts = torch.autograd.grad(
            self.found, self.weights, gradient, allow_unused=True
        )
        self.found = None
        used = [part for part in parts if part is not None]
        flat = torch.cat([part.reshape(-1) for part in used])
        dist.reduce(flat, 0)
        pieces = iter(flat.split([part.numel() for part in used]))
        return [None if part is None else next(pieces).view_as(part) for part in parts]

    def share_weights(self) -> None:
        """Everybody takes the first process's weights."""
        with torch.no_grad():
            flat = torch.cat([one.reshape(-1) for one in self.weights])
            dist.broadcast(flat, 0)
            if dist.get_rank():
                sizes = [one.numel() for one in self.weights]
                for one, part in zip(self.weights, flat.split(sizes), strict=True):
                    one.copy_(part.view_as(one))


class _Spread(torch.autograd.Function):
    """The network on a batch that is divided, in the first process."""

    @staticmethod
    @_step()
    def forward(ctx, shared: Shared, images: Tensor, *weights: Tensor) -> Tensor:
        parts = images.tensor_split(processes())
        kind = images.device.type
        cast = (
            torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else None
        )
        _tell("forward", [tuple(part.shape) for part in parts], images.dtype, cast)
        shared.share_weights()
        for rank, part in enumerate(parts[1:], 1):
            dist.send(part.contiguous(), rank)
        found = [shared.forward(parts[0])]
        for rank, part in enumerate(parts[1:], 1):
            found.append(found[0].new_empty(len(part), *found[0].shape[1:]))
            dist.recv(found[-1], rank)
        ctx.shared = shared
        return torch.cat(found)

    @staticmethod
    @_step()
    def backward(ctx, gradient: Tensor):
        _tell("backward")
        parts = gradient.tensor_split(processes())
        for rank, part in enumerate(parts[1:], 1):
            dist.send(part.contiguous(), rank)
        return None, None, *ctx.shared.backward(parts[0])


def _follow() -> None:
    """What a process does that is not the first: its share of each batch, until the
    end."""
    rank, device, shared = dist.get_rank(), settings.device(), None
    with contextlib.ExitStack() as stack:
        while (told := _told())[0] != "end":
            with _step():
                match told:
                    case "model", model:
                        stack.close()
                        model.to(device, memory_format=torch.channels_last).train()
                        shared = Shared(model)
                        stack.enter_context(whole_batches(model))
                    case "forward", shapes, dtype, cast:
                        shared.share_weights()
                        images = torch.empty(shapes[rank], dtype=dtype, device=device)
                        dist.recv(images, 0)
                        images = images.contiguous(memory_format=torch.channels_last)
                        with torch.autocast(device, cast, enabled=cast is not None):
                            found = shared.forward(images)
                        dist.send(found.contiguous(), 0)
                    case ("backward",):
                        gradient = torch.empty_like(
                            shared.found, memory_format=torch.contiguous_format
                        )
                        dist.recv(gradient, 0)
                        shared.backward(gradient)


def _tell(*words) -> None:
    dist.broadcast_object_list([words], 0, _control[0], torch.device("cpu"))


def _told() -> tuple:
    words = [None]
    try:
        dist.broadcast_object_list(words, 0, _control[0], torch.device("cpu"))
    except RuntimeError:  # the first process is gone, and says itself why
        return ("end",)
    return words[0]
