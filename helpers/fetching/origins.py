"""Where CholecSeg8k is fetched from, through the libraries of the two places. Both go
on where a broken download stopped.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from unittest import mock

from helpers import names
from helpers.errors import CourseError


@dataclass(frozen=True)
class Origin:
    """A place that has the data set: how it is called, under which name it has it, what
    is known of it, the library that fetches, how that is installed, and how it fetches.

    fetch(library, folder) brings everything into the folder, or names another one that
    it lies in, and gives the folder.
    """

    called: str
    handle: str
    known: str
    library: str
    install: str
    fetch: Callable[[ModuleType, Path], Path]

    def bring(self, folder: Path) -> Path:
        """Fetch into a folder; where the files lie. Raises CourseError."""
        try:
            library = importlib.import_module(self.library)
        except ImportError as error:
            raise CourseError(
                f"The library {self.library}, which fetches from {self.called}, is not "
                f"installed: install it with .venv/bin/python -m pip install "
                f"{self.install}, or name the other place with FROM=."
            ) from error
        try:
            return Path(self.fetch(library, folder))
        except Exception as error:  # each library has a class for every way of failing
            raise CourseError(
                f"{self.handle} can't be fetched from {self.called} "
                f"({_cause(error)}): try again, which goes on where it stopped, or "
                "name the other place with FROM=."
            ) from error


def _from_kaggle(library: ModuleType, folder: Path) -> Path:
    # In its own cache the library goes on after a break; into a named folder it does
    # not. Where that cache lies is said by a variable.
    with mock.patch.dict(os.environ, {"KAGGLEHUB_CACHE": str(folder)}):
        return Path(library.dataset_download(ORIGINS["kaggle"].handle))


def _from_hub(library: ModuleType, folder: Path) -> Path:
    handle = ORIGINS["hub"].handle
    return Path(
        library.snapshot_download(handle, repo_type="dataset", local_dir=folder)
    )


ORIGINS = {
    "hub": Origin(
        "the Hugging Face hub",
        "minwoosun/CholecSeg8k",
        "a zip of 3.1 GB, which this course has not compared with the release",
        "huggingface_hub",
        "huggingface-hub",
        _from_hub,
    ),
    "kaggle": Origin(
        "Kaggle",
        "newslab/cholecseg8k",
        "about 3 GB",
        "kagglehub",
        "-e '.[kaggle]'",
        _from_kaggle,
    ),
}
"""The places by what is typed after FROM=, the first one where nothing is."""


def _cause(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return names.text(said[:200].rstrip("."))
