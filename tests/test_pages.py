"""The report as pages: what a cell becomes, and what a browser with no network makes of
a whole site."""

from pathlib import Path

import pandas as pd
import pytest
from lessons_by_hand import lesson, result
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from helpers import settings
from helpers.errors import CourseError
from report import numbers, rules
from report.build import build
from report.cells import aligned, cell
from report.prose import Prose, mathml, plain


def rendered(one, tmp_path: Path) -> str:
    return cell(one, "00_first, cell 1", Prose(tmp_path))


def shown(data: dict, tmp_path: Path, **metadata) -> str:
    return rendered(
        new_code_cell(
            "x", outputs=[new_output("display_data", data, metadata=metadata)]
        ),
        tmp_path,
    )


# A cell


def test_mathematics_becomes_mathml_with_its_source_as_text(tmp_path: Path) -> None:
    made = rendered(
        new_markdown_cell(r"Dice is $\mathrm{Dice} = \frac{2a}{b < c}$" "\n\n$$x^2$$"),
        tmp_path,
    )
    assert (
        "<mfrac>" in made
        and "<mtext>Dice</mtext>" in made
        and 'display="block"' in made
        and "$" not in made
    )
    assert r'alttext="\text{Dice} = \frac{2a}{b &lt; c}"' in made


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
        r"\mathbb{1}[p > t]",
        r"5\,\%",
        r"\sum_{i=1}^{n} \hat{x}_i",
        r"\lVert \mu \rVert^2 + \operatorname{Tr}(\Sigma)",
    ],
)
def test_formulas_of_this_course_can_be_set(latex: str) -> None:
    assert mathml(latex, block=True).startswith("<math ")


@pytest.mark.parametrize("latex", [r"\nosuch{x}", r"\left( x"])
def test_a_formula_that_cannot_be_set_says_so(latex: str) -> None:
    with pytest.raises(CourseError, match="can't be set"):
        mathml(latex, block=False)


def test_a_dollar_in_code_is_no_mathematics(tmp_path: Path) -> None:
    assert "<math" not in rendered(new_markdown_cell("`$HOME` and `$DATA`"), tmp_path)


def test_links_to_lessons_stay_in_the_site_and_badges_become_words(
    tmp_path: Path,
) -> None:
    made = rendered(
        new_markdown_cell(
            "[next](01_explore.ipynb#Side-by-side), [![Open in Colab](https://x.org/b.svg)]"
            "(https://colab.org/01_explore.ipynb)"
        ),
        tmp_path,
    )
    assert 'href="01_explore.html#Side-by-side"' in made
    assert (
        "<img" not in made
        and '<a href="https://colab.org/01_explore.ipynb">Open in Colab</a>' in made
    )


def test_a_local_picture_is_carried_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "pig.png").write_bytes(b"picture")
    assert '<img src="data:image/png;base64,cGljdHVyZQ==" alt="a pig"' in rendered(
        new_markdown_cell("![a pig](pig.png)"), tmp_path
    )


def test_headings_have_ids_of_their_own_as_jupyter_gives_them(tmp_path: Path) -> None:
    page = Prose(tmp_path)
    page("## What is *new*?\n\n## Again\n\n## Again")
    assert [(heading.level, heading.id) for heading in page.headings] == [
        (2, "What-is-new?"),
        (2, "Again"),
        (2, "Again-2"),
    ]


def test_widgets_and_what_is_left_for_the_report_are_not_shown(tmp_path: Path) -> None:
    widget = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
        "text/plain": "IntSlider(value=0)",
    }
    for data in (
        widget,
        {
            "application/vnd.course.result+json": {"name": "a"},
            "text/plain": "{'name': 'a'}",
        },
    ):
        assert "IntSlider" not in shown(data, tmp_path) and "name" not in shown(
            data, tmp_path
        )


def test_a_picture_takes_its_alt_text_from_its_metadata(tmp_path: Path) -> None:
    assert 'alt="Two &lt;pigs&gt;"' in shown(
        {"image/png": "aaaa"}, tmp_path, **{"image/png": {"alt": "Two <pigs>"}}
    )
    assert 'alt="Two"' in shown({"image/png": "aaaa"}, tmp_path, alt="Two")
    with pytest.raises(
        CourseError, match="^00_first, cell 1: a picture has no alt text: show it as a "
    ):
        shown({"image/png": "aaaa"}, tmp_path)


