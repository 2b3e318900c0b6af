"""The report as pages: what a cell becomes, and what a site says."""

import re
from pathlib import Path

import pandas as pd
import pytest
from lessons_by_hand import lesson, result
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_weights import carried

from helpers import CourseError, cells, settings
from report import numbers, pages
from report.execute import Executed
from report.pages import Pictures, plain


def page_of(folder: Path, *cells) -> pages.Page:
    """The page of a lesson with some executed cells."""
    done = new_notebook(cells=list(cells), metadata={"course": {"seconds": 1.0}})
    return pages.page(Executed("00_first", done, True), folder, Pictures())


def prose(folder: Path, text: str) -> str:
    return str(page_of(folder, new_markdown_cell(text)).body)


def output(folder: Path, *outputs, tags: tuple[str, ...] = ()) -> str:
    cell = new_code_cell("x", outputs=list(outputs), metadata={"tags": list(tags)})
    return str(page_of(folder, cell).body)


def data(**kinds) -> object:
    named = {name.replace("_", "/", 1): value for name, value in kinds.items()}
    return new_output("display_data", named)


# A cell


def test_mathematics_becomes_mathml_with_its_source_as_text(tmp_path: Path) -> None:
    text = r"Dice is $\mathrm{Dice} = \frac{2a}{b < c}$" "\n\n$$x^2$$"
    made = prose(tmp_path, f"{text} and `$HOME`")
    assert "<mfrac>" in made and "<mtext>Dice</mtext>" in made
    assert 'display="block"' in made and made.count("$") == 1
    assert r'alttext="\text{Dice} = \frac{2a}{b &lt; c}"' in made


@pytest.mark.parametrize("latex", [r"\nosuch{x}", r"\left( x"])
def test_a_formula_that_cannot_be_set_says_so(latex: str, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="^00_first, cell 1: .* can't be set"):
        prose(tmp_path, f"${latex}$")


def test_links_to_lessons_stay_in_the_site_and_badges_become_words(tmp_path) -> None:
    made = prose(
        tmp_path,
        "See [next](01_explore.ipynb#Side-by-side), "
        "[![Open in Colab](https://x.org/b.svg)](https://colab.org/01_explore.ipynb)",
    )
    assert 'href="01_explore.html#Side-by-side"' in made and "<img" not in made
    assert '<a href="https://colab.org/01_explore.ipynb">Open in Colab</a>' in made


def test_a_local_picture_is_carried_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "pig.svg").write_text("<svg/>")
    made = prose(tmp_path, "![a pig](pig.svg)")
    assert 'alt="a pig"' in made and "pig.svg" not in made


def test_headings_have_ids_of_their_own_as_jupyter_gives_them(tmp_path: Path) -> None:
    cell = new_markdown_cell("## What is *new*?\n\n## Again\n\n## Again")
    found = [(one["level"], one["id"]) for one in page_of(tmp_path, cell).headings]
    assert found == [(2, "What-is-new?"), (2, "Again"), (2, "Again-2")]


def test_widgets_and_what_is_left_for_the_report_are_not_shown(tmp_path: Path) -> None:
    for kind in ("vnd.jupyter.widget-view+json", "vnd.course.result+json"):
        left = {f"application/{kind}": {"name": "a"}, "text/plain": "IntSlider"}
        assert "IntSlider" not in output(tmp_path, new_output("display_data", left))


def test_a_picture_takes_its_alt_text_from_its_metadata(tmp_path: Path) -> None:
    png = {"image/png": carried().split("base64,")[1].split('"')[0]}
    said = {"image/png": {"alt": "Two <pigs>"}}
    made = output(tmp_path, new_output("display_data", png, metadata=said))
    assert 'alt="Two &lt;pigs&gt;"' in made
    with pytest.raises(CourseError, match="^00_first, cell 1: .*no alt text.*Chart"):
        output(tmp_path, new_output("display_data", png))


def test_what_is_printed_holds_no_path_of_this_machine(tmp_path: Path) -> None:
    made = output(
        tmp_path,
        *(
            new_output("stream", name="stdout", text=text)
            for text in ("10 %\r", "100 %\n", f"{settings.ROOT}/data <a>\n")
        ),
        new_output("stream", name="stderr", text="/tmp/ipykernel_12/3456.py:7: dark"),
    )
    assert "\n10 %" not in made and "100 %\ndata &lt;a&gt;" in made
    assert "line 7: dark" in made


