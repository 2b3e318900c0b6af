"""The drawing beside real frames: what a picture's colours, light and grain measure.

    python -m benchmarks.phantom_beside_real            the column "after"
    python -m benchmarks.phantom_beside_real --before   the column "before"

writes phantom_beside_real.csv and phantom_beside_real.json beside it; the other column
stays as it was recorded. No network is trained or asked. Real frames are read from
../shared where they are; without them their columns stay as recorded. The drawing was
fitted to measures of FITTED; LEFT_OUT says what holds beyond, though not blindly: those
frames were looked at too, and means over 51 frames of 13 patients were aims besides. Of
a drawn set the same is computed as of a real one: each figure is the mean over subjects
of the mean over their frames, at 240 pixels' height (HemoSet's crops as they are).

Light is 0-1 of the camera's grey; lengths are pixels; L*, a*, b* are CIELAB (D65). The
ring around blood is what lies within 6 pixels of it (at 240 pixels' height) and is
neither black nor steel.
"""

import io
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

import phantom
from benchmarks import recording
from phantom.classes import ID, RGB, UNKNOWN

SHARED = Path(__file__).parents[2] / "shared"
FITTED = ("real/hemoset/pig1", "real/cholecseg8k/video01", "real/cholecseg8k/video52")
LEFT_OUT = ("real/cholecseg8k/video24", "real/cholecseg8k/video55", "gallery")
AXES = ("L*", "a*", "b*")
COLUMNS = ("before", "after", "fitted", "left out")
SEED, HEIGHT = 0, 240
STEEL = (ID["grasper"], ID["hook"])
Frame = tuple[str, np.ndarray, np.ndarray]  # subject, HxWx3 uint8, HxW classes


def drawn(
    subjects: dict, times: tuple[float, ...], wide: int, **how
) -> Iterator[Frame]:
    """Frames of four clips of each subject."""
    for subject, most in subjects.items():
        for clip in sorted({int((n + 0.5) * min(most, 16) / 4) for n in range(4)}):
            size = (HEIGHT, wide)
            for frame in phantom.frames(subject, clip, times, size, SEED, **how):
                yield subject, *frame


def real_people(places: tuple[str, ...]) -> Iterator[Frame]:
    """The frames of CholecSeg8k's layout under some folders of SHARED."""
    paths = {path for place in places for path in (SHARED / place).rglob("*_endo.png")}
    for path in sorted(paths):
        image, mask = (
            np.array(Image.open(one).convert("RGB"))
            for one in (path, path.with_name(f"{path.stem}_color_mask.png"))
        )
        wide = round(HEIGHT * image.shape[1] / image.shape[0])
        image = cv2.resize(image, (wide, HEIGHT), interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, (wide, HEIGHT), interpolation=cv2.INTER_NEAREST)
        classes = np.full(mask.shape[:2], UNKNOWN, np.uint8)
        for number in ID.values():
            classes[(mask == RGB[number]).all(2)] = number
        yield path.parts[-3], image, classes


def real_pigs(places: tuple[str, ...]) -> Iterator[Frame]:
    """The pairs of HemoSet's layout in some folders of SHARED."""
    for place in places:
        for archive in (SHARED / place).glob("imgs.zip"):
            with (
                zipfile.ZipFile(archive) as images,
                zipfile.ZipFile(archive.with_name("labels.zip")) as labels,
            ):
                for name, label in zip(images.namelist(), labels.namelist()):
                    image = Image.open(io.BytesIO(images.read(name))).convert("RGB")
                    mask = np.array(Image.open(io.BytesIO(labels.read(label)))) > 0
                    classes = np.where(mask, ID["blood"], UNKNOWN).astype(np.uint8)
                    yield archive.parent.name, np.array(image), classes


def light(image: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """Grain, fall-off, gleams and noise of one frame, its surround left out."""
    seen = cv2.erode(np.uint8(classes != ID["black"]), np.ones((9, 9))) > 0
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1)
    power = cv2.blur(fine * fine, (9, 9))[seen]
    y, x = np.indices(grey.shape) / (grey.shape[0] / 2)
    away = (x - x[0].mean()) ** 2 + (y - y[:, 0].mean()) ** 2
    darkest = image.min(2)[seen]
    return {
        "fine detail: sd of light less its 1 px blur, of light": float(
            fine[seen].std() / grey[seen].mean()
        ),
        "light fall-off: slope of log linear light on r squared": np.polyfit(
            away[seen], 2.2 * np.log(np.maximum(grey[seen], 2 / 255)), 1
        )[0],
        "gleams: all channels at least 200, %": 100 * (darkest >= 200).mean(),
        "clipped gleams: all channels at least 240, %": 100 * (darkest >= 240).mean(),
        "noise in the flattest tenth, of 255": 255
        * float(np.sqrt(np.quantile(np.maximum(power, 0), 0.05))),
    }


