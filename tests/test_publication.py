"""What stands around the course: workflows, templates, citation, licence to behave."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from helpers.settings import ROOT
from report.notebooks import REPOSITORY

YAML = [
    *(ROOT / ".github").rglob("*.yml"),
    *ROOT.glob("*.y*ml"),
    *(ROOT / "CITATION.cff", ROOT / ".pre-commit-config.yaml"),
]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_a_file_of_settings_can_be_read(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_workflows_ask_make_for_what_it_can_do() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    asked = [
        word
        for path in WORKFLOWS
        for word in re.findall(r"\bmake ([a-z]+) ", path.read_text(encoding="utf-8"))
    ]
    assert {"test", "report"} <= set(asked) <= set(targets)


def test_a_workflow_may_write_only_where_it_says_so() -> None:
    for path in WORKFLOWS:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert held["permissions"]["contents"] == "read", path.name
        for job in held["jobs"].values():
            assert job.get("timeout-minutes") or "needs" in job, path.name


def test_the_published_report_holds_no_real_frame() -> None:
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text("utf-8")
    assert re.search(r"run: make report .*PUBLIC=1", text)


def test_all_supported_pythons_are_tested() -> None:
    held = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))
    tested = held["jobs"]["test"]["strategy"]["matrix"]["python"]
    least = re.search(
        r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert tested[0] == least[1] and len(tested) >= 3


def test_the_course_can_be_cited() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    held = yaml.safe_load(text)
    assert "doi:" in text and held["version"] in (ROOT / "CHANGELOG.md").read_text()


def test_the_repositorys_address_stands_in_one_place() -> None:
    """Whoever publishes the course elsewhere sets it there; .ipynb are generated."""
    listed = ["git", "ls-files", "-co", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True).stdout
    files = [ROOT / name for name in names.splitlines() if not name.endswith(".ipynb")]
    held = [one for one in files if one.is_file() and one.suffix != ".png"]
    said = REPOSITORY.removeprefix("https://").encode()
    found = [path.name for path in held if said in path.read_bytes()]
    assert found == ["pyproject.toml"]


def test_the_guide_and_the_house_rules_lead_to_files_that_are_there() -> None:
    for name in ("TEACHING.md", "CONTRIBUTING.md", "README.md", "CODE_OF_CONDUCT.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (ROOT / link).exists(), f"{name}: {link}"