def test_streams_are_joined_overwritten_and_hold_no_path_of_this_machine(
    tmp_path: Path,
) -> None:
    outputs = [
        new_output("stream", name="stdout", text=text)
        for text in ("10 %\r", "100 %\n", f"{settings.ROOT}/data <a>")
    ]
    made = rendered(new_code_cell("x", outputs=outputs), tmp_path)
    assert (
        made.count("<pre") == 2
        and "\n10 %" not in made
        and "100 %\ndata &lt;a&gt;" in made
    )
    warned = new_output(
        "stream", name="stderr", text="/tmp/ipykernel_12/3456.py:7: UserWarning: dark"
    )
    assert "line 7: UserWarning: dark" in rendered(
        new_code_cell("x", outputs=[warned]), tmp_path
    )


def test_a_helper_s_source_is_set_as_code_without_a_style_sheet_of_its_own(
    tmp_path: Path,
) -> None:
    made = shown(
        {
            "text/html": '<style>pre {color: red}</style><div class="highlight"><pre>x</pre></div>',
            "text/plain": "x = 1",
        },
        tmp_path,
    )
    assert "<style>" not in made and '<pre class="code">' in made


def test_words_in_a_table_are_flush_left_and_numbers_right() -> None:
    table = pd.DataFrame(
        {"who": ["pig1", "pig2"], "n": [1, 20], "Dice": [0.5, float("nan")]}
    )
    made = aligned(table.to_html(index=False, na_rep="–", border=0))
    assert (
        made.count('class="words"') == 3
        and '<td class="words">pig1</td>' in made
        and "<td>0.5</td>" in made
    )
    assert (
        aligned("<table><tr><td>x</td></tr></table>")
        == "<table><tr><td>x</td></tr></table>"
    )


def test_set_up_and_parameters_are_folded_and_the_injected_cell_is_gone(
    tmp_path: Path,
) -> None:
    for tag, name in (("setup", "Set-up"), ("parameters", "Parameters")):
        assert f"<summary>{name}</summary>" in rendered(
            new_code_cell("x = 1", metadata={"tags": [tag]}), tmp_path
        )
    assert (
        rendered(
            new_code_cell("x = 1", metadata={"tags": ["injected-parameters"]}), tmp_path
        )
        == ""
    )


def test_the_magic_line_and_the_progress_of_a_run_are_not_shown(tmp_path: Path) -> None:
    done = new_output(
        "display_data", {"text/html": '<p class="done">Draw: 3 in 1 s</p>'}
    )
    tags = {"tags": ["phantom"]}
    one = new_code_cell("%%phantom\nlook = 1", metadata=tags, outputs=[done])
    made = rendered(one, tmp_path)
    assert "look" in made and "phantom" not in made and "Draw" not in made


@pytest.mark.parametrize(
    "piece, wrong",
    [
        ('<img src="data:," alt="a">', None),
        ('<img src="data:," alt=" ">', "no alt text"),
        ("<svg><path/></svg>", "no aria-label"),
        ('<figure role="img" aria-label="a"><svg></svg></figure>', None),
        ('<figure role="img" aria-label="a"></figure><svg></svg>', "no aria-label"),
        (
            '<figure aria-label="a"><br><div class="plotly-graph-div"></div></figure>',
            "show a still",
        ),
        ('<source srcset="https://x.org/a.webp">', "would fetch https://x.org/a.webp"),
        (
            '<script src="https://cdn.x/y.js"></script>',
            "would fetch https://cdn.x/y.js",
        ),
        ('<link href="//cdn.x/y.css">', "would fetch //cdn.x/y.css"),
        ('<p style="background: url(http://x/y.png)">', "from the network"),
        ("<style>@import 'https://x/y.css';</style>", "from the network"),
        ('<a href="https://x.org">a link is no request</a>', None),
    ],
)
def test_the_rules_of_a_page(piece: str, wrong: str | None) -> None:
    found = rules.faults(piece)
    assert found == [] if wrong is None else len(found) == 1 and wrong in found[0]


AREA = "percent of valid pixels"


