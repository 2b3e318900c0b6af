"""python -m report.pdf SITE FOLDER: the pages of the report as PDF, one a lesson, by
headless Chromium."""

import shutil
import subprocess
import sys
from pathlib import Path

from report.build import SITE
from report.pages import HERE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PRINT = "--headless --no-sandbox --disable-gpu --no-pdf-header-footer".split()
PRINT += ["--disable-background-networking", "--generate-pdf-document-outline"]


def main(site: Path = SITE, folder: Path = HERE / "pdf") -> int:
    """Print every page of a built site that is meant to be read. The exit code is 0, or
    1 where there is no site or no Chromium."""
    site, folder = site.resolve(), folder.resolve()
    pages = sorted(site.glob("[0-9][0-9]_*.html"))
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not pages or browser is None:
        wrong = "Printing needs Chromium or Chrome; install one of them."
        if not pages:
            wrong = f"{site} holds no lesson's page: run make report first."
        print(wrong, file=sys.stderr)
        return 1
    folder.mkdir(exist_ok=True)
    pages += [site / f"{name}.html" for name in ("index", "glossary", "teaching")]
    for page in pages:
        target = folder / f"{page.stem}.pdf"
        how = [browser, *PRINT, f"--print-to-pdf={target}", page.as_uri()]
        subprocess.run(how, check=True, stderr=subprocess.DEVNULL)
        print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
