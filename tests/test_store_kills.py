"""What is killed, and what runs twice at once: every run ends in the same bits, and the next one tidies up."""

import subprocess
from pathlib import Path

import entries_by_hand
import pytest
from lessons_by_hand import code, lesson, result

from helpers import CourseError
from report.build import replaced

HERE = Path(__file__).parent


def begun(words: list[str], place: Path, **more) -> subprocess.Popen:
    return entries_by_hand.begun(words, COURSE_STORE=str(place), **more)


def test_kills_at_random_moments_change_no_bit_and_leave_nothing(tmp_path):
    script = str(HERE / "trained_under_fire.py")
    # Another place and another hash seed on the way, which must not matter either.
    whole = begun([script, "0"], tmp_path / "whole", PYTHONHASHSEED="1")
    fired = begun([script, "8"], tmp_path / "under fire", PYTHONHASHSEED="2")
    (expected, wrong), (found, _) = whole.communicate(), fired.communicate()
    assert expected and found == expected, wrong
    left = [
        path
        for path in (tmp_path / "under fire").glob("*/*")
        if not path.parent.name.startswith(".") and not path.name.endswith(".whole")
    ]
    assert [path.parent.name for path in left] == ["models"]


# Two at once


def test_two_builds_at_once_on_an_empty_store_both_succeed(bench):
    drawing = (
        "from helpers import domains, settings\n"
        "course = settings.course('smoke')\n"
        "print(len(list(domains.drawn(course, 'source').iterdir())))"
    )
    lesson(bench.folder, "00_first", code(drawing), result())
    words = ["-m", "report.build", *bench.words]
    twins = [begun(words, bench.store) for _ in range(2)]
    said = [one.communicate() for one in twins]
    assert [one.returncode for one in twins] == [0, 0], said
    assert bench.record()["results"]["id_test.dice"]["value"] == 0.875
    assert bench.left_behind() == []


def test_three_hundred_swaps_of_three_builds_leave_a_whole_site(tmp_path):
    site = tmp_path / "site"
    script = (
        "from pathlib import Path\nfrom report.build import replaced\n"
        "for _ in range(100):\n"
        f"    with replaced(Path({str(site)!r})) as draft:\n"
        "        (draft / 'index.html').write_text('1')\n"
        "        (draft / 'style.css').write_text('a')\n"
    )
    builds = [begun(["-c", script], tmp_path) for _ in range(3)]
    assert [one.communicate()[1] for one in builds] == ["", "", ""]
    assert sorted(path.name for path in site.iterdir()) == ["index.html", "style.css"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_build_needs_no_home(bench):
    lesson(bench.folder, "00_first", result())
    words = ["-m", "report.build", *bench.words]
    built = begun(words, bench.store, HOME="/proc/nowhere")
    said = built.communicate()
    assert built.returncode == 0 and "Trace" not in said[1], said


def test_a_site_that_cannot_be_written_is_one_sentence():
    with pytest.raises(CourseError, match="site can't be written") as told:
        with replaced(Path("/proc/nowhere/site")):
            pass
    assert "\n" not in str(told.value)


# Killed without a word


def test_the_draft_of_a_killed_build_goes_and_a_site_moved_aside_comes_back(tmp_path):
    site = tmp_path / "site"
    for which in ("new", "old"):
        (tmp_path / f"site.{which}").mkdir()
        (tmp_path / f"site.{which}" / "index.html").write_text(which)
    with pytest.raises(KeyboardInterrupt), replaced(site):
        assert (site / "index.html").read_text() == "old"
        raise KeyboardInterrupt
    assert {path.name for path in tmp_path.iterdir()} == {"site"}
