"""What is installed: one pin for each package, the same in both files, and a clear word where it doesn't fit."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpers import environment

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^\s*-?\s*([A-Za-z0-9_.-]+)==([\w.]+)\s*$")


def pins(file: str) -> dict[str, str]:
    return dict(
        match.groups()
        for line in (ROOT / file).read_text().splitlines()
        if (match := PIN.match(line))
    )


def test_conda_gets_the_same_set_as_pip():
    ours = pins("requirements.txt")
    assert len(ours) > 20
    assert pins("environment.yml") == ours


def test_an_extra_names_the_version_that_is_tested():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [wanted] = extras["optional-dependencies"]["sam"]
    assert wanted == f"transformers=={pins('requirements.txt')['transformers']}"


def test_what_is_installed_is_what_is_pinned():
    assert {
        name: importlib.metadata.version(name) for name in pins("requirements.txt")
    } == pins("requirements.txt")


def test_the_torch_that_no_torchvision_fits_is_not_pinned():
    assert pins("requirements.txt")["torch"] != "2.13.0"


@pytest.mark.parametrize(
    "file", ["requirements.txt", "environment.yml", "pyproject.toml", "Makefile"]
)
def test_no_file_of_the_set_up_names_a_registry(file):
    assert not re.search(r"https?://|--index|--find-links", (ROOT / file).read_text())


def test_the_check_names_what_fits():
    line = environment.check()
    assert (
        line.startswith("Ready: torch ")
        and "torchvision" in line
        and "segmentation-models-pytorch" in line
    )


def test_a_torchvision_that_does_not_fit_ends_in_one_line(monkeypatch):
    monkeypatch.setitem(
        sys.modules, "torchvision", None
    )  # Python's own way of making an import fail
    with pytest.raises(SystemExit) as stopped:
        environment.check()
    assert "torchvision does not import" in str(
        stopped.value
    ) and "delete .venv" in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_on_colab_only_what_is_absent_is_installed_and_the_rest_is_held(monkeypatch):
    calls = []

    def run(command, check):
        calls.append((command, Path(command[command.index("-c") + 1]).read_text()))

    real = environment._installed
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(
        environment, "_installed", lambda name: None if name == "timm" else real(name)
    )
    assert environment.install_missing() == ["timm"]
    [(command, held)] = calls
    assert command[-1] == f"timm=={pins('requirements.txt')['timm']}"
    assert f"torch=={importlib.metadata.version('torch')}" in held.splitlines()
    assert f"numpy=={importlib.metadata.version('numpy')}" in held.splitlines()


def test_on_colab_nothing_is_installed_where_nothing_is_absent(monkeypatch):
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: pytest.fail("something was installed")
    )
    assert environment.install_missing() == []


def test_versions_are_those_of_the_packages():
    assert environment.versions()["torch"] == importlib.metadata.version("torch")
    assert environment.versions()["python"] == ".".join(map(str, sys.version_info[:3]))