@pytest.mark.parametrize(
    "value, low, high, level, subjects, unit, said",
    [
        (
            0.876,
            0.8,
            0.949,
            0.9,
            3,
            "",
            ("0.88", "0.80 to 0.95 (90 % interval)", "3 subjects, 1,234 frames"),
        ),
        (
            0.876,
            0.8,
            0.949,
            0.95,
            3,
            "",
            ("0.88", "0.80 to 0.95 (95 % interval)", "3 subjects, 1,234 frames"),
        ),
        (
            12.345,
            3,
            22,
            None,
            9,
            AREA,
            ("12.3 %", "3.0 % to 22.0 % (interval)", "9 subjects, 1,234 frames"),
        ),
        (
            0.07,
            None,
            None,
            None,
            1,
            "",
            ("0.07", "no interval: 1 subject", "1 subject, 1,234 frames"),
        ),
        (
            None,
            None,
            None,
            None,
            None,
            "",
            ("undefined", "no interval", "1,234 frames"),
        ),
    ],
)
def test_numbers_as_they_are_printed(value, low, high, level, subjects, unit, said):
    record = {
        "value": value,
        "low": low,
        "high": high,
        "level": level,
        "n_subjects": subjects,
        "n_frames": 1234,
        "unit": unit,
    }
    assert (
        numbers.number(record),
        numbers.interval(record),
        numbers.behind(record),
    ) == said
    assert [numbers.time(seconds) for seconds in (0.2, 59.7, 185)] == [
        "0 s",
        "1 min 00 s",
        "3 min 05 s",
    ]


def test_a_rate_is_read_in_percent() -> None:
    record = {
        "value": 0.914,
        "low": 0.5,
        "high": 1.0,
        "level": 0.9,
        "n_subjects": 9,
        "n_frames": 90,
        "unit": "",
    }
    assert (
        numbers.number(numbers.percent(record)),
        numbers.interval(numbers.percent(record)),
    ) == (
        "91.4 %",
        "50.0 % to 100.0 % (90 % interval)",
    )
    undefined = record | {"value": None, "low": None}
    assert (
        numbers.number(numbers.percent(undefined)),
        numbers.interval(numbers.percent(undefined)),
    ) == (
        "undefined",
        "no interval",
    )
    assert numbers.percent(record | {"unit": "percent"}) == record | {"unit": "percent"}


# A site


def test_prose_with_numbers_is_prose_and_its_code_is_not_shown(small: Path) -> None:
    page = (small / "01_second.html").read_text(encoding="utf-8")
    assert '<h2 id="Twice-3">Twice 3</h2>' in page and "say(" not in page
    assert '<h3 id="Exercise-1-·-Twice">' in page
    assert "<code>{three}</code>" in page and 'alttext="x_{i}"' in page


def test_an_exercise_is_blank_and_all_else_is_in_one_fold(small: Path) -> None:
    page = (small / "01_second.html").read_text(encoding="utf-8")
    start = page.index('<div class="cell exercise">')
    blank, solution = page[start:].split('<details class="solution">', 2)[:2]
    assert "your answer" in blank and "return" not in blank and "solution" not in blank
    words = " ".join(plain(solution.split("</details>")[0]).split())
    assert words.startswith("Solutiondef twice(x): return 2 * x print")
    assert "6" in words and "check(lambda" in words and "Right." in words
    assert words.endswith("Twice 3 is six.") and "# solution" not in words


def test_a_question_without_code_folds_its_answer(small: Path) -> None:
    page = (small / "01_second.html").read_text(encoding="utf-8")
    fold = '<details class="solution"><summary>A possible answer</summary>'
    assert plain(page.split(fold)[1].split("</details>")[0]) == "Because."


def test_a_quiz_shows_its_questions_and_not_its_code(small: Path) -> None:
    page = (small / "01_second.html").read_text(encoding="utf-8")
    assert "<summary>It is not.</summary>" in page and "quiz(" not in page


def test_a_chart_keeps_its_caption_and_offers_itself_to_the_first_page(small) -> None:
    page = (small / "00_first.html").read_text(encoding="utf-8")
    assert "<figcaption>Look where it ends.</figcaption>" in page
    index = (small / "index.html").read_text(encoding="utf-8")
    assert index.count("Look at the middle one.") == 1


def test_times_say_what_was_measured(small: Path) -> None:
    for path in [small / "index.html", *small.glob("[0-9]*.html")]:
        page = " ".join(path.read_text(encoding="utf-8").split())
        index = "The lessons ran in" if path.stem == "index" else "This lesson ran in"
        assert index in page and "when it was last executed" in page


