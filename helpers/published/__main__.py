"""python -m helpers.published fetch [FOLDER] | record FOLDER"""

import argparse

from helpers import settings
from helpers.errors import CourseError
from helpers.published.evidence import evidence, record
from helpers.published.fetch import fetch
from helpers.published.files import FILES


def main() -> None:
    """Fetch the published tables (into data/published), or record the figures that they hold again."""
    parser = argparse.ArgumentParser(prog="python -m helpers.published", description=main.__doc__)
    parser.add_argument("what", choices=("fetch", "record"))
    parser.add_argument("folder", nargs="?", default=str(settings.data_folder() / "published"))
    given = parser.parse_args()
    try:
        if given.what == "record":
            record(evidence(given.folder))
        else:
            came = fetch(given.folder)
            print(f"{given.folder}: {len(came)} files fetched, {len(FILES) - len(came)} there already, checksums as recorded")
    except CourseError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
