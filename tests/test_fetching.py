"""make data: what it says and asks, and what stands in the data folder after a download that went well, broke off, or brought something else. Nothing is fetched: the libraries are replaced by ones that copy a folder."""

import importlib.util
import os
import re
import shutil
import sys
import types
import zipfile
from pathlib import Path

import pytest
from frames_by_hand import one_sentence, write_cholec, write_own, write_pig

from helpers import CourseError, frames, settings

spec = importlib.util.spec_from_file_location("fetch", settings.ROOT / "data/fetch.py")
fetch = importlib.util.module_from_spec(spec)
with pytest.MonkeyPatch.context() as patch:
    patch.setattr(sys, "dont_write_bytecode", True)  # beside the data
    spec.loader.exec_module(fetch)
SMALL = fetch.CHOLECSEG8K._replace(subjects={"video01": 4, "video52": 2}, clip=2)
WAITING = [".cholecseg8k-arriving"]
ORIGINS = list(fetch.ORIGINS)


@pytest.fixture
def released(tmp_path) -> Path:
    """A tiny CholecSeg8k, as SMALL says it is."""
    for video, clip in (("video01", 0), ("video01", 80), ("video52", 160)):
        for number in (clip, clip + 1):
            write_cholec(tmp_path / "released" / "around", video, clip, number)
    return tmp_path / "released"


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(fetch, "CHOLECSEG8K", SMALL)
    monkeypatch.setenv("KAGGLEHUB_CACHE", "")
    return tmp_path / "data"


@pytest.fixture
def library(monkeypatch, released):
    """The two libraries, copying what was released: the hub's as a zip. `breaks` after
    so many files, `harm` is done to the zip, `asked` lists the downloads."""
    state = types.SimpleNamespace(breaks=None, asked=[], copied=0, harm=lambda zip: zip)

    def copy(place: Path) -> Path:
        for number, path in enumerate(sorted(released.rglob("*.png"))):
            if number == state.breaks:
                raise ConnectionError("the line is dead")
            there = place / path.relative_to(released)
            if not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, there)
                state.copied += 1
        return place

    def snapshot_download(repo_id, *, repo_type, local_dir):
        state.asked.append((repo_id, repo_type))
        parts = copy(Path(local_dir) / ".cache" / "parts")
        archive = shutil.make_archive(f"{local_dir}/CholecSeg8k", "zip", parts)
        Path(archive).write_bytes(state.harm(Path(archive).read_bytes()))
        shutil.rmtree(parts)

    def dataset_download(handle):
        state.asked.append(handle)
        return str(copy(Path(os.environ["KAGGLEHUB_CACHE"], "datasets", "1")))

    hub = types.SimpleNamespace(snapshot_download=snapshot_download)
    kaggle = types.SimpleNamespace(dataset_download=dataset_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    monkeypatch.setitem(sys.modules, "kagglehub", kaggle)
    return state


def left(data: Path) -> list[str]:
    return sorted(path.name for path in data.iterdir())


def fetched(*words: str) -> int:
    return fetch.main([*words, "--yes", "1"])


def said(capsys, *words: str) -> str:
    return one_sentence(capsys.readouterr().err.strip(), *words)


# What is said and asked


def test_it_says_what_where_from_which_licence_and_how_large(data, library, capsys):
    assert fetch.main([]) == 1  # nobody to ask
    told = capsys.readouterr()
    for words in (
        "HemoSet (https://arclab-hemoset.github.io, about 494 MB): 962 labelled frames",
        "Licence: none is stated",
        f"{data}/hemoset, so that pig1/imgs.zip",
        "CC BY-NC-SA 4.0",
        "minwoosun/CholecSeg8k (FROM=hub, of hub and kaggle)",
    ):
        assert words in re.sub(r"\s+", " ", told.out), words
    assert one_sentence(told.err.strip(), "nobody to ask", "YES=1")
    assert library.asked == [] and left(data) == []


@pytest.mark.parametrize("answer, came", [("y", True), ("", False), ("no", False)])
def test_it_fetches_only_after_a_yes(data, library, monkeypatch, answer, came):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert fetch.main([]) == 0 and fetch.main(["--yes", "0"]) == 0
    assert len(library.asked) == int(came)
    assert left(data) == (["cholecseg8k"] if came else [])


# What arrives


@pytest.mark.parametrize("origin", ORIGINS)
def test_what_arrives_whole_is_put_in_place_and_can_be_read(
    data, library, released, origin
):
    for _ in range(2):  # a second time nothing is fetched
        assert fetched("--from", origin) == 0
    hub, kaggle = ("minwoosun/CholecSeg8k", "dataset"), "newslab/cholecseg8k"
    assert library.asked == [hub if origin == "hub" else kaggle]
    assert left(data) == ["cholecseg8k"]
    came = frames.index(data / "cholecseg8k").table
    wanted = frames.index(released).table
    assert len(came) == len(wanted)
    for row in range(len(came)):
        one, other = (frames.read(table.iloc[row])[0] for table in (came, wanted))
        assert (one == other).all()


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_broken_download_leaves_no_data_set_and_goes_on_the_next_time(
    data, library, origin, capsys
):
    library.breaks = 9
    assert fetched("--from", origin) == 1
    said(capsys, fetch.ORIGINS[origin], "the line is dead", "goes on", "FROM=")
    assert left(data) == WAITING and library.copied == 9
    assert not frames.begins_in(data)
    library.breaks = None
    assert fetched("--from", origin) == 0
    assert library.copied == 24 and left(data) == ["cholecseg8k"]


def test_an_interrupted_unpacking_leaves_no_data_set_and_goes_on(
    data, library, monkeypatch, capsys
):
    def failing(with_what):
        def extract(archive, folder):
            archive.extract(archive.namelist()[-1], folder)
            raise with_what

        return extract

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "extractall", failing(KeyboardInterrupt))
        assert fetched() == 130
        assert "goes on where it stopped" in capsys.readouterr().err
        full = OSError(28, "No space left on device")
        patch.setattr(zipfile.ZipFile, "extractall", failing(full))
        assert fetched() == 1
        said(capsys, "No space left", "make room")
    assert left(data) == WAITING
    assert fetched() == 0 and left(data) == ["cholecseg8k"]


