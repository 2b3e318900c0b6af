"""The report as a machine: what it executes and what it collects."""

import html
import json
import math
import re
import sys
from types import SimpleNamespace

import pytest
from lessons_by_hand import code, lesson, prose, result

from helpers import settings
from report import build as building
from report import execute as executing
from report import kernels, numbers
from report.build import main


def test_results_are_collected_in_the_lessons_order_with_everything_around_them(
    bench, capsys
) -> None:
    lesson(bench.folder, "00_first", result("ood_test.dice", "0.07", subjects=1))
    lesson(
        bench.folder,
        "01_second",
        result("id_test.dice", "0.875", "0.8", "0.9"),
        result("empty", "float('nan')"),
    )
    assert bench.build("--seed", "7") == 0
    record = bench.record()
    assert (record["profile"], record["data"], record["seed"]) == (
        "smoke",
        "phantom",
        7,
    )
    assert record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(record["seconds"]["lessons"]) == {"00_first", "01_second"}
    assert list(record["results"]) == ["ood_test.dice", "id_test.dice", "empty"]
    assert record["results"]["id_test.dice"] == {
        "value": 0.875,
        "low": 0.8,
        "high": 0.9,
        "level": 0.9,
        "p": None,
        "n_frames": 40,
        "n_subjects": 3,
        "data": "phantom",
        "split": "id_test",
        "unit": "",
        "estimand": "Dice, tested",
        "note": "",
    }
    assert record["results"]["empty"]["value"] is None
    printed = capsys.readouterr().out
    for said in ((bench.site / "index.html").as_uri(), "0.80 to 0.90", "1 subject"):
        assert said in printed


def test_what_is_given_reaches_the_lesson_and_paths_are_absolute(
    bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson(bench.folder, "00_first", code("print([profile, seed, data])"))
    (bench.data / "tables").mkdir()
    monkeypatch.chdir(bench.data.parent)
    words = [*bench.words[:-1], "data", "--seed", "3", "--on-bad", "skip", "--public"]
    assert main([*words, "--published", "data/tables"]) == 0
    data = {
        "folder": str(bench.data.resolve()),
        "published": str(bench.data / "tables"),
        "public": True,
        "on_bad": "skip",
    }
    assert str(["smoke", 3, data]) in html.unescape(bench.page("00_first"))


def test_only_what_is_given_is_a_key_of_data() -> None:
    plain = {"profile": "smoke", "seed": 2, "data": {}}
    assert executing.parameters(settings.course("smoke", seed=2)) == plain


def test_the_kernel_is_this_interpreter_with_no_display_and_static_widgets(
    bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "TkAgg")
    monkeypatch.delenv("DISPLAY", raising=False)
    asks = (
        "import matplotlib, helpers\nfrom helpers import settings\n"
        "print(sys.executable, settings.static(), matplotlib.get_backend(), helpers.__file__)"
    )
    lesson(bench.folder, "00_first", code(asks))
    assert bench.build() == 0
    page = bench.page("00_first")
    here = sys.executable.replace(f"{settings.ROOT}/", "")
    assert f"{here} True" in page and "inline" in page
    assert str(settings.ROOT) not in page


forked = pytest.mark.skipif(
    not kernels.forks(kernels.WORTH_IT), reason="only there kernels are forked"
)


@forked
def test_two_lessons_run_at_a_time_and_stand_in_their_order(
    bench, capsys, monkeypatch
) -> None:
    """Each of the first two waits for what the other one says, so neither would end
    alone; the third is quick, and comes third."""
    meet = (
        "import os, time\nopen({mine!r}, 'w')\nuntil = time.monotonic() + 60\n"
        "while not os.path.exists({other!r}) and time.monotonic() < until:\n"
        "    time.sleep(0.05)\n"
        "met = os.path.exists({other!r})"
    )
    # Whatever memory is free here.
    monkeypatch.setattr(building, "_at_once", lambda *_: 2)
    places = [str(bench.folder / name) for name in ("one", "two")]
    for number, (mine, other) in enumerate((places, places[::-1])):
        body = code(meet.format(mine=mine, other=other))
        name = f"met.{number}"
        lesson(bench.folder, f"{number:02}_meets", body, result(name, "float(met)"))
    for number in (2, 3):
        lesson(bench.folder, f"{number:02}_quick", result(f"met.{number}", "1.0"))
    assert bench.build() == 0
    results = bench.record()["results"]
    assert [one["value"] for one in results.values()] == [1.0] * 4
    printed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[:4]]
    assert printed == ["00_meets", "01_meets", "02_quick", "03_quick"]


