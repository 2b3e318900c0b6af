"""make data: what it says, what it asks, and what stands in the data folder after a
download that went well, broke off, or brought something else. Nothing here is fetched:
the libraries are replaced by ones that copy a folder."""

import inspect
import os
import re
import shutil
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import pytest
from frames_by_hand import one_sentence, write_cholec, write_own, write_pig

import phantom
from helpers import fetching, frames, settings
from helpers.errors import CourseError
from helpers.fetching import CHOLECSEG8K, HEMOSET, ORIGINS, Card, __main__, arriving

SMALL = Card(
    "CholecSeg8k", "cholecseg8k", {"video01": 4, "video52": 2}, "l", "p", "s", 1e-3, 2
)
CARDS = (settings.ROOT / "data" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A tiny CholecSeg8k, as SMALL says it is."""
    for video, clip in (("video01", 0), ("video01", 80), ("video52", 160)):
        for number in (clip, clip + 1):
            write_cholec(tmp_path / "released" / "around", video, clip, number)
    return tmp_path / "released"


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(__main__, "CHOLECSEG8K", SMALL)
    return tmp_path / "data"


@pytest.fixture
def library(monkeypatch, released):
    """The two libraries, copying what was released; `breaks` after so many files,
    `asked` lists the downloads."""
    state = types.SimpleNamespace(breaks=None, asked=[], zipped=True, copied=0)

    def copy(place: Path) -> Path:
        for number, path in enumerate(sorted(released.rglob("*.png"))):
            if state.breaks is not None and number >= state.breaks:
                raise ConnectionError("the line is dead\nsecond line")
            there = place / path.relative_to(released)
            if not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, there)
                state.copied += 1
        return place

    def snapshot_download(repo_id, *, repo_type, local_dir):
        state.asked.append((repo_id, repo_type))
        parts = copy(Path(local_dir) / ".cache" / "parts")
        if not state.zipped:
            return shutil.copytree(parts, local_dir, dirs_exist_ok=True)
        with zipfile.ZipFile(Path(local_dir) / "CholecSeg8k.zip", "w") as archive:
            for path in sorted(parts.rglob("*.png")):
                archive.write(path, path.relative_to(parts))
        shutil.rmtree(parts)
        return local_dir

    def dataset_download(handle):
        import os

        state.asked.append(handle)
        return str(copy(Path(os.environ["KAGGLEHUB_CACHE"]) / "datasets" / "1"))

    for name, function in (
        ("huggingface_hub", snapshot_download),
        ("kagglehub", dataset_download),
    ):
        module = types.ModuleType(name)
        setattr(module, function.__name__, function)
        monkeypatch.setitem(sys.modules, name, module)
    return state


def left(data: Path) -> list[str]:
    return sorted(path.name for path in data.iterdir())


# -- what is said and asked -------------------------------------------------------------


def test_make_data_says_what_where_from_which_licence_and_how_large(
    data, library, capsys
):
    assert __main__.main([]) == 1  # nobody to ask
    said = capsys.readouterr()
    for words in (
        "HemoSet (https://arclab-hemoset.github.io): 962 labelled frames of 10",
        "Licence: none is stated",
        "fetched by hand (about 494 MB)",
        "1. Open https://arclab-hemoset.github.io",
        f"2. Put them into {data}/hemoset, so that pig1/imgs.zip",
        "minwoosun/CholecSeg8k: a zip of 3.1 GB",
        "FROM=kaggle fetches it from Kaggle (newslab/cholecseg8k: about 3 GB)",
    ):
        assert words in said.out, words
    assert one_sentence(said.err.strip(), "nobody to ask", "YES=1")
    assert library.asked == [] and left(data) == []


@pytest.mark.parametrize("answer, came", [("y", True), ("", False), ("no", False)])
def test_it_asks_and_fetches_only_after_a_yes(data, library, monkeypatch, answer, came):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert __main__.main([]) == 0
    assert len(library.asked) == int(came)
    assert left(data) == (["cholecseg8k"] if came else [])


@pytest.mark.parametrize(
    "words, named",
    [
        (["--from", "ftp"], "FROM=ftp is no place"),
        (["--yes", "maybe"], "YES=maybe is neither yes nor no"),
        (["--data", "/nowhere"], "there is no such folder"),
    ],
)
def test_words_that_it_does_not_know(data, library, capsys, words, named):
    assert __main__.main(words) == 1
    one_sentence(capsys.readouterr().err.strip(), named)
    assert library.asked == []


def test_saying_no_without_a_terminal(data, library, capsys):
    assert __main__.main(["--yes", "0"]) == 0
    assert "Nothing was fetched" in capsys.readouterr().out and library.asked == []


def test_make_passes_what_is_typed_and_fetches_nothing_by_itself(tmp_path):
    shown = subprocess.run(
        ["make", "-n", "data", "FROM=kaggle", f"DATA={tmp_path}/`touch x`"],
        cwd=settings.ROOT,
        # A make of its own, whoever runs this.
        env={
            k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))
        },
        capture_output=True,
        text=True,
    )
    command = shown.stdout.strip().splitlines()[-1]
    assert "python -m helpers.fetching" in command and "touch" not in command


def test_the_hubs_library_takes_what_it_is_asked_with():
    import huggingface_hub

    taken = inspect.signature(huggingface_hub.snapshot_download)
    taken.bind("owner/name", repo_type="dataset", local_dir="folder")


# -- what arrives -----------------------------------------------------------------------


@pytest.mark.parametrize("origin", list(ORIGINS))
@pytest.mark.parametrize("zipped", [True, False])
def test_what_arrives_whole_is_put_in_place_and_can_be_read(
    data, library, released, origin, zipped, capsys
):
    library.zipped = zipped
    assert __main__.main(["--from", origin, "--yes", "1"]) == 0
    assert library.asked[0] in (
        ("minwoosun/CholecSeg8k", "dataset"),
        "newslab/cholecseg8k",
    )
    assert left(data) == ["cholecseg8k"]
    assert "6 labelled frames of 2 subjects in 3 clips, all there" in (
        capsys.readouterr().out
    )
    came = frames.index(data / "cholecseg8k").table
    wanted = frames.index(released).table
    for one, other in zip(came.itertuples(), wanted.itertuples()):
        assert (frames.read(one)[0] == frames.read(other)[0]).all()
    # A second time nothing is fetched.
    assert __main__.main(["--from", origin, "--yes", "1"]) == 0
    assert len(library.asked) == 1


@pytest.mark.parametrize("origin", list(ORIGINS))
def test_a_broken_download_leaves_no_data_set_and_goes_on_the_next_time(
    data, library, origin, capsys
):
    library.breaks = 9
    assert __main__.main(["--from", origin, "--yes", "1"]) == 1
    one_sentence(
        capsys.readouterr().err.strip(),
        ORIGINS[origin].handle,
        "the line is dead",
        "goes on where it stopped",
    )
    assert left(data) == [".cholecseg8k-arriving"] and library.copied == 9
    assert not frames.begins_in(data)
    library.breaks = None
    assert __main__.main(["--from", origin, "--yes", "1"]) == 0
    assert library.copied == 24 and left(data) == ["cholecseg8k"]


def test_an_interrupted_download_says_that_it_goes_on(
    data, library, monkeypatch, capsys
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        sys.modules["huggingface_hub"], "snapshot_download", interrupted
    )
    assert __main__.main(["--yes", "1"]) == 130
    assert "goes on where it stopped" in capsys.readouterr().err
    assert left(data) == [".cholecseg8k-arriving"]


@pytest.mark.parametrize("origin", list(ORIGINS))
def test_too_few_frames_are_counted_and_nothing_is_put_in_place(
    data, library, released, origin, capsys
):
    for path in released.rglob("*80/frame_81_*"):
        path.unlink()
    shutil.rmtree(released / "around" / "video52")
    assert __main__.main(["--from", origin, "--yes", "1"]) == 1
    one_sentence(
        capsys.readouterr().err.strip(),
        "video01 has 3 frames and not 4",
        "video52 has 0 frames and not 2",
        "video01_00080 has 1 frames and not 2",
        "nothing was put in place: remove",
    )
    assert left(data) == [".cholecseg8k-arriving"]


def test_something_else_arrives(data, library, released, capsys):
    shutil.rmtree(released)
    write_own(released, ["a"])
    assert __main__.main(["--yes", "1"]) == 1
    one_sentence(capsys.readouterr().err.strip(), "holds no video", "FROM=")
    assert left(data) == [".cholecseg8k-arriving"]


def test_a_library_that_shows_files_which_it_may_not_give_away(
    data, library, released, monkeypatch
):
    monkeypatch.setattr(
        sys.modules["kagglehub"], "dataset_download", lambda _: str(released)
    )
    assert __main__.main(["--from", "kaggle", "--yes", "1"]) == 0
    assert left(data) == ["cholecseg8k"] and frames.begins_in(released / "around")


def test_a_library_that_is_not_installed(data, library, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    assert __main__.main(["--from", "kaggle", "--yes", "1"]) == 1
    one_sentence(
        capsys.readouterr().err.strip(), "kagglehub", "pip install -e '.[kaggle]'"
    )


def test_a_disk_without_room(data, library, monkeypatch, capsys):
    monkeypatch.setattr(
        arriving.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=1e5)
    )
    assert __main__.main(["--yes", "1"]) == 1
    one_sentence(capsys.readouterr().err.strip(), "0.0 GB free", "make room")
    assert library.asked == []


def test_a_disk_that_fills_up_while_unpacking(data, library, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extract", full)
    assert __main__.main(["--yes", "1"]) == 1
    one_sentence(capsys.readouterr().err.strip(), "no space left", "make room")
    assert left(data) == [".cholecseg8k-arriving"]


@pytest.mark.parametrize(
    "harm, named",
    [
        (lambda data: data[:-40], "is not a whole zip"),
        (lambda data: data[:60] + b"\xff" * 40 + data[100:], "is damaged: remove it"),
        (
            lambda data: data.replace(b"around/video52", b"../../../../52"),
            "not to be tr",
        ),
    ],
)
def test_a_zip_that_arrives_damaged(data, library, monkeypatch, capsys, harm, named):
    whole = sys.modules["huggingface_hub"].snapshot_download

    def damaged(*args, **more):
        place = whole(*args, **more)
        archive = next(Path(place).glob("*.zip"))
        archive.write_bytes(harm(archive.read_bytes()))
        return place

    monkeypatch.setattr(sys.modules["huggingface_hub"], "snapshot_download", damaged)
    assert __main__.main(["--yes", "1"]) == 1
    one_sentence(capsys.readouterr().err.strip(), "CholecSeg8k.zip", named)
    assert left(data) == [".cholecseg8k-arriving"]


def test_a_zip_that_would_fill_the_disk(data, library, monkeypatch, capsys):
    monkeypatch.setattr(arriving, "ROOM", 1e-3)
    monkeypatch.setattr(
        arriving.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=1e9)
    )
    assert __main__.main(["--yes", "1"]) == 1
    one_sentence(capsys.readouterr().err.strip(), "would take 0.0 GB unpacked")


# -- what is there ----------------------------------------------------------------------


def test_a_data_set_of_which_some_is_missing_is_not_fetched_over(data, library, capsys):
    write_cholec(data / "cholecseg8k", "video01", 0, 0)
    assert __main__.main(["--yes", "1"]) == 1
    said = capsys.readouterr().out
    assert "video01 has 1 frames and not 4" in said and "move it away" in said
    assert library.asked == [] and left(data) == ["cholecseg8k"]


def test_a_hemoset_of_one_pig_is_counted(data, library, capsys):
    write_pig(data / "hemoset" / "pig3", [60 * number for number in range(50)])
    assert fetching.differences(data / "hemoset", HEMOSET)[:2] == [
        "pig1 has 0 frames and not 153",
        "pig2 has 0 frames and not 150",
    ]
    assert __main__.main([]) == 1
    assert "hemoset is not as the card says" in capsys.readouterr().out


def test_drawn_surgery_in_the_released_layout_is_whole_by_its_own_card(tmp_path):
    phantom.write_cholecseg8k(tmp_path / "c", n_frames=24, size=(48, 85))
    table = frames.index(tmp_path / "c").table
    counts = table["subject"].value_counts().to_dict()
    card = Card("CholecSeg8k", "cholecseg8k", counts, "", "", "", 1.0)
    assert fetching.differences(tmp_path / "c", card) == []
    one = table.iloc[5]
    Path(one["mask"]).unlink()
    found = fetching.differences(tmp_path / "c", card)
    assert found[0].startswith(f"{one['subject']} has ") and "has no mask" in found[1]


def test_another_data_set_under_its_name(tmp_path):
    write_own(tmp_path / "cholecseg8k", ["a"])
    with pytest.raises(CourseError, match="laid out as folder and not as CholecSeg8k"):
        fetching.differences(tmp_path / "cholecseg8k", CHOLECSEG8K)


# -- the cards --------------------------------------------------------------------------


def test_the_cards_in_words_say_what_the_counts_in_code_say():
    assert (HEMOSET.frames, CHOLECSEG8K.frames, CHOLECSEG8K.clips) == (962, 8080, 101)
    words = re.sub(r"\s+", " ", CARDS)
    for said in (
        f"| labelled frames | {HEMOSET.frames} | {CHOLECSEG8K.frames:,} |",
        f"| subjects | {len(HEMOSET.subjects)} live pigs "
        f"| {len(CHOLECSEG8K.subjects)} patients",
        ", ".join(f"{pig} {number}" for pig, number in HEMOSET.subjects.items()),
        f"{CHOLECSEG8K.clips} clips of {CHOLECSEG8K.clip} consecutive frames",
        f"from {len(CHOLECSEG8K.subjects)} videos",
        f"{HEMOSET.size[0].upper()}{HEMOSET.size[1:]}",
        CHOLECSEG8K.size,
        CHOLECSEG8K.licence.split(":")[0],
        HEMOSET.page.removeprefix("https://"),
        *(origin.handle for origin in ORIGINS.values()),
        ORIGINS["hub"].known.split(",")[0],
    ):
        assert said in words, said