WISHED = {
    "ood_wished.dice": "0.3",
    "ood_wished.dice.view": "0.5",
    "ood_wished.false_area.view": "0.4",
    "ood_wished.false_area.surround": "6.5",
    "id_test.alarm_at_1pct": "0.1",
    "ood_test.alarm_at_1pct": "0.6",
    "id_test.recall": "0.8",
    "ood_wished.recall": "0.2",
    "domain_gap.energy": "0.4",
    "domain_gap.energy.share_below": "97",
}


def unit_of(name: str) -> str:
    return AREA if "area" in name else "percent" if "share" in name else ""


def test_the_first_page_says_where_false_marks_lie(bench) -> None:
    lesson(
        bench.folder,
        "00_first",
        *(
            result(name, value).replace(
                "estimand=", f"unit={unit_of(name)!r}, estimand="
            )
            for name, value in WISHED.items()
        ),
    )
    assert bench.build() == 0
    page = " ".join(bench.page("index").split())
    assert "cover 0.4 % of the frame inside the visible view and 6.5 % of it in" in page
    assert "Dice is 0.30 on the whole frame and 0.50 inside the view." in page
    assert (
        "on 10.0 % of the source's clean frames and on 60.0 % of the target's" in page
    )
    assert "a share of 0.80 on the source and of 0.20 on the target" in page
    assert "image statistics is 0.40, and 97.0 % of the distances between" in page


def test_the_first_page_says_nothing_of_places_that_are_alike(bench) -> None:
    alike = {name: "0.0" for name in WISHED if "false_area" in name}
    lesson(
        bench.folder,
        "00_first",
        *(
            result(name, value).replace("estimand=", f"unit={AREA!r}, estimand=")
            for name, value in alike.items()
        ),
    )
    assert bench.build() == 0 and "Where the false marks lie" not in bench.page("index")


def test_the_one_page_answer_takes_its_sentences_from_the_results(small: Path) -> None:
    page = " ".join((small / "index.html").read_text(encoding="utf-8").split())
    assert (
        "Hardly. Trained on the source (drawn robotic surgery), a U-Net reaches a Dice of 0.88 on 3 subjects"
        in page
    )
    assert (
        "reaches 0.07, measured on 1 subject with blood. One subject is no population"
        in page
    )
    assert "0.80 to 0.90 (90 % interval), 3 subjects" in page and "95 %" not in page
    assert "no interval: 1 subject" in page and "3 subjects, 40 frames" in page
    assert (
        "Only the phantom is here." in page
        and "Look at the middle one." in page
        and 'href="results.json"' in page
    )
    assert "Test a report." in page and "5 minutes to work through" in page
    assert (
        "Fréchet" not in page and "one would wish for" not in page
    )  # no number, no sentence


def test_phantom_pages_say_so_at_the_top_and_in_the_title(small: Path) -> None:
    for path in small.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        title = page.split("<title>")[1].split("</title>")[0]
        assert (
            "Phantom data: drawn surgery; teaches the method, says nothing about patients"
            in title
        )
        assert page.index('class="banner"') < page.index("<h1>")


def test_smoke_pages_say_that_their_numbers_mean_nothing(small: Path) -> None:
    for path in small.glob("*.html"):
        assert "no number on this page means anything" in path.read_text(
            encoding="utf-8"
        )


def test_real_pages_carry_no_banner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    lesson(tmp_path, "00_first", result(data="real"))
    build(settings.course("smoke"), tmp_path, tmp_path / "site")
    for name in ("index", "00_first"):
        assert "Phantom data" not in (tmp_path / "site" / f"{name}.html").read_text(
            encoding="utf-8"
        )


def test_lessons_lead_to_each_other_and_have_contents(small: Path) -> None:
    first, second = (
        (small / f"{name}.html").read_text(encoding="utf-8")
        for name in ("00_first", "01_second")
    )
    assert (
        '<a rel="next" href="01_second.html">' in first
        and '<a rel="prev" href="00_first.html">' in second
    )
    assert '<a href="#A-plot">A plot</a>' in first and '<h2 id="A-plot">' in first
    assert "ran in" in first and "torch 2" in first
    assert (
        '<a href="https://colab.research.google.com/github/x/y/00.ipynb">Open in Colab</a>'
        in first
    )
    assert "Open in Colab</a> ·" not in first
