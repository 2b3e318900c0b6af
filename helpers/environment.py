"""Does what is installed fit together? The last step of set-up, and lesson 00's first
check.
"""

import importlib
import platform
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from helpers.settings import ROOT

# Their versions are shown, since results depend on them; the first three must fit.
SHOWN = """torch torchvision segmentation-models-pytorch timm opencv-python-headless
numpy pandas scipy""".split()

# What only the report and JupyterLab at home need.
ONLY_AT_HOME = """jupyterlab jupytext papermill jupyter_client nbformat nbconvert
beautifulsoup4 jinja2 markupsafe ipykernel latex2mathml""".split()


def check() -> str:
    """Import the three packages that must fit, and say so in a line; SystemExit with
    the remedy where they don't."""
    for name in SHOWN[:3]:
        try:
            importlib.import_module(name.replace("-", "_"))
        except Exception as error:  # whatever it is, the remedy is what helps
            sys.exit(
                f"{name} does not import ({str(error).splitlines()[0]}): the installed "
                "torch and torchvision do not fit each other; delete .venv and run the "
                "same command again, and on Colab restart the runtime without "
                "installing torch."
            )
    return "Ready: " + ", ".join(f"{name} {versions()[name]}" for name in SHOWN[:3])


def versions() -> dict[str, str]:
    """Python's version and those of the packages that a result depends on, by name."""
    found = {name: _installed(name) or "absent" for name in SHOWN}
    return {"python": platform.python_version()} | found


def install_missing() -> list[str]:
    """On Colab: install the packages that are absent altogether, and hold every package
    that is there as it is; the names of what was installed.

    Colab's torch, torchvision and numpy fit its GPU and each other; a pinned version
    over them would break both. Where a pinned version does not fit what is there, the
    newest one that does is taken. SystemExit with the remedy where none does.
    """
    pins = re.findall(r"(?m)^([\w.-]+)(==\S+)", (ROOT / "requirements.txt").read_text())
    pins = {name: pin for name, pin in pins if name not in ONLY_AT_HOME}
    missing = {name: pin for name, pin in pins.items() if not _installed(name)}
    if missing and not _install(map("".join, missing.items())):
        print("The pinned versions do not fit what is here; taking what does.")
        if not _install(missing):
            sys.exit(
                f"{', '.join(missing)} could not be installed beside what is here: "
                "restart the runtime (Runtime, Disconnect and delete runtime) and run "
                "this cell again; what pip says stands above."
            )
    return list(missing)


def held() -> list[str]:
    """Every package that is there, with the version that is imported ("numpy==2.1.3"):
    Colab's Python sees the operating system's packages too, so that a name may come
    twice, and two versions no installer could hold."""
    names = {item.name for item in metadata.distributions() if item.name}
    return [f"{name}=={metadata.version(name)}" for name in names]


def _install(wanted) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "held.txt"
        constraints.write_text("\n".join(held()))
        pip = [sys.executable, "-m", "pip", "install", "--quiet"]
        done = subprocess.run([*pip, "-c", str(constraints), *wanted])
    return done.returncode == 0


def _installed(name: str) -> str | None:
    # Colab ships the full build of OpenCV under its other name; both are cv2.
    for known in (name, name.removesuffix("-headless")):
        try:
            return metadata.version(known)
        except metadata.PackageNotFoundError:
            continue
    return None


if __name__ == "__main__":
    print(check())
