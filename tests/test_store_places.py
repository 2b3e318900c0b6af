"""The store on a full disk and in places that can't be written, and what goes when it grows."""

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from helpers import settings, store
from helpers.errors import CourseError
from helpers.store import entries, locks, tidying

pytestmark = pytest.mark.usefixtures("own_store")


def prediction() -> np.ndarray:
    found = store.keep(
        "predictions",
        {"a": 1},
        lambda: np.arange(6),
        lambda value, folder: np.save(folder / "found.npy", value),
        lambda folder: np.load(folder / "found.npy"),
    )
    return found.tolist()


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
    makers = ["phantom.write:write_hemoset"]
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


def test_a_store_is_one_place_however_it_is_spelled(tmp_path, monkeypatch):
    spelled = tmp_path / "other" / ".." / "store"
    monkeypatch.setenv("COURSE_STORE", str(spelled))
    place = store.entry("kind", {}, lambda draft: (draft / "x").write_text("1"))
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    assert place == tmp_path / "store" / "kind" / place.name
    assert place in locks.used() and not tidying.drop(place)


def test_marks_that_another_process_tidies_meanwhile_are_no_error(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_STORE", str(tmp_path))
    folder = tmp_path / locks.USERS
    folder.mkdir()
    for number in range(100):
        (folder / f"{number}.txt").write_text("")
    with ThreadPoolExecutor(4) as pool:
        found = [one.result() for one in [pool.submit(locks.used) for _ in range(8)]]
    assert found == [set()] * 8
    assert list(folder.glob("*.txt")) == []
