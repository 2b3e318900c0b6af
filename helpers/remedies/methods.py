"""What remedies do. Looks: three ways to make a frame look like another domain's, and
augmentations that helpers.training takes. Networks: what adapts one to target frames
without labels, and the ensemble, which sees none.

A look is made of frames of that domain, without a label, and is called with a frame
(uint8 HxWx3) and its valid pixels. What shows nothing (padding, the black surround of a
round view) is neither counted nor changed. Networks are given frames as they are packed
(uint8 NxHxWx3) and what shows something of them (seen, bool NxHxW); each stays as it
was.

>>> grey, white = (np.full((4, 4, 3), level, np.uint8) for level in (100, 255))
>>> int(Reinhard([white])(grey)[0, 0, 0]), float(entropy(torch.tensor(0.0)).exp())
(255, 2.0)
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, conv2d, logsigmoid, pad
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision import tv_tensors
from torchvision.transforms import v2

from helpers import CourseError, training
from helpers.frames import visible

SIDES = (1, 3, 5, 7)  # of random convolutions, in pixels
RATE, BATCH = 1e-3, 16  # of TENT
TOGETHER = 32  # frames whose statistics AdaBN takes at a time


class Look:
    """What all looks share: `learn` is given frames with what shows something of each,
    `change` one such frame."""

    def __init__(self, images: Iterable, valid: Iterable | None = None) -> None:
        masks = [None] * len(images) if valid is None else valid
        pairs = [(image, _seen(image, one)) for image, one in zip(images, masks)]
        if not (frames := [pair for pair in pairs if pair[1].any()]):
            raise CourseError(
                "A style needs at least one frame that shows something: give some of "
                "the domain to look like."
            )
        self.learn(frames)

    def __call__(self, image: np.ndarray, valid: np.ndarray | None = None):
        if not (seen := _seen(image, valid)).any():
            return image
        changed = np.rint(self.change(image, seen).clip(0, 255)).astype(np.uint8)
        return np.where(seen[..., None], changed, image)


def _seen(image: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    valid = np.ones(image.shape[:2], bool) if valid is None else valid
    return visible(image, valid)


class Reinhard(Look):
    """Mean and spread of CIELAB's three channels (Reinhard et al. 2001, who used
    another such space): the means over frames of each frame's."""

    def learn(self, frames: list) -> None:
        lab = [lab_of(image)[seen] for image, seen in frames]
        self.mean = np.mean([pixels.mean(0, dtype=float) for pixels in lab], axis=0)
        self.spread = np.mean([pixels.std(0, dtype=float) for pixels in lab], axis=0)

    def change(self, image: np.ndarray, seen: np.ndarray) -> np.ndarray:
        lab = lab_of(image)
        mean, spread = (of(lab[seen], axis=0, dtype=float) for of in (np.mean, np.std))
        spread[spread == 0] = 1  # a channel that is the same everywhere stays so
        lab = (lab - mean) / spread * self.spread + self.mean
        lab[..., 0] = lab[..., 0].clip(0, 100)
        return 255 * cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB)


def lab_of(image: np.ndarray) -> np.ndarray:
    """A frame in CIELAB: light in 0..100, and two axes of colour."""
    return cv2.cvtColor(image / np.float32(255), cv2.COLOR_RGB2LAB)


class Fourier(Look):
    """The amplitudes of one frame's slowest waves (Yang and Soatto 2020): another of
    its size takes them over and keeps its own phases, and so its shapes.

    Waves of up to floor(beta x shorter side) to a side are taken over, as in the
    authors' code; wave 0 is the mean colour. Their frames are full; what is no view
    here bears its view's mean colour, so that no wave of the black is taken over.
    """

    beta = 0.02

    def learn(self, frames: list) -> None:
        self.amplitude = np.abs(waves_of(*frames[0]))

    def change(self, image: np.ndarray, seen: np.ndarray) -> np.ndarray:
        ours, reach = waves_of(image, seen), int(self.beta * min(seen.shape))
        slow = np.ix_(*(np.abs(np.fft.fftfreq(n, 1 / n)) <= reach for n in seen.shape))
        ours[slow] = self.amplitude[slow] * np.exp(1j * np.angle(ours[slow]))
        return np.fft.ifft2(ours, axes=(0, 1)).real


