"""The report as a machine: what it executes, what it collects, what stops it, and what then stays as it was."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lessons_by_hand import code, lesson, prose, result

from helpers import settings
from report import build as building
from report import execute as executing
from report.build import main


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder for lessons, a store and a site of their own; `bench.build()` is the command line's exit code."""
    class Bench:
        folder, site, store, data = (tmp_path / name for name in ("lessons", "site", "store", "data"))
        words = ["--profile", "smoke", "--lessons", str(folder), "--site", str(site), "--data", str(data)]

        def build(self, *more: str) -> int:
            return main([*self.words, *more])

        def page(self, name: str) -> str:
            return (self.site / f"{name}.html").read_text(encoding="utf-8")

        def record(self) -> dict:
            def refuse(word: str) -> None:
                raise AssertionError(f"{word} is not JSON")
            return json.loads((self.site / "results.json").read_text(encoding="utf-8"), parse_constant=refuse)

        def left_behind(self) -> list[str]:
            return sorted(path.name for path in tmp_path.iterdir() if path.name not in ("lessons", "site", "store", "data"))

    bench = Bench()
    bench.folder.mkdir()
    bench.data.mkdir()
    monkeypatch.setenv("COURSE_STORE", str(bench.store))
    return bench


def snapshot(site: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in site.iterdir()}


# What it makes

def test_results_are_collected_in_the_lessons_order_with_everything_around_them(bench, capsys) -> None:
    lesson(bench.folder, "00_first", result("ood_test.dice", "0.07", subjects=1))
    lesson(bench.folder, "01_second", result("id_test.dice", "0.875", "0.8", "0.9"), result("empty", "float('nan')"))
    assert bench.build("--seed", "7") == 0
    record = bench.record()
    assert list(record) == ["profile", "data", "seed", "versions", "seconds", "results"]
    assert (record["profile"], record["data"], record["seed"]) == ("smoke", "phantom", 7)
    assert record["versions"]["torch"] and record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(record["seconds"]["lessons"]) == {"00_first", "01_second"} and record["seconds"]["total"] > 0
    assert list(record["results"]) == ["ood_test.dice", "id_test.dice", "empty"]
    assert record["results"]["id_test.dice"] == {
        "value": 0.875, "low": 0.8, "high": 0.9, "n_frames": 40, "n_subjects": 3, "data": "phantom", "split": "id_test",
        "unit": "", "estimand": "Dice, tested"}
    assert record["results"]["empty"]["value"] is None
    printed = capsys.readouterr().out
    assert (bench.site / "index.html").as_uri() in printed and "0.80 to 0.90" in printed and "no interval: 1 subject" in printed


def test_a_number_that_json_lacks_becomes_null(bench) -> None:
    raw = '{"value": float("nan"), "low": float("inf"), "high": None, "n_frames": 1, "n_subjects": 1, ' \
          '"data": "cited", "split": "", "unit": "", "estimand": ""}'
    lesson(bench.folder, "00_first", code(
        "from IPython.display import display\n"
        f'display({{"application/vnd.course.result+json": {{"name": "odd", "result": {raw}}}}}, raw=True)'))
    assert bench.build() == 0
    assert bench.record()["results"]["odd"] == {"value": None, "low": None, "high": None, "n_frames": 1, "n_subjects": 1,
                                                "data": "cited", "split": "", "unit": "", "estimand": ""}


