"""What is installed: one pin for each package, the same in both files, and a clear word where it doesn't fit."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpers import settings

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^\s*-?\s*([A-Za-z0-9_.-]+)==([\w.]+)\s*$")


SETS = ("requirements.txt", "requirements-test.txt", "requirements-study.txt")


def pins(*files: str) -> dict[str, str]:
    lines = [one for file in files for one in (ROOT / file).read_text().splitlines()]
    return dict(found.groups() for line in lines if (found := PIN.match(line)))


OURS, TESTS, STUDY = map(pins, SETS)


def normal(names) -> set[str]:
    return {name.lower().replace("_", "-") for name in names}


def test_conda_gets_the_same_set_as_pip_and_an_extra_the_version_that_is_tested():
    assert len(OURS) > 20 and pins("environment.yml") == OURS
    assert OURS["torch"] != "2.13.0"  # no torchvision fits it
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [wanted] = extras["optional-dependencies"]["sam"]
    assert wanted == f"transformers=={TESTS['transformers']}"


def test_what_is_installed_is_what_is_pinned_and_the_lock_holds_it():
    every = pins(*SETS)
    assert {name: importlib.metadata.version(name) for name in every} == every
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    found = [re.match(r"([\w.-]+)==([\w.]+)(?: ; .*)?$", one).groups() for one in lines]
    assert {(*normal([name]), version) for name, version in every.items()} <= {
        (*normal([name]), version) for name, version in found
    }


def test_a_learner_installs_nothing_that_only_tests_or_a_study_need():
    assert not set(OURS) & (set(TESTS) | set(STUDY))
    assert {"dask", "distributed"} <= set(STUDY)
    assert {"playwright", "monai", "torchmetrics", "pytest"} <= set(TESTS)


def imported(*patterns: str) -> set[str]:
    """The distributions that some files import, by the names that pins have."""
    found: set[str] = set()
    for path in (path for pattern in patterns for path in ROOT.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.split(".")[0])
    known = importlib.metadata.packages_distributions()
    ours = ("helpers", "phantom", "report", "study", "benchmarks")
    names = found - sys.stdlib_module_names - set(ours)
    return normal(known[name][0] for name in names if name in known)


def test_what_is_imported_is_pinned():
    needs = imported(
        "helpers/**/*.py", "phantom/**/*.py", "report/**/*.py", "notebooks/*.py"
    )
    assert {"torch", "jinja2", "ipython"} <= needs
    # The extra `sam`; make pdf brings playwright, and make study what it spreads with.
    optional = {"transformers", "playwright"} | normal(STUDY)
    assert needs - optional <= normal(OURS)
    needs = imported("tests/*.py", "benchmarks/*.py")
    assert "pytest" in needs and needs <= normal([*OURS, *TESTS, *STUDY])


def test_no_file_of_the_set_up_names_a_registry():
    for file in (*SETS, "requirements.lock", "environment.yml", "Makefile"):
        text = (ROOT / file).read_text()
        assert not re.search(r"https?://|--index|--find-links", text), file


def test_the_check_names_what_fits():
    line = settings.ready()
    for said in ("Ready: torch ", "torchvision", "segmentation-models-pytorch"):
        assert said in line


def test_a_torchvision_that_does_not_fit_ends_in_one_line(monkeypatch):
    # Python's own way of making an import fail.
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(SystemExit) as stopped:
        settings.ready()
    said = str(stopped.value)
    assert "torchvision" in said and "delete .venv" in said and "\n" not in said


@pytest.fixture
def pip(monkeypatch):
    """Stands for pip where timm is absent: it notes what it was asked, and fails as
    often as it is told to."""
    real = settings.version_of
    absent = {"timm": None}
    monkeypatch.setattr(
        settings, "version_of", lambda name: absent.get(name, real(name))
    )
    asked: list[tuple[list[str], list[str]]] = []

    def run(command: list[str]) -> subprocess.CompletedProcess:
        _, held, *wanted = command[command.index("-c") :]
        asked.append((wanted, Path(held).read_text().splitlines()))
        return subprocess.CompletedProcess(command, int(len(asked) <= run.fails))

    run.fails, run.asked, run.absent = 0, asked, absent
    monkeypatch.setattr(subprocess, "run", run)
    return run


def test_on_colab_only_what_is_absent_is_installed_and_the_rest_is_held(pip):
    assert settings.install_missing() == ["timm"]
    [(wanted, held)] = pip.asked
    assert wanted == [f"timm=={OURS['timm']}"]
    for name in ("torch", "numpy"):
        assert f"{name}=={importlib.metadata.version(name)}" in held
    pip.absent.clear()
    assert settings.install_missing() == [] and len(pip.asked) == 1


def test_a_package_that_colab_sees_twice_is_held_once_as_it_is_imported(
    monkeypatch, tmp_path
):
    system = tmp_path / "MarkupSafe-2.0.1.dist-info"
    system.mkdir()
    about = "Metadata-Version: 2.1\nName: MarkupSafe\nVersion: 2.0.1\n"
    (system / "METADATA").write_text(about)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    held = [one for one in settings.held() if "arkup" in one]
    assert held == [f"MarkupSafe=={importlib.metadata.version('markupsafe')}"]


def test_a_pin_that_does_not_fit_colab_gives_way_to_what_fits(pip, capsys):
    pip.fails = 1
    assert settings.install_missing() == ["timm"]
    asked = [wanted for wanted, _ in pip.asked]
    assert asked == [[f"timm=={OURS['timm']}"], ["timm"]]
    assert "do not fit" in capsys.readouterr().out
    pip.fails = 4
    with pytest.raises(SystemExit, match="^timm .*restart the runtime") as said:
        settings.install_missing()
    assert "\n" not in str(said.value)