def waves_of(image: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The Fourier transform of a frame whose black bears its view's mean colour."""
    filled = np.where(seen[..., None], image, image[seen].mean(axis=0))
    return np.fft.fft2(filled, axes=(0, 1))


class Histogram(Look):
    """The share of pixels up to each of 256 levels, per channel (3x256, the mean over
    frames): a frame is given the same, keeping the order of its levels (histogram
    specification, Gonzalez and Woods, Digital Image Processing, ch. 3)."""

    def learn(self, frames: list) -> None:
        self.share = np.mean([_shares(image[seen]) for image, seen in frames], axis=0)

    def change(self, image: np.ndarray, seen: np.ndarray) -> np.ndarray:
        # The lowest level of the style that as many pixels reach as do this level.
        pairs = zip(self.share, _shares(image[seen]), np.moveaxis(image, -1, 0))
        found = [np.searchsorted(goal, own)[channel] for goal, own, channel in pairs]
        return np.stack(found, axis=-1)


def _shares(pixels: np.ndarray) -> list[np.ndarray]:
    counts = [np.bincount(channel, minlength=256) for channel in pixels.T]
    return [one.cumsum() / len(pixels) for one in counts]


def on_images(change: Callable[[Tensor], Tensor], p: float) -> v2.Transform:
    """A transform that changes images (3, H, W) in 0..1, with probability p, and leaves
    masks alone."""

    @wraps(change)
    def changed(image: tv_tensors.Image) -> tv_tensors.Image:
        found = change(image.as_subclass(Tensor).clamp(0, 1)).clamp(0, 1)
        return tv_tensors.wrap(found, like=image)

    return v2.RandomApply([v2.Lambda(changed, tv_tensors.Image)], p)


def random_gamma(image: Tensor) -> Tensor:
    """Each value to one random power from 0.5 to 2.2, drawn evenly in the logarithm;
    above 1 darkens."""
    return image ** float(0.5 * (2.2 / 0.5) ** torch.rand(()))


def random_convolution(image: Tensor) -> Tensor:
    """A random filter over the three channels, mixed with the image in random parts:
    local texture and colour change, shapes stay (Xu et al. 2021)."""
    side = SIDES[int(torch.randint(len(SIDES), ()))]
    # The variance of He et al. 2015 keeps the values' spread.
    kernel = (torch.randn(3, 3, side, side) / (3 * side**2) ** 0.5).to(image)
    centred = pad((image - 0.5)[None], (side // 2,) * 4, mode="reflect")
    own, mixed = torch.rand(()).item(), conv2d(centred, kernel)[0] + 0.5
    return own * image + (1 - own) * mixed


def restyled(looks: Sequence[Callable]) -> Callable[[Tensor], Tensor]:
    """A change to one of some looks, as those of single target frames, drawn anew for
    each image."""

    def restyle(image: Tensor) -> Tensor:
        levels = (image * 255).round().byte().permute(1, 2, 0).contiguous().cpu()
        changed = looks[int(torch.randint(len(looks), ()))](levels.numpy())
        return torch.from_numpy(changed).permute(2, 0, 1).to(image) / 255

    return restyle


def heavy_augmentation() -> v2.Transform:
    """Other cameras, other light, other views: each property varied beyond what the
    source shows. It looks at no target frame; that laparoscopes give round views on
    black is common knowledge."""
    colours = v2.ColorJitter(brightness=0.5, contrast=0.5, saturation=0.6, hue=0.06)
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomVerticalFlip(0.5),
            v2.RandomAffine(degrees=30, translate=(0.1, 0.1), scale=(0.6, 1.4)),
            v2.RandomApply([colours], p=0.8),
            v2.RandomApply([v2.RandomChannelPermutation()], p=0.02),
            on_images(random_gamma, p=0.7),
            v2.RandomApply([v2.GaussianBlur(5, sigma=(0.2, 1.5))], p=0.4),
            v2.RandomApply([RoundView()], p=0.5),
            v2.RandomApply([v2.GaussianNoise(sigma=0.02)], p=0.3),
        ]
    )


class RoundView(v2.Transform):
    """A round view on black with light that falls off to its rim.

    What leaves the view turns 0 in both masks (see training.batch_of): no blood, and
    known to be none. So the loss sees the black, and a network learns that nothing is
    there.
    """

    RADIUS = (0.5, 1.0)  # of half the diagonal
    FALL = 1.5

    def make_params(self, flat_inputs: list) -> dict:
        height, width = flat_inputs[0].shape[-2:]
        radius, fall, aside, down = torch.rand(4).tolist()
        radius = self.RADIUS[0] + radius * (self.RADIUS[1] - self.RADIUS[0])
        y = torch.arange(height)[:, None] - height * (0.5 + 0.1 * (down - 0.5))
        x = torch.arange(width)[None] - width * (0.5 + 0.1 * (aside - 0.5))
        square = (x**2 + y**2) / ((height**2 + width**2) / 4 * radius**2)
        return {"inside": square <= 1, "light": 1 / (1 + self.FALL * fall * square)}

    def transform(self, inpt, params: dict):
        values = inpt.as_subclass(Tensor) * params["inside"].to(inpt.device)
        if isinstance(inpt, tv_tensors.Image):
            values = values * params["light"].to(values)
        return tv_tensors.wrap(values, like=inpt)


def adabn(model: nn.Module, images: np.ndarray, seen: np.ndarray) -> nn.Module:
    """AdaBN (Li et al. 2018): mean and variance of every batch norm's channels,
    measured anew on target frames where these show something. No weight changes.

    A place of a layer counts by how much of it is visible. Frames are shuffled, since
    those of one patient lie side by side; what stands is the mean over batches.
    """
    model = copy.deepcopy(model).eval()
    found = {norm: [] for norm in norms(model)}

    def measure(norm: nn.Module, given: tuple[Tensor]) -> None:
        weight = adaptive_avg_pool2d(visible, given[0].shape[-2:])
        mean = (weight * given[0]).sum((0, 2, 3)) / weight.sum()
        away = (given[0] - mean[:, None, None]) ** 2
        variance = (weight * away).sum((0, 2, 3)) / weight.sum()
        norm.running_mean, norm.running_var = mean, variance  # for this batch
        found[norm].append((mean, variance))

    hooks = [norm.register_forward_pre_hook(measure) for norm in found]
    with torch.no_grad():
        for batch in _batches(model, images, seen, TOGETHER):
            _, frames, visible = batch
            model(frames)
    for (norm, each), hook in zip(found.items(), hooks):
        means, variances = map(torch.stack, zip(*each))
        norm.running_mean, norm.running_var = means.mean(0), variances.mean(0)
        hook.remove()
    return model


def entropy(logits: Tensor) -> Tensor:
    """Binary entropy of each pixel's probability, in nats: -p log p - (1 - p) log(1 -
    p), finite for every logit."""
    probability = torch.sigmoid(logits)
    return -(probability * logsigmoid(logits) + (1 - probability) * logsigmoid(-logits))


class Tent:
    """TENT (Wang et al. 2021): the scales and shifts of the batch norms follow the
    gradient that lowers the predictions' entropy.

    own: whether each batch is normalized by its own statistics, black included, as its
    authors do; else by those that the network has, such as adabn's.
    """

    def __init__(self, model: nn.Module, own: bool = False) -> None:
        self.network = copy.deepcopy(model).eval().requires_grad_(False)
        turned = nn.ModuleList(norms(self.network)).train(own).requires_grad_(True)
        self.optimizer = torch.optim.Adam(turned.parameters(), lr=RATE)

    def step(self, frames: Tensor, visible: Tensor) -> float:
        """One batch: its mean entropy where something is visible, before the step."""
        uncertain = entropy(self.network(frames))[visible > 0].mean()
        self.optimizer.zero_grad()
        uncertain.backward()
        self.optimizer.step()
        return uncertain.item()


def tent(
    model: nn.Module, images: np.ndarray, seen: np.ndarray, passes: int = 1
) -> Iterator[tuple[nn.Module, float]]:
    """After each pass over frames put aside for it: the network, and the mean entropy
    of the pass's batches."""
    one = Tent(model)
    for number in range(passes):
        batches = _batches(model, images, seen, BATCH, number)
        uncertain = [one.step(*batch) for _, *batch in batches]
        yield copy.deepcopy(one.network).requires_grad_(True), float(np.mean(uncertain))


def tent_online(model: nn.Module, images: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Probabilities as training.predict gives them: each batch takes a step, and then
    is predicted by what the network has become by then, with the batch's own
    statistics. The authors predict before the step, from the same pass.
    """
    one, found = Tent(model, own=True), np.zeros(images.shape[:3], np.uint8)
    for rows, frames, view in _batches(model, images, seen, BATCH):
        one.step(frames, view)
        with torch.no_grad():
            found[rows] = training.levels(one.network(frames)[:, 0])
    return found


class Ensemble(nn.ModuleList):
    """The mean of several networks' probabilities, as one network: images to logits (N,
    1, H, W)."""

    @property
    def dtype(self) -> str:
        return self[0].dtype

    def forward(self, images: Tensor) -> Tensor:
        # In float32, since a logarithm in half of its bits is a guess; from logarithms,
        # so that a confident member leaves the logit of the mean finite.
        logits = torch.stack([member(images).float() for member in self])
        return logsigmoid(logits).logsumexp(0) - logsigmoid(-logits).logsumexp(0)


def norms(model: nn.Module) -> list[nn.Module]:
    """The batch norms of a network; CourseError where it has none, or not only such."""
    found = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not found or not getattr(model, "plain", True):
        raise CourseError(
            "This network's encoder has no batch norm, which is all that this remedy "
            "changes: take one that has, such as lite0."
        )
    return found


def _batches(
    model: nn.Module, images: np.ndarray, seen: np.ndarray, batch: int, seed: int = 0
) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """Frames that show something, in random order, always the same, in batches of about
    equal size: their rows, they as (N, 3, H, W) in 0..1, and what is visible of them
    (N, 1, H, W), 0 or 1."""
    order = np.flatnonzero(seen.any(axis=(1, 2)))
    if not len(order):
        raise CourseError("There is no target frame to adapt to: give some.")
    order = np.random.default_rng(seed).permutation(order)
    device = next(model.parameters()).device
    for rows in map(np.sort, np.array_split(order, -(-len(order) // batch))):
        visible = torch.from_numpy(np.array(seen[rows]))[:, None].float().to(device)
        yield rows, training.as_tensor(images[rows], device), visible
