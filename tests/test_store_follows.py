"""What a result depends on is followed from the code: each room is edited in turn, and exactly what uses it is made anew."""

import ast
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from helpers import imported, settings, store
from helpers.store import following, keys
from report import execute
from report.notebooks import lessons

KINDS = {
    "phantom": ["phantom.write:write_hemoset"],
    "frames": ["helpers.frames.packing:pack"],
    "models": ["helpers.runs:trained"],
    "predictions": ["helpers.runs:probabilities"],
    "views": ["helpers.views:view_of"],
    "cases": ["helpers.alarms:written"],
    "watched": ["helpers.alarms:watch"],
    "pathways": ["helpers.alarms:network"],
    "heavily augmented": [
        "helpers.adaptation.augmentation:RandomGamma",
        "helpers.runs:trained",
    ],
}
ROOMS = [
    ".".join(path.relative_to(settings.ROOT).with_suffix("").parts)
    for house in ("helpers", "phantom")
    for path in sorted((settings.ROOT / house).rglob("*.py"))
    if path.name != "__init__.py"
]
# What no drawing, network or prediction may wait for, by kind; a room stands for those in it.
ALOOF = "figures lesson results words domains remedies shift published pitfalls prompts exercises explore intervals permutation correlation"
LEARNED = f"phantom {ALOOF} clips frames.decoding frames.hemoset frames.splits"
NEVER = {
    "phantom": f"training models runs adaptation settings frames.packing views {ALOOF}",
    "frames": f"training models runs adaptation phantom views {ALOOF}",
    "models": f"adaptation alarms bleeding pathways views {LEARNED}",
    "predictions": f"adaptation models checkpoints alarms views {LEARNED}",
    "views": f"training models runs adaptation {LEARNED}",
    "heavily augmented": f"alarms bleeding pathways {LEARNED}".replace("shift ", ""),
}


def edited(source: str) -> str:
    """The same source with every function, class and constant of it changed."""
    tree = ast.parse(source)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            statement.body.append(ast.parse("edited = 1").body[0])
        elif isinstance(statement, ast.Assign):
            statement.value = ast.Tuple([statement.value], ast.Load())
    return ast.unparse(tree)


def keys_now() -> dict[str, str]:
    found = {
        name: following.follow([following.start(one) for one in makers]).code
        for name, makers in KINDS.items()
    }
    return found | {
        path.stem: following.follow([], path.read_text(encoding="utf-8")).code
        for path in lessons()
    }


def under(room: str, names: str) -> bool:
    room = f"{room.removeprefix('helpers.')}."
    return any(room.startswith(f"{name}.") for name in names.split())


def test_each_room_edited_in_turn_makes_anew_exactly_what_uses_it(monkeypatch):
    before = keys_now()
    reached = {
        name: following.follow([following.start(one) for one in makers]).texts
        for name, makers in KINDS.items()
    } | {path.stem: following.follow([], path.read_text()).texts for path in lessons()}
    source, asleep = imported.source, []
    for room in ROOMS:

        def changed(name, now=False, room=room):
            text = source(name, now)
            return edited(text) if name == room else text

        monkeypatch.setattr(imported, "source", changed)
        anew = {name for name, key in keys_now().items() if key != before[name]}
        assert anew == {
            name for name, texts in reached.items() if any(m == room for m, _ in texts)
        }, room
        for kind, names in NEVER.items():
            assert kind not in anew or not under(room, names), (room, kind)
        asleep += [] if anew or room.startswith(keys.following.PASSED_OVER) else [room]
    # A room that changes nothing holds only what no lesson uses.
    asleep = [room for room in asleep if not room.startswith("helpers.fetching.")]
    assert {room.rpartition(".")[2] for room in asleep} <= {
        "__main__",
        "engine",
        "fetch",
        "launching",
        "plan",
    }, asleep


def test_the_lesson_of_remedies_waits_for_what_it_prints_the_source_of():
    texts = following.follow([], (lessons()[7]).read_text()).texts
    rooms = {module for module, _ in texts}
    assert {"helpers.remedies.recipes", "helpers.adaptation.networks"} <= rooms
    assert {"helpers.adaptation.styles", "helpers.statistics"} <= rooms


def test_whatever_runs_while_a_result_is_made_has_been_followed(tmp_path, monkeypatch):
    """The other witness: each function of the course that Python calls."""
    import phantom
    from helpers import domains, frames, runs, views

    monkeypatch.setenv("COURSE_STORE", str(tmp_path))
    course, ran = settings.course("smoke"), set()
    data = domains.gather(course)
    house = tuple(str(settings.ROOT / one) for one in ("helpers", "phantom"))

    def called(frame, event, _):
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(house):
            module = ".".join(
                Path(name).relative_to(settings.ROOT).with_suffix("").parts
            )
            ran.add((module.removesuffix(".__init__"), frame.f_code.co_qualname))

    def seen(make) -> set[tuple[str, str]]:
        ran.clear()
        threading.setprofile(called)  # drawing goes on in other threads
        sys.setprofile(called)
        try:
            make()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return {
            (module, name.split(".")[0])
            for module, name in ran
            if not module.startswith(following.PASSED_OVER) and "<" not in name[:1]
        }

    drawn = {"n_frames": 10, "size": (48, 64)}
    few = data.of("train").where(data.of("train").table.index < 8)
    for makers, make in (
        (
            [phantom.write_hemoset],
            lambda: phantom.write_hemoset(tmp_path / "a", **drawn),
        ),
        ([frames.pack], lambda: frames.pack(data.source.table, (32, 48))),
        ([runs.trained], lambda: runs.trained("a", course, few, few)),
        ([views.view_of], lambda: views.view_of(few)),
    ):
        followed = following.follow([following.start(one) for one in makers]).texts
        # Where results lie, and whether anybody watches, changes none of them.
        apart = {("helpers.settings", name) for name in ("store_folder", "static")}
        missed = seen(make) - set(followed) - apart
        assert len(ran) > 3 and not missed, missed


