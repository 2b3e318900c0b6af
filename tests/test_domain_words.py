"""What the two domains are called on a page: the four combinations, and one's own."""

import itertools

import pytest

from helpers import exercises, plain, words
from report.domains import banner, phrase, renamed

DRAWN = {"source": "drawn", "target": "drawn"}


def test_a_page_is_called_phantom_only_where_both_domains_are_drawn() -> None:
    first = {
        (source, target): banner({"source": source, "target": target})[0]
        for source, target in itertools.product(
            ("drawn", "hemoset", "own"), ("drawn", "cholecseg8k", "own")
        )
    }
    assert [pair for pair, said in first.items() if said == "Phantom data:"] == [
        ("drawn", "drawn")
    ]
    half = {pair for pair, said in first.items() if said == "Half drawn:"}
    assert half == {pair for pair in first if pair.count("drawn") == 1}
    assert {first[pair] for pair in first if "drawn" not in pair} == {""}


@pytest.mark.parametrize(
    "domains, drawn, real",
    [
        ({"source": "drawn", "target": "cholecseg8k"}, "source", "CholecSeg8k"),
        ({"source": "hemoset", "target": "drawn"}, "target", "HemoSet"),
        ({"source": "drawn", "target": "own"}, "source", "frames of your own"),
    ],
)
def test_half_drawn_says_which_half(domains, drawn, real) -> None:
    said = banner(domains)[1]
    assert said.startswith(f"the {drawn} is drawn surgery") and real in said


def test_ones_own_frames_are_never_called_surgery_of_another() -> None:
    for role in ("source", "target"):
        assert phrase(role, "own") == "frames of your own"
        assert "drawn" in phrase(role, "drawn")


PAGE = (
    '<h1 id="pigs">Pigs and patients</h1><p>A pig, pig1, pigment; HemoSet.</p>'
    '<img alt="Dots of pigs" src="pigs.png"><pre class="code">pigs = 3</pre>'
    "<code>patients</code><script>var pigs;</script><p>Patients' CholecSeg8k</p>"
)


def test_on_own_pages_pigs_and_patients_give_way_and_code_stays() -> None:
    made = renamed(PAGE, {"source": "own", "target": "own"})
    assert made == (
        '<h1 id="pigs">Source subjects and target subjects</h1>'
        "<p>A source subject, pig1, pigment; the source.</p>"
        '<img alt="Dots of source subjects" src="pigs.png">'
        '<pre class="code">pigs = 3</pre><code>patients</code>'
        "<script>var pigs;</script><p>Target subjects' the target</p>"
    )


def test_only_the_own_side_is_renamed() -> None:
    made = renamed("<p>pigs and patients</p>", {"source": "drawn", "target": "own"})
    assert made == "<p>pigs and target subjects</p>"
    assert renamed(PAGE, DRAWN) == PAGE


@pytest.fixture
def own_source():
    """A run whose source is a reader's own, as a lesson says when it begins."""
    words.call("source subject", "patient")
    yield
    words.call()


def test_a_run_knows_which_side_is_ones_own(own_source) -> None:
    assert words.own() == ["source"]
    words.call()
    assert words.own() == []
    words.call("source subject", "target subject")
    assert words.own() == ["source", "target"]


def test_prose_in_jupyter_gets_the_same_words_and_keeps_code_and_links() -> None:
    text = (
        "## Pigs and patients\n**A pig** of [HemoSet](01_pigs.html#pig), `pig`, "
        '$pig_1$.\n\n```python\npigs = 3\n```\n<b title="pigs">pigment</b>'
    )
    assert plain.markdown(text, ["source"]) == (
        "## Source subjects and patients\n**A source subject** of [the source]"
        "(01_pigs.html#pig), `pig`, $pig_1$.\n\n```python\npigs = 3\n```\n"
        '<b title="source subjects">pigment</b>'
    )
    assert plain.markdown(text, []) == text


def test_what_answers_a_learner_gets_them_too(own_source, capsys, monkeypatch) -> None:
    exercises.check(lambda: False, "Look at one pig, not at one patient.")
    said = "Look at one source subject, not at one patient.\n"
    assert capsys.readouterr().out == said
    shown = []
    monkeypatch.setattr(exercises, "display", lambda made: shown.append(made.data))
    exercises.quiz(("Do pigs bleed?", {"`pigs` do": "Yes. Pigs do.", "not": "No."}))
    assert "<p>Do source subjects bleed?</p>" in shown[0]
    assert "<code>pigs</code> do" in shown[0] and "Yes. Source subjects do." in shown[0]
