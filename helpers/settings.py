"""What a run of the course is made of: its profile, its places, its device, and what is
installed. `python -m helpers.settings`, the last step of set-up, says whether that
fits together.
"""

import contextlib
import hashlib
import importlib
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from tqdm import tqdm

from helpers import CourseError
from helpers.words import printable

ROOT = Path(__file__).resolve().parent.parent
SURGENET = ("caformer_s18", "convnextv2_tiny", "pvt_v2_b2")
ENCODERS = {"lite0": "tu-tf_efficientnet_lite0"}
ENCODERS |= {name: name for name in ("resnet34", "resnet18", "mobilenet_v2")}
ENCODERS |= {name: f"tu-{name}" for name in SURGENET}
"""The encoders that the course offers, and what smp calls them."""
DECODERS = ("unet", "fpn")
WEIGHTS = {"": "imagenet", "imagenet": "imagenet", "surgenet": "surgenet", "none": None}
"""What an encoder begins with, as a parameter says it; else it names a file."""


@dataclass(frozen=True)
class Profile:
    """How much of everything a profile does. Sizes are (height, width) in pixels,
    counts are frames."""

    size: tuple[int, int]  # frames are fitted into this, keeping their aspect ratio
    drawn: int  # phantom frames of the source
    drawn_target: int  # those of the target, and again of the wished-for benchmark
    drawn_height: int  # height at which the phantom is drawn
    encoder: str
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    patience: int  # epochs without a better id_val before training stops
    folds: int  # 1: a single split by pigs; more: cross-validation over pigs
    half: bool = False  # training in half precision, where the machine is made for it
    decoder: str = "unet"


PROFILES = {
    # For the tests: every cell runs, and no number means anything.
    "smoke": Profile((64, 96), 40, 40, 96, "lite0", 1, 8, 1e-3, 1e-5, 10, 1),
    # For a laptop without a GPU. The larger learning rate buys in a few epochs what the
    # published recipe takes fifty for.
    "quick": Profile((96, 128), 320, 240, 240, "lite0", 8, 16, 1e-3, 1e-5, 10, 1),
    # The published recipe (its train.py): ResNet-34, 256x256, batch 16, Adam 1e-4,
    # weight decay 1e-5, at most 50 epochs, patience 10. What differs: frames keep their
    # aspect ratio, pigs are cross-validated, the schedule is mended.
    # It alone trains in half precision, since recorded tables stand on the networks of
    # the others.
    "full": Profile(
        (256, 256), 962, 1200, 480, "resnet34", 50, 16, 1e-4, 1e-5, 10, 5, half=True
    ),
}


@dataclass(frozen=True)
class Course:
    """One run of the course: a profile, a seed, and where the data is."""

    profile: str
    seed: int
    data: Path | None  # the folder that holds the data sets, None for the course's own
    source: Path | None  # what takes HemoSet's place, None where it is looked for in
    target: Path | None  # `data`; and CholecSeg8k's
    on_bad: str  # "stop" at the first bad frame, or "skip" it, count it and name it
    public: bool  # True keeps real frames out of the pictures of published pages
    numbers: Profile
    weights: str | Path | None = "imagenet"  # or "surgenet", None (random), a file
    structure: str = "blood"  # what masks mark, in a word

    @property
    def own(self) -> bool:
        """Whether somebody's own folders are named."""
        return bool(self.source or self.target)

    @property
    def size(self) -> tuple[int, int]:
        """Working size (height, width) in pixels."""
        return self.numbers.size

    def but(self, **changed) -> "Course":
        """The same with some of its profile's numbers changed: `but(epochs=20)`."""
        return replace(self, numbers=replace(self.numbers, **changed))

    @property
    def begins_with(self) -> str:
        """What tells its weights from any others in a key: a file's bytes, wherever it
        lies."""
        if isinstance(self.weights, Path):
            return hashlib.sha256(self.weights.read_bytes()).hexdigest()
        return self.weights or "none"

    @property
    def plain(self) -> bool:
        """Whether its encoder is made of convolutions, batch norms and ReLUs, for which
        some remedies and heatmaps were made; SurgeNet's are not."""
        return self.numbers.encoder not in SURGENET

    @property
    def usual_network(self) -> bool:
        """Whether it is the profile's own network, with ImageNet's weights."""
        own, numbers = PROFILES[self.profile], self.numbers
        same = (own.encoder, own.decoder) == (numbers.encoder, numbers.decoder)
        return same and self.weights == "imagenet"