@pytest.mark.parametrize("origin", ORIGINS)
def test_too_few_frames_or_other_files_are_not_put_in_place(
    data, library, released, origin, capsys
):
    for path in released.rglob("*80/frame_81_*"):
        path.unlink()
    shutil.rmtree(released / "around" / "video52")
    assert fetched("--from", origin) == 1
    said(capsys, "video01 has 3 frames and not 4", "video52 has 0 frames", "remove")
    shutil.rmtree(released)
    write_own(released, ["a"])
    shutil.rmtree(data / WAITING[0])
    assert fetched("--from", origin) == 1
    said(capsys, "holds no video", "FROM=")
    assert left(data) == WAITING


@pytest.mark.parametrize(
    "harm, named",
    [
        (lambda data: data[:-40], "is damaged: remove it"),
        (lambda data: data[:300] + b"\xff" * 99 + data[399:], "is damaged: remove it"),
        (lambda data: data.replace(b"around/video52", b"../../../../52"), "outside"),
    ],
)
def test_a_zip_that_arrives_damaged(data, library, capsys, harm, named):
    library.harm = harm
    assert fetched() == 1
    said(capsys, "CholecSeg8k.zip", named, "remove it")
    assert left(data) == WAITING and not (data.parent / "52").exists()


def test_a_library_that_is_absent(data, library, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    assert fetched("--from", "kaggle") == 1
    said(capsys, "kagglehub", "pip install -e '.[kaggle]'")


# What is there


def test_a_data_set_of_which_some_is_missing_is_not_fetched_over(data, library, capsys):
    write_cholec(data / "cholecseg8k", "video01", 0, 0)
    write_pig(data / "hemoset" / "pig3", [60 * number for number in range(50)])
    assert fetched() == 1
    told = capsys.readouterr().out
    assert "video01 has 1 frames and not 4" in told and "move it away" in told
    assert "pig1 has 0 frames and not 153" in told and "pig3" not in told
    assert library.asked == [] and left(data) == ["cholecseg8k", "hemoset"]
    write_own(data / "other", ["a"])
    with pytest.raises(CourseError, match="laid out as folder and not as CholecSeg8k"):
        fetch.differences(data / "other", SMALL)


def test_the_cards_in_words_say_what_the_counts_in_code_say():
    hemoset, cholec = fetch.HEMOSET.subjects, fetch.CHOLECSEG8K.subjects
    assert (sum(hemoset.values()), sum(cholec.values())) == (962, 101 * 80)
    words = (settings.ROOT / "data" / "README.md").read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", words)
    for one in (
        "| labelled frames | 962 | 8,080 |",
        f"| subjects | {len(hemoset)} live pigs | {len(cholec)} patients",
        ", ".join(f"{pig} {number}" for pig, number in hemoset.items()),
        *("arclab-hemoset.github.io", "About 494 MB", "about 3 GB"),
        fetch.CHOLECSEG8K.licence.partition(":")[0],
        *fetch.ORIGINS.values(),
    ):
        assert one in words, one
