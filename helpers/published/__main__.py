"""python -m helpers.published fetch [FOLDER]: the published tables, into data/published
where no other folder is named."""

import sys

from helpers import settings
from helpers.errors import CourseError
from helpers.published import FILES, fetch


def main(words: list[str]) -> None:
    """Fetch what lacks, and say how many files came."""
    folder = words[1] if words[1:] else settings.data_folder() / "published"
    try:
        came = len(fetch(folder))
    except CourseError as error:
        raise SystemExit(str(error)) from error
    there = len(FILES) - came
    print(f"{folder}: {came} files fetched, {there} there already, checksums right")


if __name__ == "__main__":
    main(sys.argv[1:])
