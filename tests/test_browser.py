"""Every page of a built site in a browser with the network off."""

from pathlib import Path

import axe_playwright_python

from report.frame import BESIDE

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
FAULTS = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")


class Visit:
    """A page opened with the network off, with everything that went wrong on the way."""

    def __init__(
        self,
        browser,
        path: Path,
        width: int = 1280,
        scheme: str = "light",
        before: str = "",
    ) -> None:
        self.wrong: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        self.page = self.context.new_page()
        self.page.add_init_script(before)
        self.page.on(
            "request",
            lambda one: (
                one.url.startswith(("file:", "data:", "blob:"))
                or self.wrong.append(f"asked for {one.url}")
            ),
        )
        self.page.on(
            "requestfailed", lambda one: self.wrong.append(f"failed {one.url}")
        )
        self.page.on(
            "console",
            lambda one: (
                one.type in ("error", "warning")
                and self.wrong.append(f"console: {one.text}")
            ),
        )
        self.page.on("pageerror", lambda one: self.wrong.append(f"error: {one}"))
        self.page.goto(path.as_uri(), wait_until="load")

    def again(self) -> None:
        """Load the page again, once nothing is being loaded that this would break off."""
        self.page.wait_for_load_state("networkidle")
        self.page.reload()

    def ask(self, script: str):
        return self.page.evaluate(script)


def check(browser, site: Path) -> None:
    """Open every page of a site at three widths and in both themes."""
    for path in sorted(site.glob("*.html")):
        for width, scheme in ((1280, "light"), (360, "light"), (800, "dark")):
            visit = Visit(browser, path, width, scheme)
            where = f"{path.name} at {width}, {scheme}: "
            assert visit.wrong + visit.ask(FAULTS) == [], where
            visit.context.close()
        links = Visit(browser, path).ask(
            "[...document.links].map(a => a.href).filter(h => /^file:/.test(h))"
        )
        lost = [
            link
            for link in links
            if not (site / link.split("/")[-1].split("#")[0]).exists()
        ]
        assert lost == [], path.name


# Every fold open, since what is closed is not looked at; the sticky header would lie
# over what is scrolled under it.
OPEN = "document.querySelectorAll('details').forEach(d => { d.open = true; })"
SERIOUS = """async () => {
  const found = await axe.run({resultTypes: ["violations"]});
  return found.violations.filter(v => ["serious", "critical"].includes(v.impact)).map(
    v => `${v.id}: ${v.nodes[0].html.slice(0, 200)} ${v.nodes[0].failureSummary}`);
}"""
# Boxes of code that have to be scrolled; a closed fold has no width at all.
CUT = """[...document.querySelectorAll('pre.code')].filter(
  e => e.scrollWidth > e.clientWidth).map(e => e.textContent.slice(0, 200))"""


