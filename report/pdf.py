"""python -m report.pdf SITE FOLDER: the pages of the report as PDF, one a lesson, by
headless Chromium."""

import shutil
import subprocess
import sys
from pathlib import Path

from helpers.errors import CourseError
from report.build import SITE
from report.pages import HERE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PRINT = "--headless --no-sandbox --disable-gpu --no-pdf-header-footer".split()
PRINT += ["--disable-background-networking", "--generate-pdf-document-outline"]


def printed(site: Path, folder: Path) -> list[Path]:
    """Print every page of a built site that is meant to be read; the files that were
    written, in the pages' order. CourseError where there is no site or no Chromium."""
    pages = sorted(site.glob("[0-9][0-9]_*.html"))
    if not pages:
        raise CourseError(f"{site} holds no lesson's page: run make report first.")
    pages += [site / name for name in ("index.html", "glossary.html", "teaching.html")]
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise CourseError("Printing needs Chromium or Chrome; install one of them.")
    folder.mkdir(exist_ok=True)
    written = [folder / f"{page.stem}.pdf" for page in pages]
    for page, target in zip(pages, written):
        how = [browser, *PRINT, f"--print-to-pdf={target}", page.as_uri()]
        subprocess.run(how, check=True, stderr=subprocess.DEVNULL)
    return written


def main(site: Path = SITE, folder: Path = HERE / "pdf") -> int:
    """Print; the exit code is 0, or 1 where something is missing."""
    try:
        for path in printed(site.resolve(), folder.resolve()):
            print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
