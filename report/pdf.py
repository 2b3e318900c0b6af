"""python -m report.pdf: the pages of the report as PDF, one a lesson, by headless
Chromium."""

import argparse
import shutil
import sys
from pathlib import Path

from helpers.errors import CourseError
from report.build import SITE
from report.render import HERE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FOLDER = HERE / "pdf"
# What a reader opens by hand is open on paper; pictures that wait are fetched now.
READY = """async () => {
  document.documentElement.dataset.theme = "light";
  document.querySelectorAll("details.folded:not(.closed)").forEach((one) => {
    one.open = true;
  });
  document.querySelectorAll("picture > source").forEach((one) => {
    one.media = "not all";
  });
  const pictures = [...document.images];
  pictures.forEach((one) => { one.loading = "eager"; });
  await Promise.all(pictures.map((one) => one.decode().catch(() => null)));
}"""
FOOT = (
    '<div style="font-size: 7pt; width: 100%; text-align: center; color: #655e56">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def printed(site: Path, folder: Path = FOLDER) -> list[Path]:
    """Print every page of a built site that is meant to be read; the files that were
    written, in the pages' order.

    CourseError where there is no site, no Playwright or no Chromium.
    """
    pages = sorted(site.glob("[0-9][0-9]_*.html"))
    if not pages:
        raise CourseError(f"{site} holds no lesson's page: run make report first.")
    pages += [site / name for name in ("index.html", "glossary.html", "teaching.html")]
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise CourseError(
            "Printing needs Playwright, which the tests bring: run make pdf, or "
            "install it."
        ) from error
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise CourseError("Printing needs Chromium or Chrome; install one of them.")
    folder.mkdir(exist_ok=True)
    written = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox"]
        )
        page = chromium.new_context(offline=True, color_scheme="light").new_page()
        for path in filter(Path.exists, pages):
            page.goto(path.as_uri(), wait_until="load")
            page.evaluate(READY)
            written.append(folder / f"{path.stem}.pdf")
            page.pdf(
                path=written[-1],
                format="A4",
                print_background=True,
                prefer_css_page_size=True,
                tagged=True,
                outline=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOT,
            )
        chromium.close()
    return written


def main(words: list[str] | None = None) -> int:
    """Print; the exit code is 0, or 1 where something is missing."""
    parser = argparse.ArgumentParser(prog="python -m report.pdf", description=__doc__)
    parser.add_argument("--site", type=Path, default=SITE)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args(words)
    try:
        for path in printed(given.site.resolve(), given.folder.resolve()):
            print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