@forked
@pytest.mark.parametrize(
    ("profile", "lessons", "free", "at_once"),
    [
        ("quick", 11, 16, 2),
        ("quick", 3, 16, 1),  # no kernels are forked
        ("quick", 11, 5, 1),
        ("full", 11, 64, 1),
    ],
)
def test_how_many_lessons_run_at_a_time(
    monkeypatch, profile, lessons, free, at_once
) -> None:
    memory = SimpleNamespace(available=free * 2**30)
    monkeypatch.setattr(building.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(settings, "cores", lambda: 8)
    course = settings.course(profile)
    assert building._at_once(lessons, course) == at_once
    monkeypatch.setattr(settings, "cores", lambda: 1)
    assert building._at_once(lessons, course) == 1


def test_an_unchanged_lesson_is_rendered_again_and_not_executed_again(
    bench, capsys
) -> None:
    ran = bench.data.parent / "lessons" / "ran.txt"
    body = code(f"with open({str(ran)!r}, 'a') as file:\n    file.write('x')")
    lesson(bench.folder, "00_first", body)
    times = []
    (bench.data / "frame.png").write_bytes(b"1")
    for change in (
        lambda: None,
        lambda: None,
        lambda: (bench.data / "frame.png").write_bytes(b"22"),
        lambda: lesson(bench.folder, "00_first", body, prose("One more sentence.")),
    ):
        change()
        assert bench.build() == 0
        times.append(len(ran.read_text()))
    assert bench.build("--seed", "1") == 0
    assert [*times, len(ran.read_text())] == [1, 1, 2, 3, 4]
    assert "One more sentence." in bench.page("00_first")
    said = capsys.readouterr().out.splitlines()
    assert sum(line.endswith("unchanged") for line in said) == 1


def test_what_another_store_in_the_data_folder_holds_is_no_input(
    bench, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(settings, "data_folder", lambda: bench.data)
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "elsewhere"))
    before = executing.inputs(settings.course("smoke"))
    (bench.data / "store" / "models").mkdir(parents=True)
    (bench.data / "store" / "models" / "a.pt").write_bytes(b"a")
    (bench.data / "again").symlink_to(bench.data)
    (bench.data / "nowhere").symlink_to(bench.data / "missing")
    assert executing.inputs(settings.course("smoke")) == before
    (bench.data / "frames.csv").write_text("a")
    assert executing.inputs(settings.course("smoke")) != before


# The real lessons, on the smallest profile


def test_the_course_itself_builds_and_executes_nothing_twice(smoke) -> None:
    assert smoke.printed.count("unchanged") == len(smoke.executed)
    record = json.loads((smoke.site / "results.json").read_text(encoding="utf-8"))
    assert record["profile"] == "smoke" and record["data"] == "phantom"
    assert set(numbers.HEADLINES) <= set(record["results"])
    for name, one in record["results"].items():
        kinds = ("phantom", "real", "published", "cited")
        assert one["estimand"] and one["data"] in kinds, name
        if one["low"] is not None and one["value"] is not None:
            assert one["low"] <= one["value"] <= one["high"], name
            assert math.isfinite(one["value"]), name
        if one["n_subjects"] == 1:
            assert one["low"] is None and one["high"] is None, name


def test_no_page_shows_an_object_as_python_writes_it(smoke) -> None:
    """What a cell ends in is for a reader: a chart, a table, a word or a number."""
    raw = re.compile(r'<pre class="stream result">((?:[A-Z]\w+\(|&lt;)[^<]{0,60})')
    found = {
        path.name: raw.findall(path.read_text(encoding="utf-8"))
        for path in smoke.site.glob("*.html")
    }
    assert len(found) > 8 and not [one for one in found.values() if one], found