def test_a_helper_s_source_is_set_as_code_without_a_style_sheet_of_its_own(tmp_path):
    html = '<style>pre {color: red}</style><div class="highlight"><pre>x</pre></div>'
    made = output(tmp_path, data(text_html=html, text_plain="x = 1"))
    assert "<style>" not in made and '<div class="highlight' in made or "hl-" in made


def test_words_in_a_table_are_flush_left_and_numbers_right(tmp_path: Path) -> None:
    rows = {"who": ["pig1", "pig2"], "n": [1, 20], "Dice": [0.5, float("nan")]}
    table = pd.DataFrame(rows).to_html(index=False, na_rep="–", border=0)
    made = output(tmp_path, data(text_html=table))
    assert made.count('class="words"') == 3 and "<td>0.5</td>" in made
    assert '<td class="words">pig1</td>' in made


def test_what_is_no_reading_is_folded_or_gone(tmp_path: Path) -> None:
    for tag, name in (("setup", "Set-up"), ("parameters", "Parameters")):
        assert f"<summary>{name}</summary>" in output(tmp_path, tags=(tag,))
    assert "x" not in output(tmp_path, tags=("injected-parameters",))
    magic = new_code_cell("%%phantom\nlook = 1", metadata={"tags": ["phantom"]})
    made = str(page_of(tmp_path, magic).body)
    assert "look" in made and "phantom" not in made


@pytest.mark.parametrize(
    "piece, wrong",
    [
        ('<img src="data:," alt="a">', None),
        ('<img src="data:," alt=" ">', "no alt text"),
        ('<figure aria-label="a"><b class="plotly-graph-div"></b></figure>', "still"),
        ('<source srcset="https://x.org/a.webp">', "fetch https://x.org/a.webp"),
        ('<script src="https://cdn.x/y.js"></script>', "fetch https://cdn.x/y.js"),
        ('<link href="//cdn.x/y.css">', "fetch //cdn.x/y.css"),
        ('<a href="https://x.org">a link is no request</a>', None),
    ],
)
def test_the_rules_of_a_page(piece: str, wrong: str | None) -> None:
    found = list(pages.faults(piece))
    assert found == [] if wrong is None else len(found) == 1 and wrong in found[0]


AREA = "percent of valid pixels"


@pytest.mark.parametrize(
    "value, low, high, level, subjects, unit, said",
    [
        (0.876, 0.8, 0.949, 0.9, 3, "", "0.88; 0.80 to 0.95, a 90 % interval over 3 s"),
        (
            0.876,
            0.8,
            0.949,
            0.95,
            3,
            "",
            "0.88; 0.80 to 0.95, a 95 % interval over 3 s",
        ),
        (12.345, 3, 22, None, 9, AREA, "12.3 %; 3.0 to 22.0, an interval over 9 s"),
        (0.07, None, None, None, 1, "", "0.070; no interval, 1 subject; 1 subject,"),
        (None, None, None, None, None, "", "undefined; no interval; 1,234 frames"),
    ],
)
def test_numbers_as_they_are_printed(value, low, high, level, subjects, unit, said):
    record = dict(value=value, low=low, high=high, level=level, n_subjects=subjects)
    record |= {"n_frames": 1234, "unit": unit}
    kept = numbers.estimate(record)
    shown = (numbers.number(record), kept.interval, kept.behind)
    assert "; ".join(shown).startswith(said) and shown[2].endswith("1,234 frames")


def test_a_rate_is_read_in_percent() -> None:
    record = {"value": 0.914, "low": 0.5, "high": 1.0, "level": 0.9, "unit": ""}
    rate = numbers.percent(record | {"n_frames": 90, "n_subjects": 9})
    assert numbers.number(rate) == "91.4 %"
    assert numbers.estimate(rate).range == "50.0 to 100.0, a wide 90 % interval"
    assert numbers.number(numbers.percent(rate | {"value": None})) == "undefined"
    assert numbers.percent(rate) == rate  # which is one already


# A site


def read(site: Path, name: str) -> str:
    """A page's HTML, on one line."""
    return " ".join((site / f"{name}.html").read_text(encoding="utf-8").split())


def test_headings_code_and_mathematics_of_prose(small: Path) -> None:
    page = read(small, "01_second")
    assert '<h2 id="Twice-three">Twice three</h2>' in page
    assert '<h3 id="Exercise-1-·-Twice">' in page
    assert "<code>{three}</code>" in page and 'alttext="x_{i}"' in page


