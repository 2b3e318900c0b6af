"""python -m helpers.published fetch [FOLDER]"""

import argparse

from helpers import settings
from helpers.errors import CourseError
from helpers.published.fetch import fetch
from helpers.published.sources import FILES


def main() -> None:
    """Fetch the published tables (into data/published, where no other folder is
    named)."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.published", description=main.__doc__
    )
    parser.add_argument("what", choices=("fetch",))
    parser.add_argument(
        "folder", nargs="?", default=str(settings.data_folder() / "published")
    )
    folder = parser.parse_args().folder
    try:
        came = len(fetch(folder))
    except CourseError as error:
        raise SystemExit(str(error)) from error
    print(
        f"{folder}: {came} files fetched, {len(FILES) - came} there already, checksums "
        f"as recorded"
    )


if __name__ == "__main__":
    main()
