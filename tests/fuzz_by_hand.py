"""A thousand mutated files of every kind that the course reads, in a process whose memory
is bounded: python fuzz_by_hand.py FOLDER prints, as JSON, how each kind ended.

An input ends in frames of the right form, or in one sentence that names its file; what
else happens is told with the mutation's number.
"""

import itertools
import json
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from frames_by_hand import (
    SIZE,
    image,
    write_cholec,
    write_own,
    write_pig,
)
from PIL import Image

from helpers import clips, frames
from helpers.errors import CourseError
from phantom import cases

ROOM = 2**30  # bytes that a reader may take beyond what is there after the imports
PATIENCE = 60  # seconds for one input: a bound for hangs, no measure of speed


class Hang(BaseException):
    """No reader may catch it."""


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """The bytes with one to three things done to them."""
    for _ in range(random.integers(1, 4)):
        there, length = (int(random.integers(0, len(data) + 1)) for _ in range(2))
        some = data[there : there + length % 64]
        before, after = data[:there], data[there + len(some) :]
        middles = (
            random.bytes(len(some)),
            some + some,
            b"",
            b"\xff" * len(some),
            some + random.bytes(4),
            b"\x7f\xff\xff\xff",
        )
        choice = int(random.integers(0, len(middles) + 1))
        data = before + middles[choice] + after if choice < len(middles) else before
    return data


def kinds(folder: Path) -> dict[str, tuple[list[Path], Callable[[], None], int]]:
    """Each kind's files to be mutated, how it is read and checked, and how often."""
    own = write_own(folder / "own", ["a/1", "b/1", "c/1"])
    jpg = write_own(folder / "jpg", ["a"])
    (jpg / "images" / "a.png").unlink()
    Image.fromarray(image(5)).save(jpg / "images" / "a.jpg", quality=90)
    table = write_own(folder / "table", ["a", "b", "c"])
    (table / "subjects.csv").write_text(
        "image,subject,clip,frame\na.png,anna,a1,1\nb.png,bert,b1,2\nc.png,cleo,c1,3\n"
    )
    write_pig(folder / "zips" / "pig1", [0, 60, 120])
    write_cholec(folder / "cholec", "video01", 0, 0)
    case = cases.Case("pig1", 0, seconds=18, size=(48, 64), bleedings=1)
    cases.write([case], folder / "film", video=True)
    packed = frames.index(write_own(folder / "packs", ["a", "b", "c"])).table
    place = frames.pack(packed, SIZE, folder=folder / "store").place

    def one(of: Path) -> Callable[[], None]:
        row = frames.index(of).table.iloc[0]
        return lambda: check(*frames.read(row))

    def every(of: Path) -> Callable[[], None]:
        def read() -> None:
            for row in frames.index(of).table.itertuples():
                assert row.subject and -1 < row.frame < 10**18
                check(*frames.read(row))

        return read

    def pack() -> None:
        found = frames.pack(packed, SIZE, folder=folder / "store")
        for name, array in zip(("images", "blood", "valid"), found.take(np.arange(3))):
            assert array.shape[:3] == (3, *SIZE), name
        assert len(found.digest) == 16

    def film() -> None:
        for video in clips.cases(folder / "film"):
            for frame in itertools.islice(video, 100):
                assert frame.shape == (*video.size, 3) and frame.dtype == np.uint8

    first = folder / "cholec" / "video01" / "video01_00000" / "frame_0_endo.png"
    masks = [
        first.with_name(f"frame_0_endo_{side}_mask.png")
        for side in ("watershed", "color")
    ]
    return {
        "PNG": (
            [own / side / "a/1.png" for side in ("images", "masks")],
            one(own),
            250,
        ),
        "JPG": ([jpg / "images" / "a.jpg"], one(jpg), 150),
        "zip": (
            sorted((folder / "zips" / "pig1").iterdir()),
            every(folder / "zips"),
            150,
        ),
        "subjects.csv": ([table / "subjects.csv"], every(table), 150),
        "CholecSeg8k masks": ([first, *masks], one(folder / "cholec"), 150),
        "packed frames": (sorted(place.iterdir()), pack, 70),
        "bleedings.csv": ([folder / "film" / "bleedings.csv"], film, 40),
        "mp4": ([folder / "film" / "pig1_0.mp4"], film, 40),
    }


def check(pixels: np.ndarray, blood: np.ndarray, valid: np.ndarray) -> None:
    """Are these a frame and its label?"""
    assert pixels.dtype == np.uint8 and pixels.shape[2:] == (3,)
    assert blood.dtype == valid.dtype == bool
    assert blood.shape == valid.shape == pixels.shape[:2]


def ended(read: Callable[[], None], names: list[str]) -> str:
    """How one input ended: "frames", "sentence", or what went wrong."""

    def hang(*_) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, hang)
    signal.alarm(PATIENCE)
    try:
        read()
        return "frames"
    except CourseError as error:
        said = str(error)
        if not any(name in said for name in names):
            return f"no file named: {said}"
        whole = said.endswith(".") and "\n" not in said and said.isprintable()
        return "sentence" if whole and len(said) < 1000 else f"no sentence: {said}"
    except Hang:
        return "hang: " + traceback.format_exc(limit=-3)
    except BaseException:
        return traceback.format_exc(limit=-4)
    finally:
        signal.alarm(0)


def bounded() -> None:
    """From here on ROOM bytes more and no others, where the system can say so."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def main(folder: Path, seed: int = 0) -> dict:
    """{kind: {how it ended: how often}} and what was wrong."""
    random, counts, wrong = np.random.default_rng(seed), {}, []
    made = kinds(folder)
    for kind, (_, read, _) in made.items():
        assert (whole := ended(read, [])) == "frames", f"{kind}: {whole}"
    bounded()
    for kind, (files, read, times) in made.items():
        counts[kind] = Counter()
        for number in range(times):
            file = files[number % len(files)]
            whole = file.read_bytes()
            file.write_bytes(mutated(whole, random))
            how = ended(read, [file.name, file.parent.name])
            file.write_bytes(whole)
            if how not in ("frames", "sentence"):
                wrong.append(f"{kind}, {file.name}, number {number}: {how}")
                how = "wrong"
            counts[kind][how] += 1
    return {"counts": counts, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:]))))