def course(
    profile: str = "quick",
    seed: int = 0,
    data: str = "",
    source: str = "",
    target: str = "",
    on_bad: str = "stop",
    public: bool = False,
    encoder: str = "",
    weights: str = "",
    decoder: str = "",
    structure: str = "",
    epochs: str | int = "",
    size: str = "",
) -> Course:
    """A course from a notebook's parameters; an empty one means "not given".

    weights: "surgenet", "none" or a file with the encoder's in their own layout.
    epochs: how many, size: width x height in pixels, such as "192x144".
    CourseError for what is unknown or not there.
    """
    numbers = PROFILES[_one_of("profile", profile, PROFILES)]
    if not re.fullmatch(r"\d+", str(seed)):
        raise CourseError(
            f"seed is '{printable(seed)}': give a whole number from 0 on, such as 0."
        )
    folders = dict(data=data, source=source, target=target)
    what = "the folder that holds the frames"
    for name, given in folders.items():
        folders[name] = _path(name, given, what, os.path.isdir) if given else None
    if weights in list(WEIGHTS):
        start = WEIGHTS[weights]
    else:
        what = "a file with the encoder's weights, or none to begin from scratch"
        start = _path("weights", weights, what, os.path.isfile)
    numbers = replace(
        numbers,
        encoder=_one_of("encoder", encoder or numbers.encoder, ENCODERS),
        decoder=_one_of("decoder", decoder or numbers.decoder, DECODERS),
    )
    if epochs:
        numbers = replace(numbers, epochs=_numbers("epochs", epochs, r"(\d+)", "20")[0])
    if size:
        wide, high = _numbers("size", size, r"(\d+)x(\d+)", "192x144")
        numbers = replace(numbers, size=(32 * -(-high // 32), 32 * -(-wide // 32)))
    on_bad = _one_of("on_bad", on_bad, ("stop", "skip"))
    own = dict(on_bad=on_bad, public=bool(public), numbers=numbers, weights=start)
    own |= dict(structure=structure or "blood")
    return Course(profile, int(seed), **folders, **own)


def _numbers(name: str, given: str | int, form: str, such: str) -> list[int]:
    found = re.fullmatch(form, str(given))
    if not found or not all(map(int, found.groups())):
        raise CourseError(
            f"{name} is '{printable(given)}': give whole numbers from 1 on, as in "
            f"{such}."
        )
    return [int(one) for one in found.groups()]


def _one_of(name: str, given: str, known: Iterable[str]) -> str:
    if given not in list(known):
        known = ", ".join(known)
        raise CourseError(
            f"There is no {name} '{printable(given)}'; choose one of {known}."
        )
    return given


def _path(name: str, given: str | Path, what: str, there: Callable) -> Path:
    """What a parameter names, in full."""
    with contextlib.suppress(RuntimeError, TypeError):  # ~nobody, and what is no path
        # os.path's own tests raise nothing, however odd the path.
        if there(path := typed(given)):
            return path.resolve()
    raise CourseError(
        f"{name.upper()}={printable(given)}: there is no such "
        f"{what.split(' ')[1]}; give the path of {what}."
    )


def typed(path: str | Path) -> Path:
    """A relative path is the reader's, said where the command was typed; notebooks run
    in another folder."""
    return Path(os.environ.get("COURSE_FROM") or "", Path(path).expanduser())


def data_folder() -> Path:
    """Where data sets are looked for when none is named."""
    return ROOT / "data"


def store_folder() -> Path:
    """Where results are kept: `data/store`, or the folder that COURSE_STORE names."""
    given = os.environ.get("COURSE_STORE")
    # However it is spelled, it is one place: marks of use are compared by it.
    return typed(given).resolve() if given else ROOT / "data" / "store"


def static() -> bool:
    """True while a lesson is executed for the report: widgets then give way to still
    pictures."""
    return os.environ.get("COURSE_STATIC") == "1"


def progress(items: Iterable | None, label: str, total: int | None = None) -> tqdm:
    """The items, and a line that says how far they are and how long they still take, in
    a terminal and in Jupyter. A page is the same however long its lesson ran, so there
    it says nothing."""
    # A line of text: a saved notebook shows tqdm's widget at 0 %.
    lesson = "ipykernel" in sys.modules
    quiet = static() or not (lesson or sys.stderr.isatty())
    place = sys.stdout if lesson else sys.stderr
    # What takes fewer seconds than `delay` shows no line.
    return tqdm(items, label, total, disable=quiet, file=place, delay=2)


def cores() -> int:
    """The cores that this process may use: a container or a scheduler may lend fewer
    than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device() -> str:
    """The device that networks run on: cuda where there is one, mps on a Mac that has
    it, else cpu."""
    import torch  # slow to import, and most rooms need no network

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


# What is installed

# Their versions are shown, since results depend on them; the first three must fit.
SHOWN = """torch torchvision segmentation-models-pytorch timm opencv-python-headless
numpy pandas scipy""".split()

# What only the report and JupyterLab at home need.
ONLY_AT_HOME = """jupyterlab jupytext papermill jupyter_client nbformat nbconvert
beautifulsoup4 jinja2 markupsafe ipykernel latex2mathml""".split()


def ready() -> str:
    """Import the three packages that must fit, and say so in a line; SystemExit with
    the remedy where they don't."""
    for name in SHOWN[:3]:
        try:
            importlib.import_module(name.replace("-", "_"))
        except Exception as error:  # whatever it is, the remedy is what helps
            sys.exit(
                f"{name} does not import ({str(error).splitlines()[0]}): the installed "
                "torch and torchvision do not fit each other; delete .venv and run the "
                "same command again, and on Colab restart the runtime without "
                "installing torch."
            )
    return "Ready: " + ", ".join(f"{name} {versions()[name]}" for name in SHOWN[:3])


def versions() -> dict[str, str]:
    """Python's version and those of the packages that a result depends on, by name."""
    found = {name: version_of(name) or "absent" for name in SHOWN}
    return {"python": platform.python_version()} | found


def install_missing() -> list[str]:
    """On Colab: install the packages that are absent altogether, and hold every package
    that is there as it is; the names of what was installed.

    Colab's torch, torchvision and numpy fit its GPU and each other; a pinned version
    over them would break both. Where a pinned version does not fit what is there, the
    newest one that does is taken. SystemExit with the remedy where none does.
    """
    pins = re.findall(r"(?m)^([\w.-]+)(==\S+)", (ROOT / "requirements.txt").read_text())
    pins = {name: pin for name, pin in pins if name not in ONLY_AT_HOME}
    missing = {name: pin for name, pin in pins.items() if not version_of(name)}
    if missing and not _install(map("".join, missing.items())):
        print("The pinned versions do not fit what is here; taking what does.")
        if not _install(missing):
            sys.exit(
                f"{', '.join(missing)} could not be installed beside what is here: "
                "restart the runtime (Runtime, Disconnect and delete runtime) and run "
                "this cell again; what pip says stands above."
            )
    return list(missing)


def held() -> list[str]:
    """Every package that is there, with the version that is imported ("numpy==2.1.3"):
    Colab's Python sees the operating system's packages too, so that a name may come
    twice, and two versions no installer could hold."""
    names = {item.name for item in metadata.distributions() if item.name}
    return [f"{name}=={metadata.version(name)}" for name in names]


def _install(wanted) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "held.txt"
        constraints.write_text("\n".join(held()))
        pip = [sys.executable, "-m", "pip", "install", "--quiet"]
        done = subprocess.run([*pip, "-c", str(constraints), *wanted])
    return done.returncode == 0


def version_of(name: str) -> str | None:
    # Colab ships the full build of OpenCV under its other name; both are cv2.
    for known in (name, name.removesuffix("-headless")):
        try:
            return metadata.version(known)
        except metadata.PackageNotFoundError:
            continue
    return None


if __name__ == "__main__":
    print(ready())