def accessible(browser, site: Path) -> None:
    """Ask axe-core about every page of a site, in both themes and at two widths."""
    for path in sorted(site.glob("*.html")):
        for width in (1280, 390):
            visit = Visit(browser, path, width)
            visit.ask(OPEN)
            wide = visit.ask("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, path.name
            visit.ask(AXE)
            for scheme in ("light", "dark"):
                visit.page.emulate_media(color_scheme=scheme)
                found = visit.ask(SERIOUS)
                assert found == [], f"{path.name} at {width}, {scheme}"
            visit.context.close()


BROKEN = """<!doctype html><title>x</title><body style="background: white"><h1>One</h1><h1>Two</h1>
<img src="https://cdn.example/a.png" alt="a"><svg></svg><p style="color: #aaa">pale words</p>
<b id="a"></b><i id="a"></i><a href="#nowhere">on</a><div style="width: 3000px">wide</div>
<script>console.error("oh"); nothing();</script>"""


def test_the_check_itself_sees_what_is_broken(browser, tmp_path: Path) -> None:
    (tmp_path / "broken.html").write_text(BROKEN)
    visit = Visit(browser, tmp_path / "broken.html")
    found = "\n".join(visit.wrong + visit.ask(FAULTS))
    for fault in (
        "asked for https://cdn.example/a.png",
        "failed https://cdn",
        "console: oh",
        "nothing is not defined",
        "2 main headings",
        "a picture without alt text, or empty",
        "svg says nothing",
        "the id a is there twice",
        "contrast 2.32: pale words",
        "#nowhere leads nowhere",
        "pixels too wide",
    ):
        assert fault in found


def test_small_site_in_a_browser_with_the_network_off(browser, small: Path) -> None:
    check(browser, small)


def test_axe_finds_nothing_serious_on_the_small_site(browser, small: Path) -> None:
    accessible(browser, small)


def test_axe_and_the_search_for_cut_lines_see_what_is_wrong(browser, tmp_path) -> None:
    broken = BROKEN + "<pre class=code style='overflow: auto'>" + "x" * 300 + "</pre>"
    (tmp_path / "broken.html").write_text(broken)
    visit = Visit(browser, tmp_path / "broken.html")
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
        assert visit.ask("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_solution_and_an_answer_open_from_the_keyboard(browser, small: Path) -> None:
    visit = Visit(browser, small / "01_second.html")
    for fold in (".exercise .solution", ".quiz details"):
        visit.page.focus(f"{fold} > summary")
        assert visit.ask(f"document.querySelector('{fold}').open") is False
        visit.page.keyboard.press("Enter")
        assert visit.ask(f"document.querySelector('{fold}').open") is True


def test_axe_finds_nothing_serious_in_the_course(browser, smoke) -> None:
    accessible(browser, smoke.site)


def test_no_line_of_code_of_the_course_is_cut_off_on_a_desk(browser, smoke) -> None:
    for path in sorted(smoke.site.glob("*.html")):
        visit = Visit(browser, path)
        visit.ask(OPEN)
        assert visit.ask(CUT) == [], path.name
        visit.context.close()


def test_the_course_in_a_browser_with_the_network_off(browser, smoke) -> None:
    # A page and a deck of slides a lesson, the first page, and those beside the lessons.
    many = 2 * len(smoke.executed) + 1 + len(BESIDE)
    assert len(list(smoke.site.glob("*.html"))) == many
    check(browser, smoke.site)


def test_the_theme_follows_the_system_and_its_button_and_is_remembered(
    browser, small: Path
) -> None:
    visit = Visit(browser, small / "index.html", scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = visit.ask(paper)
    visit.page.focus("#theme")
    visit.page.keyboard.press("Enter")
    light = visit.ask(paper)
    assert (
        sum(map(int, dark[4:-1].split(","))) < 150
        and sum(map(int, light[4:-1].split(","))) > 600
    )
    visit.again()
    assert visit.ask(paper) == light and visit.wrong == []
    assert visit.page.get_attribute("#theme", "aria-pressed") == "false"


def test_keyboard_comes_first_to_the_text_and_to_what_scrolls(
    browser, small: Path
) -> None:
    visit = Visit(browser, small / "00_first.html", width=360)
    visit.page.keyboard.press("Tab")
    assert visit.ask("document.activeElement.getAttribute('href')") == "#main"
    assert (
        visit.ask(
            "[...document.querySelectorAll('pre, .scroll')].filter(e => e.scrollWidth > e.clientWidth "
            "&& e.tabIndex !== 0).length"
        )
        == 0
    )
    assert (
        visit.ask(
            "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length"
        )
        >= 1
    )


def test_code_can_be_hidden_for_those_who_read_only(browser, small: Path) -> None:
    visit = Visit(browser, small / "00_first.html")
    shown = (
        "[...document.querySelectorAll('.source')].filter(e => e.offsetParent).length"
    )
    assert visit.ask(shown) > 0
    visit.page.click("#code")
    assert (
        visit.ask(shown) == 0
        and visit.page.get_attribute("#code", "aria-pressed") == "true"
    )


def test_without_storage_the_page_still_works(browser, small: Path) -> None:
    refused = (
        "Object.defineProperty(window, 'localStorage', "
        "{get() { throw new Error('refused'); }});"
    )
    visit = Visit(browser, small / "index.html", before=refused)
    visit.page.click("#theme")
    assert (
        visit.ask("document.documentElement.dataset.theme") == "dark"
        and visit.wrong == []
    )
