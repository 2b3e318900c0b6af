"""What stops a build of the report, what it then says, and what stays as it was."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest
from lessons_by_hand import code, lesson, prose, result

from helpers import settings
from report import build as building
from report import kernels


def snapshot(site: Path) -> dict[str, bytes]:
    files = [path for path in site.rglob("*") if path.is_file()]
    return {str(path.relative_to(site)): path.read_bytes() for path in files}


# Cells, and words that what is said must hold: the lesson, the cell, the cause.
STOPS = {
    "an error": (
        code("y = 1\n1 / 0"),
        ["00_first stopped in cell 4 (y = 1)", "ZeroDivisionError: division by zero"],
    ),
    "a course error": (
        code("import helpers\nraise helpers.CourseError('pig1 is short.')"),
        ["00_first stopped in cell 4 (import helpers):\npig1 is short.\n"],
    ),
    "an error inside a helper": (
        code("from helpers import counts\ncounts.dice(None)"),
        ["00_first stopped in cell 4", "counts.dice(None)", "helpers/counts.py"],
    ),
    "a dead kernel": (code("import os\nos._exit(1)"), ["00_first", "memory"]),
    "a bare picture": (
        code("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
        ["00_first, cell 4", "no alt text", "helpers.charts.Chart"],
    ),
    "a picture from elsewhere": (
        code(
            'from IPython.display import HTML\nHTML(\'<img alt="a" src="https://a.b/c.png">\')'
        ),
        ["00_first, cell 4", "https://a.b/c.png", "network"],
    ),
    "a formula": (prose(r"$\nosuch{x}$"), ["00_first, cell 4", r"\nosuch"]),
    "a missing picture": (prose("![a pig](pig.png)"), ["00_first, cell 4", "pig.png"]),
    "a result recorded twice": (
        result() + result(value="0.5"),
        ["'id_test.dice'", "by 00_first and by 00_first", "another name"],
    ),
}


@pytest.mark.parametrize("body, words", STOPS.values(), ids=STOPS)
def test_what_stops_the_build_is_named_and_the_last_good_site_stays(
    bench, capsys, body: str, words: list[str]
) -> None:
    bench.site.mkdir()
    (bench.site / "index.html").write_text("the last good one")
    before = snapshot(bench.site)
    lesson(bench.folder, "00_first", body)
    assert bench.build() == 1
    said = capsys.readouterr().err
    for word in words:
        assert word in said
    assert "The last good report stands as it was." in said and "\x1b" not in said
    assert "Traceback" not in said
    assert snapshot(bench.site) == before and bench.left_behind() == []


def test_two_lessons_may_record_the_same_value(bench) -> None:
    lesson(bench.folder, "00_first", result())
    lesson(bench.folder, "01_second", result())
    assert bench.build() == 0


@pytest.mark.parametrize(
    "option, given",
    [
        ("--profile", "large"),
        ("--on-bad", "ignore"),
        ("--source", "nowhere"),
        ("--lessons", "{data}"),
    ],
)
def test_bad_words_on_the_command_line_are_named(
    bench, capsys, option: str, given: str
) -> None:
    given = given.format(data=bench.data)
    assert bench.build(option, given) == 1
    said = capsys.readouterr().err
    assert given in said and "Traceback" not in said


def test_a_failure_while_writing_leaves_the_last_good_site(
    bench, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson(bench.folder, "00_first")
    assert bench.build() == 0
    before = snapshot(bench.site)
    written = building.Path.write_bytes

    def full(path, held):
        if path.name == "style.css":
            raise OSError("the disk is full")
        return written(path, held)

    monkeypatch.setattr(building.Path, "write_bytes", full)
    assert bench.build() == 1
    said = capsys.readouterr().err
    for word in (str(bench.site), "the disk is full", "free some space"):
        assert word in said
    assert snapshot(bench.site) == before and bench.left_behind() == []


forked = pytest.mark.skipif(not kernels.forks(4), reason="only there kernels fork")
STAYS = """import os, time
open(f'{place}/{os.getpid()}', 'w')
time.sleep(120)"""
BUILD = """from report import build, kernels
build._at_once, kernels.IMPORTED = lambda *_: {at_once}, ["ipykernel.kernelapp"]
raise SystemExit(build.main())"""


@pytest.fixture
def two(monkeypatch) -> Iterator[None]:
    """Two lessons at a time, whatever memory is free here, from a fork server that is
    begun for the test and imports little."""
    monkeypatch.setattr(building, "_at_once", lambda *_: 2)
    monkeypatch.setattr(kernels, "IMPORTED", ["ipykernel.kernelapp"])
    forkserver._forkserver._stop()
    yield
    forkserver._forkserver._stop()


@pytest.fixture
def running(bench) -> Path:
    """A folder, in which STAYS leaves the number of its process."""
    place = bench.folder / "running"
    place.mkdir()
    return place


def placed(running: Path, body: str) -> str:
    return code(f"place = {str(running)!r}\n{body}")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("lessons", "at_once"), [(1, 1), pytest.param(4, 2, marks=forked)]
)
def test_an_interrupt_leaves_nothing_behind_not_even_a_kernel(
    bench, running, how: signal.Signals, lessons: int, at_once: int
) -> None:
    for number in range(lessons):
        lesson(bench.folder, f"{number:02}_stays", placed(running, STAYS))
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD.format(at_once=at_once), *bench.words],
        cwd=settings.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # The first kernel waits for the imports, which a busy machine takes long for.
    wait_until(lambda: len(list(running.iterdir())) == at_once, 300)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in said and "Traceback" not in said
    started = [int(path.name) for path in running.iterdir()]
    assert len(started) == at_once
    wait_until(lambda: not any(map(alive, started)))
    assert bench.left_behind() == [] and not bench.site.exists()
    assert list(bench.store.rglob("*.ipynb")) == []


WAITS = "import os, time\nwhile not os.listdir(place):\n    time.sleep(0.1)"


@forked
def test_the_lesson_that_stopped_is_named_though_a_later_one_ran_beside_it(
    bench, running, two, capsys
) -> None:
    lesson(bench.folder, "00_whole", placed(running, WAITS), result())
    lesson(bench.folder, "01_whole", result("id_test.iou"))
    stops = "open(place + '/stopped', 'w')\n1 / 0"
    lesson(bench.folder, "02_stops", placed(running, stops))
    lesson(bench.folder, "03_later", code("2 / 0"))
    assert bench.build() == 1
    out, said = capsys.readouterr()
    assert "02_stops stopped in cell 4" in said and "03_later" not in said
    assert [line.split()[-1] for line in out.splitlines()[2:3]] == ["stopped"]
    assert bench.left_behind() == [] and not bench.site.exists()
    kept = {path.parent for path in bench.store.rglob("lesson.ipynb")}
    assert len(kept) == 2  # the whole ones are found by the next build


@forked
def test_when_a_lesson_stops_no_other_one_is_begun_and_none_goes_on(
    bench, running, two, capsys
) -> None:
    lesson(bench.folder, "00_fails", placed(running, f"{WAITS}\n1 / 0"))
    for number in range(1, 6):
        lesson(bench.folder, f"{number:02}_stays", placed(running, STAYS))
    assert bench.build() == 1
    assert "00_fails stopped" in capsys.readouterr().err
    started = [int(path.name) for path in running.iterdir()]
    assert len(started) == 1 and not any(map(alive, started))
    assert list(bench.store.rglob("*.ipynb")) == [] and bench.left_behind() == []


@forked
def test_when_memory_runs_out_for_the_fork_server_it_is_said_and_no_kernel_stays(
    bench, running, two, capsys
) -> None:
    kills = "import os\nos.kill(os.getppid(), 9)\n"
    lesson(bench.folder, "00_kills", placed(running, kills + STAYS))
    for number in range(1, 4):
        lesson(bench.folder, f"{number:02}_stays", placed(running, STAYS))
    assert bench.build() == 1
    said = capsys.readouterr().err
    assert "00_kills" in said and "memory" in said
    wait_until(lambda: not any(alive(int(one.name)) for one in running.iterdir()))
    assert bench.left_behind() == [] and not bench.site.exists()


@forked
def test_a_kernel_that_has_just_begun_and_has_no_group_yet_is_ended_too() -> None:
    forked = multiprocessing.get_context("forkserver")
    kernels._running.append(forked.Process(target=time.sleep, args=(60,)))
    process = kernels._running[0]
    process.start()
    kernels.end()
    assert process.exitcode == -signal.SIGKILL


def wait_until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
