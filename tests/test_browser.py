"""Every page of a built site in a browser with the network off."""

from pathlib import Path

import axe_playwright_python
import pytest

from report.notebooks import lessons
from report.site import BESIDE

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
FAULTS = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")
LESSONS = [path.stem for path in lessons()]
PAGES = [
    *("index.html", *(name for name, _ in BESIDE)),
    *(f"{name}.html" for name in LESSONS),
    *(f"slides_{name[:2]}.html" for name in LESSONS),
]
# Every fold open, since what is closed is not looked at.
OPEN = "document.querySelectorAll('details').forEach(d => { d.open = true; })"
SERIOUS = """async () => {
  const found = await axe.run({resultTypes: ["violations"]});
  return found.violations.filter(v => ["serious", "critical"].includes(v.impact)).map(
    v => `${v.id}: ${v.nodes[0].html.slice(0, 200)} ${v.nodes[0].failureSummary}`);
}"""
# Boxes of code that have to be scrolled; a closed fold has no width at all.
CUT = """[...document.querySelectorAll('div.highlight pre')].filter(
  e => e.scrollWidth > e.clientWidth).map(e => e.textContent.slice(0, 200))"""
WIDE = "document.documentElement.scrollWidth - innerWidth"


class Visit:
    """A page opened with the network off, with everything that went wrong on the way."""

    def __init__(
        self, browser, path: Path, width=1280, scheme="light", before=""
    ) -> None:
        self.wrong: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        self.page = self.context.new_page()
        self.page.add_init_script(before)
        here, loud = ("file:", "data:", "blob:"), ("error", "warning")
        for event, told in {
            "request": lambda one: (
                not one.url.startswith(here) and f"asked for {one.url}"
            ),
            "requestfailed": lambda one: f"failed {one.url}",
            "console": lambda one: one.type in loud and f"console: {one.text}",
            "pageerror": lambda one: f"error: {one}",
        }.items():
            self.page.on(event, lambda one, told=told: self._note(told(one)))
        self.page.goto(path.as_uri(), wait_until="load")

    def _note(self, fault: str | bool) -> None:
        if fault:
            self.wrong.append(fault)

    def again(self) -> None:
        """Load the page again, once nothing is being loaded that this would break off."""
        self.page.wait_for_load_state("networkidle")
        self.page.reload()

    def ask(self, script: str):
        return self.page.evaluate(script)


def check(browser, path: Path) -> None:
    """A page in both themes and at three widths, every fold open: its faults, and what
    axe-core calls serious."""
    for width, scheme in ((1280, "light"), (800, "dark")):
        visit = Visit(browser, path, width, scheme)
        visit.ask(OPEN)
        assert visit.wrong + visit.ask(FAULTS) == [], f"{path.name} at {width}"
        visit.ask(AXE)
        assert visit.ask(SERIOUS) == [], f"{path.name}, {scheme}"
        if width == 1280:
            assert visit.ask(CUT) == [], path.name
            visit.page.set_viewport_size({"width": 360, "height": 900})
            assert visit.ask(FAULTS) == [], f"{path.name} on a phone"
        visit.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_course(browser, smoke, name: str) -> None:
    assert {path.name for path in smoke.site.glob("*.html")} == set(PAGES)
    check(browser, smoke.site / name)


BROKEN = """<!doctype html><title>x</title><body style="background: white"><h1>One</h1><h1>Two</h1>
<img src="https://cdn.example/a.png" alt="a"><svg></svg><p style="color: #aaa">pale words</p>
<b id="a"></b><i id="a"></i><a href="#nowhere">on</a><div style="width: 3000px">wide</div>
<div class="highlight"><pre style="overflow: auto">{}</pre></div>
<script>console.error("oh"); nothing();</script>"""


def test_the_checks_see_what_is_broken(browser, tmp_path: Path) -> None:
    (tmp_path / "broken.html").write_text(BROKEN.format("x" * 300))
    visit = Visit(browser, tmp_path / "broken.html")
    found = "\n".join(visit.wrong + visit.ask(FAULTS))
    wrong = ("asked for https://cdn.example/a.png", "failed https://cdn", "console: oh")
    script = ("nothing is not defined", "pixels too wide", "#nowhere leads nowhere")
    marks = ("2 main headings", "svg says nothing", "the id a is there twice")
    for fault in (*wrong, *script, *marks, "a picture without alt text, or empty"):
        assert fault in found
    assert len(visit.ask(CUT)) == 1
    visit.ask(AXE)
    rules = {found.split(":")[0] for found in visit.ask(SERIOUS)}
    assert {"color-contrast", "html-has-lang"} <= rules


def test_code_of_88_columns_fits_a_desk_and_scrolls_in_its_box_on_a_phone(
    browser, small: Path
) -> None:
    for width, cut in ((1280, 0), (390, 1)):
        visit = Visit(browser, small / "00_first.html", width)
        assert any("x" * 78 in one for one in visit.ask(CUT)) == cut
        assert visit.ask(WIDE) <= 0


def test_a_solution_and_an_answer_open_from_the_keyboard(browser, small: Path) -> None:
    visit = Visit(browser, small / "01_second.html")
    for fold in (".exercise .solution", ".quiz details"):
        visit.page.focus(f"{fold} > summary")
        assert visit.ask(f"document.querySelector('{fold}').open") is False
        visit.page.keyboard.press("Enter")
        assert visit.ask(f"document.querySelector('{fold}').open") is True


def test_the_theme_follows_the_system_and_its_button_and_is_remembered(
    browser, small: Path
) -> None:
    visit = Visit(browser, small / "index.html", scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = visit.ask(paper)
    visit.page.focus("#theme")
    visit.page.keyboard.press("Enter")
    light = visit.ask(paper)
    brightness = [sum(map(int, one[4:-1].split(","))) for one in (dark, light)]
    assert brightness[0] < 150 and brightness[1] > 600
    visit.again()
    assert visit.ask(paper) == light and visit.wrong == []
    assert visit.page.get_attribute("#theme", "aria-pressed") == "false"


def test_keyboard_comes_first_to_the_text_and_to_what_scrolls(
    browser, small: Path
) -> None:
    visit = Visit(browser, small / "00_first.html", width=360)
    visit.page.keyboard.press("Tab")
    assert visit.ask("document.activeElement.getAttribute('href')") == "#main"
    stops = visit.ask(
        "[...document.querySelectorAll('pre, .scroll')].filter("
        "e => e.scrollWidth > e.clientWidth).map(e => e.tabIndex)"
    )
    assert len(stops) >= 2 and set(stops) == {0}


def test_code_can_be_hidden_for_those_who_read_only(browser, small: Path) -> None:
    visit = Visit(browser, small / "00_first.html")
    shown = (
        "[...document.querySelectorAll('.source')].filter(e => e.offsetParent).length"
    )
    assert visit.ask(shown) > 0
    visit.page.click("#code")
    assert visit.ask(shown) == 0
    assert visit.page.get_attribute("#code", "aria-pressed") == "true"


def test_without_storage_the_page_still_works(browser, small: Path) -> None:
    refused = (
        "Object.defineProperty(window, 'localStorage', "
        "{get() { throw new Error('refused'); }});"
    )
    visit = Visit(browser, small / "index.html", before=refused)
    visit.page.click("#theme")
    assert visit.ask("document.documentElement.dataset.theme") == "dark"
    assert visit.wrong == []
