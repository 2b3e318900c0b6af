"""Entries of the store are whole or made anew: damage, full disks, places that can't be written, and what goes when it grows."""

import errno
import json
import os
import pickle
import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from helpers import checkpoints, frames, phantom, settings, store
from helpers.errors import CourseError
from helpers.store import entries, locks, tidying

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
        files = sorted(
            path
            for path in (own_store / kind).rglob("*")
            if path.is_file()
            and not path.parts[len(own_store.parts) + 1].startswith(".")
        )
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


# A full disk


FULL = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError("4096 requested and 512 written"),
    RuntimeError("[enforce fail] PytorchStreamWriter failed writing file data/0"),
]


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_full_disk_is_one_sentence_whoever_meets_it(own_store, error):
    def save(_, folder: Path) -> None:
        (folder / "half").write_text("half")
        raise error

    with pytest.raises(CourseError, match="the disk is full; free some space") as told:
        store.keep("kind", {}, lambda: 1, save, lambda folder: 1)
    assert "\n" not in str(told.value) and not list((own_store / "kind").iterdir())


def test_another_error_stays_what_it_is(own_store):
    def make():
        raise ConnectionError(errno.ECONNREFUSED, "refused")

    with pytest.raises(ConnectionError):
        store.keep("kind", {}, make, print, print)
    assert not list((own_store / "kind").iterdir())


def test_a_disk_that_fills_while_a_network_is_saved_leaves_no_draft(own_store):
    """A real limit of the system on what a file may hold."""
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from helpers import store\nfrom helpers.settings import store_folder\n"
        "from helpers.errors import CourseError\nimport numpy as np\n"
        "for write in (lambda: store.write_file(store_folder() / 'kind' / 'a.pt', bytes(40_000)),\n"
        "              lambda: store.keep('kind', {}, lambda: np.zeros(40_000), lambda x, f: np.save(f / 'x.npy', x), print)):\n"
        "    try:\n        write()\n    except CourseError as error:\n        print(error)\n"
    )
    said = run(script, own_store)
    assert said.count("the disk is full; free some space") == 2 and "Trace" not in said
    assert not list((own_store / "kind").iterdir())


def run(script: str, place: Path | str, **more: str) -> str:
    environment = (
        os.environ
        | {"COURSE_STORE": str(place), "PYTHONPATH": str(settings.ROOT)}
        | more
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    return done.stdout + done.stderr


# Places


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null", "/dev/null/store"])
def test_a_store_that_cannot_be_written_is_one_sentence(monkeypatch, place):
    monkeypatch.setenv("COURSE_STORE", place)
    with pytest.raises(
        CourseError, match="name a folder that can with COURSE_STORE"
    ) as told:
        store.keep("kind", {}, lambda: 1, print, print)
    assert "\n" not in str(told.value) and place in str(told.value)


def test_a_relative_store_is_the_one_where_the_command_was_typed(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STORE", "mine")
    monkeypatch.chdir(tmp_path)
    assert settings.store_folder() == tmp_path / "mine"
    monkeypatch.setenv("COURSE_FROM", str(tmp_path / "there"))
    assert settings.store_folder() == tmp_path / "there" / "mine"
    monkeypatch.setenv("COURSE_STORE", "~/mine")
    assert settings.store_folder() == Path("~/mine").expanduser()


def test_what_is_there_is_found_where_nothing_can_be_written(own_store, monkeypatch):
    right = prediction()

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(locks, "_taken", refuse)
    monkeypatch.setattr(locks, "_marks", refuse)
    monkeypatch.setattr(entries.os, "utime", refuse)
    assert prediction() == right


# What goes


def kept(name: str, size: int = 1000) -> Path:
    return store.entry(
        "kind", {"name": name}, lambda draft: (draft / "x").write_bytes(bytes(size))
    )


def apart(name: str, own_store: Path) -> Path:
    """The same entry, which this process has not used."""
    script = (
        "from helpers import store\n"
        f"store.entry('kind', {{'name': {name!r}}}, lambda d: (d / 'x').write_bytes(bytes(1000)))"
    )
    assert run(script, own_store) == ""
    return store.folder("kind", name=name)


def test_above_its_limit_the_store_drops_what_was_used_longest_ago(
    own_store, monkeypatch
):
    old, newer = apart("old", own_store), apart("newer", own_store)
    os.utime(newer / entries.MANIFEST, (1, 1))
    os.utime(old / entries.MANIFEST, (2, 2))
    each = next(one.size for one in tidying.kept())
    monkeypatch.setenv("COURSE_STORE_GB", str(2.5 * each / 1e9))
    third = kept("third")
    assert old.exists() and third.exists() and not newer.exists()


def test_what_a_process_uses_is_never_dropped(own_store, monkeypatch):
    script = (
        "import sys\nfrom helpers import store\n"
        "print(store.entry('kind', {'name': 'used'}, lambda d: (d / 'x').write_bytes(b'1')), flush=True)\n"
        "sys.stdin.read()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(settings.ROOT)}
    user = subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    place = Path(user.stdout.readline().strip())
    monkeypatch.setenv("COURSE_STORE_GB", "0")
    assert not tidying.drop(place) and place.exists()
    user.kill()  # marks of the dead count no more
    user.communicate()
    assert tidying.drop(place) and not place.exists()


def test_an_entry_that_is_being_made_is_not_dropped_and_its_draft_stays(own_store):
    def write(draft: Path) -> None:
        (draft / "x").write_text("1")
        tidying.tidy()
        assert draft.exists()

    # A lock is a process's, so another one is asked.
    script = "from helpers.store import tidying; tidying.tidy()"

    def write_apart(draft: Path) -> None:
        (draft / "x").write_text("1")
        run(script, own_store)
        assert draft.exists()

    assert store.entry("kind", {}, write).exists()
    assert store.entry("kind", {"b": 1}, write_apart).exists()


def test_what_no_code_can_ask_for_any_more_goes_and_the_rest_stays(own_store, capsys):
    from helpers.store.__main__ import main

    what = {"n_frames": 10}
    makers = ["helpers.phantom.write:write_hemoset"]
    today = store.entry("phantom", what | store.made_by(*makers), nothing, *makers)
    older = store.folder("phantom", n_frames=11)
    store.write_folder(older, nothing)
    about = json.loads((today / "made_from.json").read_text())
    about["what"]["code"] = "another"
    store.write_folder(
        store.folder("phantom", n_frames=12),
        lambda draft: (draft / "made_from.json").write_text(json.dumps(about)),
    )
    locks._marks.cache_clear()
    [lock.release() for lock in locks._held]  # as if used by nobody
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "Dropped 2 results of older code" in said and "in 1 results" in said
    assert today.exists() and not older.exists()
    assert main(["clear"]) == 0
    assert not today.exists() and not list(own_store.rglob("*.json"))


def nothing(draft: Path) -> None:
    (draft / "x").write_text("x")


def test_a_limit_that_is_no_number_is_one_sentence(monkeypatch):
    monkeypatch.setenv("COURSE_STORE_GB", "much")
    with pytest.raises(CourseError, match="COURSE_STORE_GB is 'much'"):
        tidying.limit()