def test_prose_that_needs_something_stands_where_it_is_there(tmp_path: Path) -> None:
    for facts, stands in (({"phantom": True}, 1), ({"phantom": False}, 0), ({}, 0)):
        told = new_output("display_data", {cells.FACTS_TYPE: facts})
        held = new_code_cell("begin()", outputs=[told])
        prose = new_markdown_cell("Of the drawing.", metadata={"tags": ["phantom"]})
        body = str(page_of(tmp_path, held, prose).body)
        assert body.count("Of the drawing.") == stands and "begin" in body


def test_an_exercise_is_blank_and_all_else_is_in_one_fold(small: Path) -> None:
    page = read(small, "01_second")
    start = page.index('<div class="cell exercise">')
    blank, solution = page[start:].split('<details class="solution">', 2)[:2]
    assert "your answer" in blank and "return" not in blank and "solution" not in blank
    words = " ".join(plain(solution.split("</details>")[0]).split())
    assert words.startswith("Solutiondef twice(x): return 2 * x print")
    assert "6" in words and "check(lambda" in words and "Right." in words
    assert words.endswith("Twice three is six.") and "# solution" not in words


def test_answers_are_folded_and_a_quiz_shows_no_code(small: Path) -> None:
    page = read(small, "01_second")
    fold = '<details class="solution"><summary>A possible answer</summary>'
    assert plain(page.split(fold)[1].split("</details>")[0]) == "Because."
    assert "<summary>It is not.</summary>" in page and "quiz(" not in page


def test_times_say_what_was_measured(small: Path) -> None:
    for path in [small / "index.html", *small.glob("[0-9]*.html")]:
        page = read(small, path.stem)
        index = "The lessons ran in" if path.stem == "index" else "This lesson ran in"
        assert index in page and "when it was last executed" in page


def recorded(values: dict[str, str], **given: str) -> list[str]:
    """Cells that record some results, each in the unit that its name tells."""
    units = {"area": AREA, "share": "percent"}
    return [
        result(name, value, **given).replace(
            "estimand=",
            f"unit={next((u for word, u in units.items() if word in name), '')!r}, "
            "estimand=",
        )
        for name, value in values.items()
    ]


def test_real_pages_carry_no_banner_and_nothing_of_places_that_are_alike(bench):
    alike = {f"ood_wished.false_area.{place}": "0.0" for place in ("view", "surround")}
    lesson(bench.folder, "00_first", *recorded(alike, data="real"))
    assert bench.build() == 0
    for name in ("index", "00_first"):
        page = read(bench.site, name)
        assert "Phantom data" not in page and "Where the false marks lie" not in page


def test_the_one_page_answer_takes_its_sentences_from_the_results(small: Path) -> None:
    page = re.sub(r'<a class="term"[^>]*>(.*?)</a>', r"\1", read(small, "index"))
    for said in (
        "Trained on the source (drawn robotic surgery), a U-Net reaches a Dice of 0.88 on 3 subjects",
        "reaches 0.070, measured on 1 subject with blood. One subject is no population",
        "0.80 to 0.90, a 90 % interval over 3 subjects",
        "no interval, 1 subject",
        "3 subjects, 40 frames",
        "Only the phantom is here.",
        "Look at the middle one.",
        'href="results.json"',
        "Test a report.",
        "5 minutes to work through",
    ):
        assert said in page
    # No number, no sentence.
    assert "Fréchet" not in page and "one would wish for" not in page
    assert "95 %" not in page and page.count("Look at the middle one.") == 1


def test_phantom_and_smoke_pages_say_so_at_the_top_and_in_the_title(small) -> None:
    drawn = "Phantom data: drawn surgery; teaches the method, says nothing about"
    for path in small.glob("*.html"):
        page = read(small, path.stem)
        assert drawn in page.split("<title>")[1].split("</title>")[0]
        assert page.index('class="banner"') < page.index("<h1>")
        assert "no number on this page means anything" in page


def test_lessons_lead_to_each_other_and_have_contents(small: Path) -> None:
    first, second = read(small, "00_first"), read(small, "01_second")
    for said in (
        '<a rel="next" href="01_second.html">',
        '<a href="#A-plot">A plot</a>',
        '<h2 id="A-plot">',
        "ran in",
        "torch 2",
        '<a href="https://colab.research.google.com/github/x/y/00.ipynb">Open in Colab</a>',
        "<figcaption>Look where it ends.</figcaption>",
    ):
        assert said in first
    assert '<a rel="prev" href="00_first.html">' in second
    assert "Open in Colab</a> ·" not in first
