"""The pages beside the lessons, and what holds a site together: links, search, words,
literature, slides, print."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from conftest import BROWSER
from test_browser import Visit

from helpers.settings import ROOT
from report import beside, pdf
from report.pages import plain
from report.site import BESIDE

FIGURE = re.compile(r'<figure[^>]* ?class="chart"')
OUT = re.compile(r"^(?:https?:|mailto:|data:|#$)")
ADDRESSES = re.compile(r'\b(?:href|src|srcset)="([^"]*)"')
IDS = re.compile(r'\bid="([^"]*)"')


def crawl(site: Path) -> dict[str, bool]:
    """The addresses inside a site, with the page that each stands on; whether it leads
    somewhere."""
    pages = {path.name: path.read_text("utf-8") for path in site.glob("*.html")}
    ids = {n: {unquote(one) for one in IDS.findall(text)} for n, text in pages.items()}
    found = {}
    for name, text in pages.items():
        markup = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)
        for address in ADDRESSES.findall(markup):
            if not OUT.match(address):
                path, _, place = address.replace("&amp;", "&").partition("#")
                path = path or name
                there = not place or path not in ids or unquote(place) in ids[path]
                found[f"{name}: {address}"] = (site / path).is_file() and there
    return found


def test_every_address_inside_a_site_leads_somewhere(smoke, small: Path) -> None:
    for site, least in ((smoke.site, 1000), (small, 100)):
        found = crawl(site)
        assert len(found) > least
        assert [one for one, there in found.items() if not there] == []


def test_every_page_leads_to_the_pages_beside_the_lessons(small: Path) -> None:
    for path in small.glob("*.html"):
        text = path.read_text("utf-8")
        for name, _ in BESIDE:
            assert f'href="{name}"' in text, (path.name, name)


def test_every_file_that_a_page_asks_for_is_used(small: Path) -> None:
    pages = "".join(path.read_text("utf-8") for path in small.glob("*.html"))
    for path in small.rglob("*"):
        name = path.relative_to(small).as_posix()
        if path.is_file() and path.suffix not in (".html", ".css", ".js"):
            assert name in pages, name


# Words


def test_the_first_mention_of_a_word_leads_to_the_glossary_and_no_other() -> None:
    words = beside.entries()
    page = (
        "<h2>Dice</h2><p>Dice and dice, <code>Dice</code>, the <a>recall</a> of a "
        "U-Net</p><ul><li>its thresholds, its threshold</li></ul><pre>recall</pre>"
    )
    made = beside.linked(page, words)
    assert made.count('href="glossary.html#dice">Dice</a> and dice') == 1
    assert made.count("<a class") == 3 and 'threshold">threshold</a></li>' in made
    assert 'u-net">U-Net</a>' in made and "<a>recall</a>" in made


def test_words_are_in_order_with_a_meaning_each_and_no_form_twice() -> None:
    words = beside.entries()
    forms = [form.lower() for one in words for form in (one.word, *one.forms)]
    assert len(words) > 25 and len(set(forms)) == len(forms)
    names = [one.word.lower().replace("é", "e") for one in words]
    assert names == sorted(names) and all(len(one.text) > 40 for one in words)


def test_lessons_link_their_words(smoke) -> None:
    linked = set()
    for path in smoke.site.glob("[0-9]*.html"):
        found = re.findall(
            r'class="term"[^>]* href="glossary.html#([^"]+)"', path.read_text("utf-8")
        )
        assert len(found) == len(set(found)) >= 1, path.name
        linked |= set(found)
    assert len(linked) > 0.6 * len(beside.entries())


def test_a_lesson_takes_about_as_long_as_it_says(smoke) -> None:
    """By the rule that TEACHING.md tells; open exercises come on top."""
    for path in smoke.site.glob("[0-9]*.html"):
        main = BeautifulSoup(path.read_text("utf-8"), "html.parser").main
        said = int(re.search(r"(\d+) minutes", main.get_text())[1])
        for one in main.select("nav, script, style, .closed"):
            one.decompose()
        kinds = {"table": 0.5, ".chart": 0.75, ".play": 3, ".exercise": 6, ".quiz": 3}
        minutes = sum(per * len(main.select(one)) for one, per in kinds.items())
        for one in main.select(".solution, .play, table, .quiz"):
            one.decompose()
        code = [one.extract().get_text() for one in main.select(".source")]
        lines = sum(bool(line.strip()) for one in code for line in one.splitlines())
        minutes += lines * 4 / 60 + len(main.get_text().split()) / 180
        assert abs(said - minutes) <= 10, f"{path.name}: {said}, by the rule {minutes}"


# Literature


def test_every_work_says_what_it_adds_to_which_lesson() -> None:
    works = beside.works()
    assert sum(not one.cited for one in works) >= 60
    assert sum(one.cited for one in works) >= 25
    for name in ("key", "title"):
        assert len({getattr(one, name) for one in works}) == len(works)
    for one in works:
        assert one.adds.endswith((".", "?")) and len(one.adds) > 30, one.title
        assert one.lessons and all(re.fullmatch(r"\d\d", n) for n in one.lessons)
        assert one.address.startswith("https://")


def test_the_bibtex_file_is_whole(small: Path) -> None:
    text = (small / "literature.bib").read_text("utf-8")
    kept = re.findall(r"^@misc\{[\w-]+,$", text, re.MULTILINE)
    assert len(kept) == len(beside.works())
    for entry in text.split("\n\n"):
        assert entry.count("{") == entry.count("}") and "title = {{" in entry
    one = beside.Work("k", "A & B", ("03",), "It adds.", 2020, ("An", "others"))
    for said in ("title = {{A \\& B}}", "author = {An and others}"):
        assert said in one.bibtex()


# Search


def test_search_finds_sections_with_the_network_off(browser, small: Path) -> None:
    visit = Visit(browser, small / "search.html")
    visit.page.keyboard.type("plot")  # the box has the focus
    first = visit.page.locator("#found a").first
    assert first.get_attribute("href") == "00_first.html#A-plot"
    assert "section" in visit.page.inner_text("#said")
    visit.page.fill("#query", "nosuchword")
    assert visit.page.locator("#found li").count() == 0
    assert visit.page.inner_text("#said") == "0 sections"
    visit.page.fill("#query", "dice")
    first.click()
    assert visit.page.url.endswith("glossary.html#dice") and visit.wrong == []
    visit.page.goto((small / "search.html").as_uri() + "?q=FRECHET")
    assert visit.page.locator("#found a").first.inner_text() == "Fréchet distance"


# Slides


def test_a_figure_becomes_a_slide_with_its_section_and_caption(small: Path) -> None:
    deck = plain((small / "slides_00.html").read_text("utf-8"))
    assert "A plot" in deck and "Look where it ends." in deck


def test_slides_are_turned_from_the_keyboard(browser, small: Path) -> None:
    visit = Visit(browser, small / "slides_00.html")
    seen = "[...document.querySelectorAll('.slide')].map(s => !s.hidden).indexOf(true)"
    many = visit.ask("document.querySelectorAll('.slide').length")
    assert many == 3 and visit.ask(seen) == 0
    places = []
    for key in ("ArrowRight", "End", "ArrowRight", "PageUp", "Home", "ArrowLeft"):
        visit.page.keyboard.press(key)
        places.append(visit.ask(seen))
    assert places == [1, 2, 2, 1, 0, 0]
    visit.page.click("#on")
    assert visit.ask(seen) == 1 and visit.page.url.endswith("#2") and visit.wrong == []


def test_every_figure_of_a_lesson_is_on_a_slide(smoke) -> None:
    shown, asked = 0, []
    for name in smoke.executed:
        page = (smoke.site / f"{name}.html").read_text("utf-8")
        deck = (smoke.site / f"slides_{name[:2]}.html").read_text("utf-8")
        figures = len(FIGURE.findall(page))
        assert len(FIGURE.findall(deck)) == figures, name
        asked += re.findall(r'class="asked">(.*?)</p>', deck, re.DOTALL)
        shown += figures
    assert shown > 30 and len(asked) > 20
    assert all(plain(one).endswith("?") for one in asked)


# Themes and print


def test_charts_follow_the_system_and_the_button(browser, small: Path) -> None:
    turned = "getComputedStyle(document.querySelector('figure.chart img')).filter"
    visit = Visit(browser, small / "00_first.html", scheme="dark")
    assert visit.ask(turned).startswith("invert")
    visit.page.click("#theme")
    assert visit.ask(turned) == "none"
    visit.again()
    assert visit.ask(turned) == "none" and visit.wrong == []


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
def test_lessons_are_printed_by_one_command(small: Path, tmp_path) -> None:
    words = [str(small), str(tmp_path / "pdf")]
    command = [sys.executable, "-m", "report.pdf", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    written = sorted(path.name for path in (tmp_path / "pdf").iterdir())
    assert written[:2] == ["00_first.pdf", "01_second.pdf"] and len(written) == 5
    for path in (tmp_path / "pdf").iterdir():
        held = path.read_bytes()
        assert held.startswith(b"%PDF-") and len(held) > 5000
        assert str(path) in done.stdout


def test_printing_without_a_site_or_a_browser_says_what_to_do(
    small: Path, tmp_path, monkeypatch
) -> None:
    assert "run make report first" in pdf.main(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "Chromium or Chrome" in pdf.main(small, tmp_path / "p")
    assert not (tmp_path / "p").exists()


# The first page


def test_each_lesson_has_a_card_with_a_picture_where_it_has_one(small: Path) -> None:
    page = (small / "index.html").read_text("utf-8")
    cards = page.split('<ol class="cards">')[1].split("</ol>")[0]
    first, second = cards.split("<li>")[1:]
    assert "<img" in first and "<img" not in second
    assert plain(page).count("Only the phantom is here.") == 1


def test_the_site_has_a_sign_and_the_first_picture_for_links(smoke) -> None:
    for path in smoke.site.glob("*.html"):
        text = path.read_text("utf-8")
        assert 'href="favicon.svg"' in text and 'property="og:title"' in text
        found = re.search(
            r'property="og:image" content="https://[^"]*(pictures/.*?)"', text
        )
        assert (smoke.site / found[1]).is_file()


def test_run_times_name_every_lesson_with_its_memory(small: Path) -> None:
    page = (small / "times.html").read_text("utf-8")
    for name in ("00_first.html", "01_second.html"):
        row = page.split(f'href="{name}"')[1].split("</tr>")[0]
        assert re.search(r"\d+ s", plain(row)) and re.search(r"\d\.\d GB", plain(row))
