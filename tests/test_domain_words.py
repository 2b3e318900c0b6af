"""What the two domains are called on a page: the four combinations, and one's own."""

import itertools

import pytest

from report.domains import banner, phrase


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
