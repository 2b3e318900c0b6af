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


def main(site: Path = SITE, folder: Path = HERE / "pdf") -> str | None:
    """Print every page of a built site that is meant to be read; what is wrong where
    there is no site or no Chromium."""
    site, folder = site.resolve(), folder.resolve()
    pages = sorted(site.glob("[0-9][0-9]_*.html"))
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not pages:
        return f"{site} holds no lesson's page: run make report first."
    if browser is None:
        return "Printing needs Chromium or Chrome; install one of them."
    folder.mkdir(exist_ok=True)
    pages += [site / f"{name}.html" for name in ("index", "glossary", "teaching")]
    for page in pages:
        target = folder / f"{page.stem}.pdf"
        how = [browser, *PRINT, f"--print-to-pdf={target}", page.as_uri()]
        subprocess.run(how, check=True, stderr=subprocess.DEVNULL)
        print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    return None


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