def spread(image: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """Level and spread of the colours of one frame."""
    lab = cv2.cvtColor(np.float32(image / 255), cv2.COLOR_RGB2LAB)
    found = {"pixels at most 60, %": 100 * (image.mean(2) <= 60).mean()}
    found |= {f"sd {axis}": lab[..., n].std() for n, axis in enumerate(AXES)}
    means = image.mean((0, 1)) / 255
    return found | {f"mean {name}": mean for name, mean in zip("RGB", means)}


def blood(image: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """Blood's colour, and how far it is from that of the ring around it."""
    mask = np.uint8(classes == ID["blood"])
    if mask.mean() < 0.003:
        return {}
    lab = cv2.cvtColor(np.float32(image / 255), cv2.COLOR_RGB2LAB)
    wide = 2 * round(6 * len(image) / HEIGHT) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide))
    ring = (cv2.dilate(mask, disc) > mask) & ~np.isin(classes, (*STEEL, ID["black"]))
    ring &= image.max(2) > 15
    own, around = lab[mask > 0].mean(0), lab[ring].mean(0)
    found = {f"blood {axis}": own[n] for n, axis in enumerate(AXES)}
    found["blood's a* above its ring"] = own[1] - around[1]
    found["blood's L* below its ring"] = around[0] - own[0]
    return found


def colours(image: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """Each class's share of the frame, and where it is seen its colour."""
    lab = cv2.cvtColor(np.float32(image / 255), cv2.COLOR_RGB2LAB)
    found = {}
    for name, number in ID.items():
        here = classes == number
        found[f"share of {name}, %"] = 100 * here.mean()
        if here.mean() > 0.005 and name not in ("black", "blood"):
            for axis, mean in zip(AXES, lab[here].mean(0)):
                found[f"{name} {axis}"] = mean
            found[f"{name} sd L*"] = lab[here][:, 0].std()
    return found


def measured(frames: Iterator[Frame], what: tuple) -> pd.Series:
    """The mean over subjects of each measure; the ring's a* by subject as well."""
    rows = []
    for subject, image, classes in frames:
        found = {"subject": subject}
        for one in what:
            found |= one(image, classes)
        rows.append(found)
    if not rows:
        return pd.Series(dtype=float)
    by_subject = pd.DataFrame(rows).groupby("subject").mean()
    means, above = by_subject.mean(), "blood's a* above its ring"
    if above in by_subject:
        for name, value in by_subject[above].agg(["min", "max"]).items():
            means[f"{above}, {name} of subjects"] = value
    means["frames"], means["subjects"] = len(rows), len(by_subject)
    return means


def drawing() -> dict[str, pd.Series]:
    """Both domains as they are drawn now."""
    times, patients = (0.3, 0.7), phantom.PATIENTS
    plain = measured(drawn(patients, times, 426), (light, colours))
    bleeding = measured(drawn(patients, (0.5,), 426, wished=True), (blood,))
    pigs = measured(drawn(phantom.PIGS, times, 320), (spread, blood))
    target = pd.concat([plain, bleeding.drop(["frames", "subjects"])])
    return {"target": target, "source": pigs}


def real(places: tuple[str, ...]) -> dict[str, pd.Series]:
    """Both domains as some real frames show them."""
    people = measured(real_people(places), (light, colours, blood))
    pigs = measured(real_pigs(places), (spread, blood))
    return {"target": people, "source": pigs}


def main() -> None:
    began, path = time.perf_counter(), recording.HERE / "phantom_beside_real.csv"
    new = {"before" if "--before" in sys.argv else "after": drawing()}
    if SHARED.exists():
        new |= {"fitted": real(FITTED), "left out": real(LEFT_OUT)}
    names = ["domain", "measure"]
    rows = pd.DataFrame(
        {one: pd.concat(part, names=names) for one, part in new.items()}
    )
    if path.exists():
        rows = rows.combine_first(pd.read_csv(path, index_col=names))
    table = rows.reindex(columns=COLUMNS)
    print(table.round(3).to_string())
    table = table.reset_index()
    about = {"fitted": FITTED, "left out": LEFT_OUT, "drawing": SEED}
    recording.record("phantom_beside_real", began, {"": table}, 3, **about)


if __name__ == "__main__":
    main()