def test_parameters_reach_the_lesson_and_paths_are_absolute(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson(bench.folder, "00_first", code("print([profile, seed, data, source, on_bad, public])"))
    monkeypatch.chdir(bench.data.parent)
    assert main([*bench.words[:-1], "data", "--seed", "3", "--on-bad", "skip", "--public"]) == 0
    expected = str(["smoke", 3, str(bench.data.resolve()), "", "skip", True]).replace("'", "&#39;")
    assert expected in bench.page("00_first")


def test_the_kernel_is_this_interpreter_with_no_display_and_static_widgets(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "TkAgg")
    monkeypatch.delenv("DISPLAY", raising=False)
    lesson(bench.folder, "00_first", code(
        "import matplotlib, helpers\nfrom helpers import settings\n"
        "print(sys.executable, settings.static(), matplotlib.get_backend(), helpers.__file__)"), prose("## The end"))
    assert bench.build() == 0
    page = bench.page("00_first")
    assert sys.executable.replace(f"{settings.ROOT}/", "") + " True" in page and "inline" in page
    assert str(settings.ROOT) not in page


def test_an_unchanged_lesson_is_rendered_again_and_not_executed_again(bench, capsys, monkeypatch) -> None:
    monkeypatch.setattr(executing, "machinery", lambda: "the same")
    ran = bench.data.parent / "lessons" / "ran.txt"
    body = code(f"with open({str(ran)!r}, 'a') as file:\n    file.write('x')")
    lesson(bench.folder, "00_first", body)
    times = []
    (bench.data / "frame.png").write_bytes(b"1")
    for change in (lambda: None, lambda: None, lambda: (bench.data / "frame.png").write_bytes(b"22"),
                   lambda: lesson(bench.folder, "00_first", body, prose("One more sentence."))):
        change()
        assert bench.build() == 0
        times.append(len(ran.read_text()))
    assert bench.build("--seed", "1") == 0
    assert [*times, len(ran.read_text())] == [1, 1, 2, 3, 4]
    assert "One more sentence." in bench.page("00_first")
    assert sum(line.endswith("unchanged") for line in capsys.readouterr().out.splitlines()) == 1


def test_changed_helpers_are_a_changed_input(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    course = settings.course("smoke")
    before = executing.inputs(course)
    copy = bench.data / "clone"
    (copy / "helpers").mkdir(parents=True)
    (copy / "helpers" / "counts.py").write_text("a = 1")
    (copy / "requirements.txt").write_text("")
    monkeypatch.setattr(settings, "ROOT", copy)
    first = executing.machinery()
    (copy / "helpers" / "counts.py").write_text("a = 2")
    assert len({before["machinery"], first, executing.machinery()}) == 3


# What stops it

STOPS = {
    "an error": (code("y = 1\n1 / 0"), ["00_first stopped in cell 4 (y = 1)", "ZeroDivisionError: division by zero"]),
    "a course error": (code("from helpers.errors import CourseError\nraise CourseError('pig1: imgs.zip is cut short; copy it again.')"),
                       ["00_first stopped in cell 4 (from helpers.errors import CourseError):\npig1: imgs.zip is cut short; copy it again."]),
    "a dead kernel": (code("import os\nos._exit(1)"), ["00_first stopped because its kernel died"]),
    "a bare picture": (code("import base64\nfrom IPython.display import Image, display\ndisplay(Image(data=base64.b64decode("
                            "'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=')))"),
                       ["00_first, cell 4: a picture has no alt text: show it with helpers.figures.show(figure, alt)."]),
    "a picture from elsewhere": (code("from IPython.display import HTML\nHTML('<img alt=\"a\" src=\"https://a.b/c.png\">')"),
                                 ["00_first, cell 4: <img> would fetch https://a.b/c.png from the network"]),
    "a formula": (prose(r"$\nosuch{x}$"), [r"00_first, cell 4: The formula $\nosuch{x}$ can't be set: \nosuch is not known"]),
    "a missing picture": (prose("![a pig](pig.png)"), ["00_first, cell 4: The picture pig.png isn't there"]),
    "a result recorded twice": (result() + result(value="0.5"), ["The result 'id_test.dice' is recorded twice with different "
                                                                 "values, by 00_first and by 00_first"]),
    "a half result": (code("from IPython.display import display\ndisplay({'application/vnd.course.result+json': {'name': 'a', "
                           "'result': {'value': 1.0}}}, raw=True)"), ["00_first: the result 'a' lacks low, high"]),
}


@pytest.mark.parametrize("body, sentences", STOPS.values(), ids=STOPS)
def test_what_stops_the_build_is_named_and_the_last_good_site_stays(bench, capsys, body: str, sentences: list[str]) -> None:
    bench.site.mkdir()
    (bench.site / "index.html").write_text("the last good one")
    before = snapshot(bench.site)
    lesson(bench.folder, "00_first", body)
    assert bench.build() == 1
    said = capsys.readouterr().err
    for sentence in sentences:
        assert sentence in said
    assert "The last good report stands as it was." in said
    assert snapshot(bench.site) == before and bench.left_behind() == []


def test_a_course_error_shows_its_sentence_and_no_trace(bench, capsys) -> None:
    lesson(bench.folder, "00_first", STOPS["a course error"][0])
    assert bench.build() == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said and "\x1b" not in said and "The last good report" not in said
    assert not bench.site.exists()


def test_two_lessons_may_record_the_same_and_not_a_different_value(bench, capsys) -> None:
    lesson(bench.folder, "00_first", result())
    lesson(bench.folder, "01_second", result())
    assert bench.build() == 0
    lesson(bench.folder, "01_second", result(value="0.5"))
    assert bench.build() == 1
    assert ("The result 'id_test.dice' is recorded twice with different values, by 00_first and by 01_second: give one of the "
            "two another name.") in capsys.readouterr().err


def test_a_lesson_without_a_parameter_would_run_on_its_own_values(bench, capsys) -> None:
    path = lesson(bench.folder, "00_first")
    path.write_text(path.read_text().replace("seed = 0\n", ""))
    assert bench.build() == 1
    assert "00_first has no parameter seed: its cell tagged parameters must set it." in capsys.readouterr().err


@pytest.mark.parametrize("words, sentence", [
    (["--profile", "large"], "There is no profile 'large'"),
    (["--on-bad", "ignore"], "on_bad is 'ignore'"),
    (["--source", "nowhere"], "SOURCE=nowhere: there is no such folder"),
    (["--lessons", "."], "holds no lesson (NN_name.py)"),
])
def test_bad_words_on_the_command_line(bench, capsys, words: list[str], sentence: str) -> None:
    if words[0] == "--lessons":
        words = ["--lessons", str(bench.data)]
    assert bench.build(*words) == 1
    assert sentence in capsys.readouterr().err


def test_a_failure_while_writing_leaves_the_last_good_site(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson(bench.folder, "00_first")
    assert bench.build() == 0
    before = snapshot(bench.site)
    monkeypatch.setattr(building.shutil, "copyfile", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError):
        bench.build()
    assert snapshot(bench.site) == before and bench.left_behind() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind_not_even_a_kernel(bench, how: signal.Signals) -> None:
    running = bench.folder / "running"
    lesson(bench.folder, "00_first", code(f"import os, time\nopen({str(running)!r}, 'w').write(str(os.getpid()))\ntime.sleep(120)"))
    process = subprocess.Popen([sys.executable, "-m", "report.build", *bench.words], cwd=settings.ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: running.exists() and running.read_text())
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "Interrupted" in said and "Traceback" not in said
    wait_until(lambda: not alive(int(running.read_text())))
    assert bench.left_behind() == [] and not bench.site.exists()
    assert list(bench.store.rglob("*.ipynb")) == []


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


# The real lessons, on the smallest profile

@pytest.mark.xdist_group("lessons")
def test_the_course_itself_builds_and_executes_nothing_twice(smoke) -> None:
    assert smoke.printed.count("unchanged") == len(smoke.executed)
    record = json.loads((smoke.site / "results.json").read_text(encoding="utf-8"))
    assert record["profile"] == "smoke" and record["data"] == "phantom"
    wanted = {"id_test.dice", "ood_test.dice", "ood_wished.dice", "id_test.false_alarm_rate", "ood_test.false_alarm_rate",
              "domain_gap.frechet"}
    assert wanted <= set(record["results"])
    assert any(name.startswith("correlation.") for name in record["results"])
    for name, one in record["results"].items():
        assert one["estimand"] and one["data"] in ("phantom", "real", "published", "cited"), name
        if one["low"] is not None and one["value"] is not None:
            assert one["low"] <= one["value"] <= one["high"] and math.isfinite(one["value"]), name
        if one["n_subjects"] == 1:
            assert one["low"] is None and one["high"] is None, name
