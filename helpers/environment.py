"""Does what is installed fit together? The last step of set-up, and lesson 00's first check."""

import importlib
import importlib.metadata
import platform
import sys

FIT_TOGETHER = ("torch", "torchvision", "segmentation_models_pytorch")
SHOWN = ("torch", "torchvision", "segmentation-models-pytorch", "timm", "opencv-python-headless", "numpy", "pandas")


def check() -> str:
    """Import the three packages that must fit, and say so in a line; SystemExit with the remedy where they don't."""
    for name in FIT_TOGETHER:
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever the import raises, the reader needs the remedy rather than the trace
            sys.exit(f"{name} does not import ({str(error).splitlines()[0]}): the installed torch and torchvision do not "
                     "fit each other; delete .venv and run the same command again, and on Colab restart the runtime "
                     "without installing torch.")
    return "Ready: " + ", ".join(f"{name} {version}" for name, version in versions().items() if name in SHOWN[:3])


def versions() -> dict[str, str]:
    """Python's version and those of the packages that a result depends on, by name."""
    found = {"python": platform.python_version()}
    for name in SHOWN:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            # Colab ships the full build of OpenCV under its other name.
            found[name] = importlib.metadata.version("opencv-python") if name.startswith("opencv") else "absent"
    return found


if __name__ == "__main__":
    print(check())