# A clone of the house, edited while it runs


@pytest.fixture
def clone(tmp_path):
    """A small house of the real store's code, and a room that makes something."""
    house = tmp_path / "clone"
    for path in (settings.ROOT / "helpers").rglob("*.py"):
        place = house / path.relative_to(settings.ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    (house / "helpers" / "tool.py").write_text("def value():\n    return 'old'\n")
    (house / "helpers" / "late.py").write_text("def value():\n    return 'old'\n")
    (house / "helpers" / "maker.py").write_text(
        textwrap.dedent(
            """
            from helpers import store, tool

            def made(make=tool.value):
                return store.keep("kind", {}, lambda: tool.value(), save, load)

            def made_late(before=lambda: None):
                def make():
                    before()
                    from helpers import late
                    return late.value()
                return store.keep("kind", {}, make, save, load)

            def save(text, folder):
                (folder / "t").write_text(text)

            def load(folder):
                return (folder / "t").read_text()
            """
        )
    )

    def run(script: str) -> str:
        environment = {
            "PYTHONPATH": str(house),
            "COURSE_STORE": str(tmp_path / "store"),
            "PATH": "",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        top = "from pathlib import Path\nfrom helpers import maker\nroom = Path(maker.__file__).with_name\n"
        done = subprocess.run(
            [sys.executable, "-c", top + textwrap.dedent(script)],
            env=environment,
            cwd=house,
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    return run


def test_a_file_edited_under_an_open_kernel_stores_the_old_codes_result_as_the_old_codes(
    clone,
):
    said = clone(
        """
        room("tool.py").write_text("def value():\\n    return 'the new one'\\n")
        print(maker.made())
        """
    )
    assert said.strip() == "old"
    assert clone("print(maker.made())").strip() == "the new one"
    assert clone("print(maker.made())").strip() == "the new one"


def test_a_room_edited_before_it_is_imported_stores_nothing_under_the_old_key(clone):
    said = clone(
        """
        edit = lambda: room("late.py").write_text("def value():\\n    return 'newer'\\n")
        maker.made_late(edit)
        """
    )
    assert "CourseError: The course's code was edited while this ran" in said
    assert clone("print(maker.made_late())").strip() == "newer"


def test_packages_and_the_device_are_in_a_networks_key_and_threads_beside_it(
    monkeypatch,
):
    import torch

    import phantom
    from helpers import runs

    found = store.made_by(runs.trained)
    assert found["device"] == settings.device()
    assert found["packages"]["torch"] == torch.__version__.split("+")[0]
    assert {"timm", "numpy", "segmentation-models-pytorch"} <= set(found["packages"])
    assert "torch" not in store.made_by(phantom.write_hemoset)["packages"]
    assert keys.circumstances()["threads"] == torch.get_num_threads()
    keys.versions.cache_clear()
    keys._made_by.cache_clear()
    monkeypatch.setattr(keys, "_version", lambda name: f"{name} 9")
    assert store.made_by(runs.trained) != found
    keys.versions.cache_clear()
    keys._made_by.cache_clear()


# Pages


def page_of(number: int, course=None, published: str = "") -> dict:
    made_from = execute.inputs(course or settings.course("smoke"), published)
    return store.made_of(lessons()[number], execute.execute) | made_from


@pytest.mark.parametrize(
    "file, pages",
    [
        ("benchmarks/black.csv", {2, 5, 6, 7, 8, 9}),
        ("requirements.txt", {0}),
    ],
)
def test_a_changed_table_makes_the_pages_anew_that_read_it(monkeypatch, file, pages):
    numbers = range(10)
    before = [page_of(number) for number in numbers]
    content = following._content
    monkeypatch.setattr(
        following, "_content", lambda path: "other" if path == file else content(path)
    )
    anew = {number for number in numbers if page_of(number) != before[number]}
    assert pages <= anew
    assert anew == pages or file == "requirements.txt"


def test_published_tables_are_looked_at_when_the_data_lies_elsewhere(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(settings, "data_folder", lambda: tmp_path / "own")
    (tmp_path / "elsewhere").mkdir()
    course = settings.course("smoke", data=str(tmp_path / "elsewhere"))
    before = execute.inputs(course)
    fetched = tmp_path / "own" / "published"
    fetched.mkdir(parents=True)
    assert execute.inputs(course) == before
    (fetched / "per_frame.csv").write_text("a")
    assert execute.inputs(course) != before


def test_another_version_of_a_package_makes_a_page_anew(monkeypatch):
    before = page_of(5)
    assert before["packages"]["pandas"] and before["python"]
    keys.versions.cache_clear()
    monkeypatch.setattr(keys, "_version", lambda name: "9")
    assert page_of(5) != before
    keys.versions.cache_clear()
