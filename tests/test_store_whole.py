"""Entries of the store are whole, or made anew: forty damages, and what is on the disk before it is named."""

import os
import pickle
import random
import warnings
from pathlib import Path

import numpy as np
import pytest

import phantom
from helpers import checkpoints, frames, settings, store
from helpers.store import entries

pytestmark = pytest.mark.usefixtures("own_store")


# One of each kind of entry: how it is got, as something that can be compared


def drawing() -> dict[str, bytes]:
    what = {"n_frames": 10, "size": (32, 48), "seed": 1}
    place = store.entry(
        "phantom",
        what | store.made_by(phantom.write_hemoset),
        lambda draft: phantom.write_hemoset(draft / "source", **what),
        phantom.write_hemoset,
    )
    files = sorted(path for path in place.rglob("*.zip"))
    return {str(path.relative_to(place)): path.read_bytes() for path in files}


def packed(tmp: Path = Path("/tmp")) -> dict[str, bytes]:
    drawing()
    [place] = [
        one
        for one in (settings.store_folder() / "phantom").iterdir()
        if not one.name.startswith(".")
    ]
    found = frames.pack(frames.index(place / "source").table, (32, 48))
    return {
        name: getattr(found, name).tobytes() for name in ("images", "blood", "fill")
    }


def weights() -> dict[str, bytes]:
    import torch

    found = store.keep(
        "models",
        {"a": 1},
        lambda: {"layer": torch.arange(24.0).reshape(4, 6)},
        lambda state, folder: checkpoints.write_state(state, folder / "weights.pt"),
        lambda folder: checkpoints.read_state(folder / "weights.pt"),
    )
    return {name: value.numpy().tobytes() for name, value in found.items()}


def prediction() -> dict[str, bytes]:
    found = store.keep(
        "predictions",
        {"a": 1},
        lambda: np.arange(600, dtype=np.uint8).reshape(6, 10, 10),
        lambda value, folder: np.save(folder / "found.npy", value),
        lambda folder: np.load(folder / "found.npy", mmap_mode="r"),
    )
    return {"found": np.asarray(found).tobytes(), "shape": bytes(found.shape)}


GETS = {get.__name__: get for get in (drawing, packed, weights, prediction)}


# What happens to files


def flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])


def empty(path: Path, _) -> None:
    path.write_bytes(b"")


def remove(path: Path, _) -> None:
    path.unlink()


def remove_folder(path: Path, _) -> None:
    """A pig, where the entry is a drawing; else a file."""
    inside = [one for one in path.parent.iterdir() if one != path]
    for one in [path, *inside] if path.suffix == ".zip" else [path]:
        one.unlink()


def another_shape(path: Path, chance) -> None:
    """One frame that would broadcast to all."""
    if path.suffix == ".npy":
        np.save(path, np.load(path)[:1])
    else:
        flip(path, chance)


def harmful(path: Path, _) -> None:
    class Runs:
        def __reduce__(self):
            return os.mkdir, (str(path.parent.parent / "executed-by-a-pickle"),)

    path.write_bytes(pickle.dumps(Runs()))


def foreign(path: Path, _) -> None:
    path.with_name("more.npy").write_bytes(b"1")


DAMAGES = [
    flip,
    flip,
    flip,
    cut,
    empty,
    remove,
    remove_folder,
    another_shape,
    harmful,
    foreign,
]


def test_forty_random_damages_each_end_in_the_right_value_and_one_sentence(own_store):
    right = {name: get() for name, get in GETS.items()}
    chance, told = random.Random(0), 0
    for number in range(40):
        name = list(GETS)[number % len(GETS)]
        kind = {"drawing": "phantom", "packed": "frames", "weights": "models"}.get(
            name, "predictions"
        )
        # The one in use: a drawing made anew is packed anew.
        assert GETS[name]() == right[name]
        manifests = (own_store / kind).glob(f"[!.]*/{entries.MANIFEST}")
        latest = max(manifests, key=lambda path: path.stat().st_mtime_ns).parent
        files = sorted(path for path in latest.rglob("*") if path.is_file())
        damage = DAMAGES[number // len(GETS)]
        damage(chance.choice(files), chance)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = GETS[name]()
        assert found == right[name], (name, damage.__name__)
        said = [str(one.message) for one in said if "is damaged" in str(one.message)]
        assert len(said) == 1 and "\n" not in said[0], (name, damage.__name__, said)
        told += 1
        assert GETS[name]() == right[name]  # and without a word from now on
    assert told == 40
    assert not list(own_store.rglob("executed-by-a-pickle"))


def test_a_whole_entry_is_read_once_and_found_without_a_word(own_store, monkeypatch):
    prediction()
    read = []
    checksum = entries._checksum
    monkeypatch.setattr(
        entries, "_checksum", lambda path: read.append(path) or checksum(path)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prediction()
        before = len(read)
        prediction()
    assert len(read) == before


def test_files_are_on_the_disk_before_anything_names_them(own_store, monkeypatch):
    order = []
    flush, replace = entries.flush, os.replace
    monkeypatch.setattr(
        entries, "flush", lambda path: order.append(("flush", path.name)) or flush(path)
    )
    monkeypatch.setattr(
        os,
        "replace",
        lambda a, b: order.append(("name", Path(b).name)) or replace(a, b),
    )
    store.write_folder(
        own_store / "kind" / "place", lambda draft: (draft / "t").write_text("t")
    )
    named = order.index(("name", "place"))
    assert {("flush", "t"), ("flush", entries.MANIFEST)} <= set(order[:named])
    assert ("flush", "kind") in order[named:]
    order.clear()
    store.write_file(own_store / "kind" / "state.pt", b"state")
    assert [word for word, _ in order] == ["flush", "name"]


def test_a_damaged_state_of_a_training_is_nothing_to_go_on_from(own_store):
    place = own_store / "kind" / "state.pt"
    assert store.read_file(place) is None
    store.write_file(place, b"state" * 100)
    assert store.read_file(place) == b"state" * 100
    flip(place, random.Random(1))
    with pytest.warns(UserWarning, match="state.pt is damaged"):
        assert store.read_file(place) is None
    assert not place.exists()
