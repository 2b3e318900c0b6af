"""The report as pages: what a cell becomes, and what a browser with no network makes of a whole site."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lessons_by_hand import code, lesson, prose, result
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from helpers import settings
from helpers.errors import CourseError
from report import numbers, rules
from report.build import build
from report.cells import cell
from report.prose import Prose, mathml

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def rendered(one, tmp_path: Path) -> str:
    return cell(one, "00_first, cell 1", Prose(tmp_path))


def shown(data: dict, tmp_path: Path, **metadata) -> str:
    return rendered(new_code_cell("x", outputs=[new_output("display_data", data, metadata=metadata)]), tmp_path)


# A cell

def test_mathematics_becomes_mathml_with_its_source_as_text(tmp_path: Path) -> None:
    made = rendered(new_markdown_cell(r"Dice is $\mathrm{Dice} = \frac{2a}{b < c}$" "\n\n$$x^2$$"), tmp_path)
    assert "<mfrac>" in made and "<mtext>Dice</mtext>" in made and 'display="block"' in made and "$" not in made
    assert r'alttext="\text{Dice} = \frac{2a}{b &lt; c}"' in made


@pytest.mark.parametrize("latex", [r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"\mathbb{1}[p > t]", r"5\,\%",
                                   r"\sum_{i=1}^{n} \hat{x}_i", r"\lVert \mu \rVert^2 + \operatorname{Tr}(\Sigma)"])
def test_formulas_of_this_course_can_be_set(latex: str) -> None:
    assert mathml(latex, block=True).startswith("<math ")


@pytest.mark.parametrize("latex", [r"\nosuch{x}", r"\left( x"])
def test_a_formula_that_cannot_be_set_says_so(latex: str) -> None:
    with pytest.raises(CourseError, match="can't be set"):
        mathml(latex, block=False)


def test_a_dollar_in_code_is_no_mathematics(tmp_path: Path) -> None:
    assert "<math" not in rendered(new_markdown_cell("`$HOME` and `$DATA`"), tmp_path)


def test_links_to_lessons_stay_in_the_site_and_badges_become_words(tmp_path: Path) -> None:
    made = rendered(new_markdown_cell("[next](01_explore.ipynb#Side-by-side), [![Open in Colab](https://x.org/b.svg)]"
                                      "(https://colab.org/01_explore.ipynb)"), tmp_path)
    assert 'href="01_explore.html#Side-by-side"' in made
    assert "<img" not in made and '<a href="https://colab.org/01_explore.ipynb">Open in Colab</a>' in made


def test_a_local_picture_is_carried_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "pig.png").write_bytes(b"picture")
    assert '<img src="data:image/png;base64,cGljdHVyZQ==" alt="a pig"' in rendered(new_markdown_cell("![a pig](pig.png)"), tmp_path)


def test_headings_have_ids_of_their_own_as_jupyter_gives_them(tmp_path: Path) -> None:
    page = Prose(tmp_path)
    page("## What is *new*?\n\n## Again\n\n## Again")
    assert [(heading.level, heading.id) for heading in page.headings] == [(2, "What-is-new?"), (2, "Again"), (2, "Again-2")]


def test_widgets_and_what_is_left_for_the_report_are_not_shown(tmp_path: Path) -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider(value=0)"}
    for data in (widget, {"application/vnd.course.result+json": {"name": "a"}, "text/plain": "{'name': 'a'}"}):
        assert "IntSlider" not in shown(data, tmp_path) and "name" not in shown(data, tmp_path)


def test_a_picture_takes_its_alt_text_from_its_metadata(tmp_path: Path) -> None:
    assert 'alt="Two &lt;pigs&gt;"' in shown({"image/png": "aaaa"}, tmp_path, **{"image/png": {"alt": "Two <pigs>"}})
    assert 'alt="Two"' in shown({"image/png": "aaaa"}, tmp_path, alt="Two")
    with pytest.raises(CourseError, match="^00_first, cell 1: a picture has no alt text: show it with "):
        shown({"image/png": "aaaa"}, tmp_path)


def test_streams_are_joined_overwritten_and_hold_no_path_of_this_machine(tmp_path: Path) -> None:
    outputs = [new_output("stream", name="stdout", text=text) for text in ("10 %\r", "100 %\n", f"{settings.ROOT}/data <a>")]
    made = rendered(new_code_cell("x", outputs=outputs), tmp_path)
    assert made.count("<pre") == 2 and "\n10 %" not in made and "100 %\ndata &lt;a&gt;" in made
    warned = new_output("stream", name="stderr", text="/tmp/ipykernel_12/3456.py:7: UserWarning: dark")
    assert "line 7: UserWarning: dark" in rendered(new_code_cell("x", outputs=[warned]), tmp_path)


def test_set_up_and_parameters_are_folded_and_the_injected_cell_is_gone(tmp_path: Path) -> None:
    for tag, name in (("setup", "Set-up"), ("parameters", "Parameters")):
        assert f"<summary>{name}</summary>" in rendered(new_code_cell("x = 1", metadata={"tags": [tag]}), tmp_path)
    assert rendered(new_code_cell("x = 1", metadata={"tags": ["injected-parameters"]}), tmp_path) == ""


@pytest.mark.parametrize("piece, wrong", [
    ('<img src="data:," alt="a">', None),
    ('<img src="data:," alt=" ">', "no alt text"),
    ("<svg><path/></svg>", "no aria-label"),
    ('<figure role="img" aria-label="a"><svg></svg></figure>', None),
    ('<figure role="img" aria-label="a"></figure><svg></svg>', "no aria-label"),
    ('<div class="plotly-graph-div"></div>', "no alt text"),
    ('<figure aria-label="a"><br><div class="plotly-graph-div"></div></figure>', None),
    ('<script src="https://cdn.x/y.js"></script>', "would fetch https://cdn.x/y.js"),
    ('<link href="//cdn.x/y.css">', "would fetch //cdn.x/y.css"),
    ('<p style="background: url(http://x/y.png)">', "from the network"),
    ("<style>@import 'https://x/y.css';</style>", "from the network"),
    ('<a href="https://x.org">a link is no request</a>', None),
])
def test_the_rules_of_a_page(piece: str, wrong: str | None) -> None:
    found = rules.faults(piece)
    assert found == [] if wrong is None else len(found) == 1 and wrong in found[0]


@pytest.mark.parametrize("value, low, high, subjects, unit, said", [
    (0.876, 0.8, 0.949, 3, "", ("0.88", "0.80 to 0.95", "3 subjects, 1,234 frames")),
    (12.345, 3, 22, 9, "percent", ("12.3 %", "3.0 % to 22.0 %", "9 subjects, 1,234 frames")),
    (0.07, None, None, 1, "", ("0.07", "no interval: 1 subject", "1 subject, 1,234 frames")),
    (None, None, None, None, "", ("undefined", "no interval", "1,234 frames")),
])
def test_numbers_as_they_are_printed(value, low, high, subjects, unit, said) -> None:
    record = {"value": value, "low": low, "high": high, "n_subjects": subjects, "n_frames": 1234, "unit": unit}
    assert (numbers.number(record), numbers.interval(record), numbers.behind(record)) == said
    assert [numbers.time(seconds) for seconds in (0.2, 59.7, 185)] == ["0 s", "1 min 00 s", "3 min 05 s"]


# A site

PLOT = '''import plotly.graph_objects as go
from IPython.display import HTML, display

figure = go.Figure(go.Scatter(x=[1, 2, 3], y=[3, 1, 2]))
markup = figure.to_html(full_html=False, include_plotlyjs=False, config={"responsive": True})
display(HTML(f'<figure role="img" aria-label="Three points">{markup}</figure>'))'''
HEADLINE = '''display({"application/vnd.course.figure+json": {"name": "points", "caption": "Three points & a line",
         "html": f'<figure role="img" aria-label="Three points">{markup}</figure>'}}, raw=True)'''
WIDE = "import pandas as pd\npd.DataFrame([[123456.789] * 30], columns=[f'column {n}' for n in range(30)])"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of two small lessons with everything a page may hold."""
    folder = tmp_path_factory.mktemp("lessons")
    lesson(folder, "00_first", prose("## A plot\nWith $x_i$ and\n\n| a | b |\n|---|---|\n| 1 | 2 |"), code(PLOT), code(HEADLINE),
           code(WIDE), code(f"print('a long line ' * 40)  # {'long ' * 30}"),
           result("id_test.dice", "0.875", "0.8", "0.9"),
           result("ood_test.dice", "0.07", subjects=1, notes="'Only the phantom is here.'"))
    lesson(folder, "01_second", prose("## The end"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STORE", str(tmp_path_factory.mktemp("store")))
        build(settings.course("smoke", data=str(tmp_path_factory.mktemp("data"))), folder, folder / "site")
    return folder / "site"


def test_the_one_page_answer_takes_its_sentences_from_the_results(small: Path) -> None:
    page = " ".join((small / "index.html").read_text(encoding="utf-8").split())
    assert "Hardly. Trained on the source (drawn robotic surgery), a U-Net reaches a Dice of 0.88 on 3 subjects" in page
    assert "reaches 0.07, measured on 1 subject with blood. One subject is no population" in page
    assert "0.80 to 0.90" in page and "no interval: 1 subject" in page and "3 subjects, 40 frames" in page
    assert "Only the phantom is here." in page and "Three points &amp; a line" in page and 'href="results.json"' in page
    assert "Test a report." in page and "5 minutes to work through" in page
    assert "Fréchet" not in page and "one would wish for" not in page  # no number, no sentence


def test_phantom_pages_say_so_at_the_top_and_in_the_title(small: Path) -> None:
    for path in small.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        title = page.split("<title>")[1].split("</title>")[0]
        assert "Phantom data: drawn surgery; teaches the method, says nothing about patients" in title
        assert page.index('class="banner"') < page.index("<h1>")


def test_real_pages_carry_no_banner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    lesson(tmp_path, "00_first", result(data="real"))
    build(settings.course("smoke"), tmp_path, tmp_path / "site")
    for name in ("index", "00_first"):
        assert "Phantom data" not in (tmp_path / "site" / f"{name}.html").read_text(encoding="utf-8")


def test_lessons_lead_to_each_other_and_have_contents(small: Path) -> None:
    first, second = ((small / f"{name}.html").read_text(encoding="utf-8") for name in ("00_first", "01_second"))
    assert '<a rel="next" href="01_second.html">' in first and '<a rel="prev" href="00_first.html">' in second
    assert '<a href="#A-plot">A plot</a>' in first and '<h2 id="A-plot">' in first
    assert "ran in" in first and "torch 2" in first
    assert '<a href="https://colab.research.google.com/github/x/y/00.ipynb">Open in Colab</a>' in first
    assert first.count('src="plotly.min.js"') == 1 and "plotly.min.js" not in second and "Open in Colab</a> ·" not in first


@pytest.fixture(scope="module")
def browser() -> Iterator:
    if BROWSER is None:
        pytest.skip("there is no Chromium here; .ci/run installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


class Visit:
    """A page opened with the network off, with everything that went wrong on the way."""

    def __init__(self, browser, path: Path, width: int = 1280, scheme: str = "light") -> None:
        self.wrong: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        self.page = self.context.new_page()
        self.page.on("request", lambda one: one.url.startswith(("file:", "data:", "blob:")) or self.wrong.append(f"asked for {one.url}"))
        self.page.on("requestfailed", lambda one: self.wrong.append(f"failed {one.url}"))
        self.page.on("console", lambda one: one.type in ("error", "warning") and self.wrong.append(f"console: {one.text}"))
        self.page.on("pageerror", lambda one: self.wrong.append(f"error: {one}"))
        self.page.goto(path.as_uri(), wait_until="load")

    def ask(self, script: str):
        return self.page.evaluate(script)


def check(browser, site: Path) -> None:
    """Open every page of a site at three widths and in both themes."""
    for path in sorted(site.glob("*.html")):
        for width, scheme in ((1280, "light"), (360, "light"), (800, "dark")):
            visit = Visit(browser, path, width, scheme)
            where = f"{path.name} at {width}, {scheme}: "
            assert visit.wrong == [], where
            assert visit.ask("[...document.images].filter(i => !i.alt.trim() || !i.naturalWidth).length") == 0, where
            assert visit.ask("[...document.querySelectorAll('svg, figure, canvas')].filter(e => !e.closest('[aria-label],"
                             " [aria-hidden=true]') && !e.querySelector('img[alt]')).length") == 0, where
            assert visit.ask("[...document.querySelectorAll('.plotly-graph-div')].filter(e => !e.querySelector('.main-svg') "
                             "|| e.clientWidth < 100).length") == 0, where
            assert visit.ask("document.documentElement.scrollWidth") <= width, where
            assert visit.ask("document.querySelectorAll('h1').length") == 1, where
            assert visit.ask("[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.getElementById("
                             "decodeURIComponent(a.hash.slice(1)))).map(a => a.hash)") == [], where
            assert visit.ask("[...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')]"
                             ".map(e => e.id)).size") == 0, where
            assert visit.ask("[...document.querySelectorAll('math')].filter(m => m.getBoundingClientRect().width < 3).length") == 0
            assert visit.ask(CONTRAST) == [], where
            visit.context.close()
        for link in set(Visit(browser, path).ask("[...document.links].map(a => a.href).filter(h => h.startsWith('file:'))")):
            assert (site / link.split("/")[-1].split("#")[0]).exists(), f"{path.name}: {link}"


def test_small_site_in_a_browser_with_the_network_off(browser, small: Path) -> None:
    check(browser, small)


@pytest.mark.xdist_group("lessons")
def test_the_course_in_a_browser_with_the_network_off(browser, smoke) -> None:
    assert len(list(smoke.site.glob("*.html"))) == len(smoke.executed) + 1
    check(browser, smoke.site)


def test_the_theme_follows_the_system_and_its_button_and_is_remembered(browser, small: Path) -> None:
    visit = Visit(browser, small / "index.html", scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = visit.ask(paper)
    visit.page.focus("#theme")
    visit.page.keyboard.press("Enter")
    light = visit.ask(paper)
    assert sum(map(int, dark[4:-1].split(","))) < 150 and sum(map(int, light[4:-1].split(","))) > 600
    visit.page.reload()
    assert visit.ask(paper) == light and visit.wrong == []
    assert visit.page.get_attribute("#theme", "aria-pressed") == "false"


def test_keyboard_comes_first_to_the_text_and_to_what_scrolls(browser, small: Path) -> None:
    visit = Visit(browser, small / "00_first.html", width=360)
    visit.page.keyboard.press("Tab")
    assert visit.ask("document.activeElement.getAttribute('href')") == "#main"
    assert visit.ask("[...document.querySelectorAll('.code, .stream, .scroll')].filter(e => e.scrollWidth > e.clientWidth "
                     "&& e.tabIndex !== 0).length") == 0
    assert visit.ask("[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length") >= 1


def test_code_can_be_hidden_for_those_who_read_only(browser, small: Path) -> None:
    visit = Visit(browser, small / "00_first.html")
    shown = "[...document.querySelectorAll('.source')].filter(e => e.offsetParent).length"
    assert visit.ask(shown) > 0
    visit.page.click("#code")
    assert visit.ask(shown) == 0 and visit.page.get_attribute("#code", "aria-pressed") == "true"


def test_without_storage_the_page_still_works(browser, small: Path) -> None:
    visit = Visit(browser, small / "index.html")
    visit.page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused'); }});")
    visit.page.reload()
    visit.page.click("#theme")
    assert visit.ask("document.documentElement.dataset.theme") == "dark" and visit.wrong == []
