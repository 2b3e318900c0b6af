"""More kinds of data, on those lessons alone whose pages they change: released pigs with
drawn patients, real patients on pages for oneself, and a folder of one subject."""

import data_by_hand
import pytest
from test_kinds_of_run import Ran, no_raw_number, run, stamps

from report.domains import banner


@pytest.fixture(scope="module")
def pigs(tmp_path_factory) -> Ran:
    """Released pigs alone; the patients are drawn."""
    folder = data_by_hand.released(tmp_path_factory.mktemp("released"))
    given = {"only": "03", "source": str(folder / "hemoset")}
    return run(tmp_path_factory, "pigs", ("hemoset", "drawn"), **given)


@pytest.fixture(scope="module")
def private(tmp_path_factory) -> Ran:
    """Real patients and drawn pigs, for oneself."""
    folder = data_by_hand.released(tmp_path_factory.mktemp("released"))
    target = data_by_hand.stamped(folder / "cholecseg8k")
    given = {"only": "01", "target": str(target)}
    return run(tmp_path_factory, "private", ("drawn", "cholecseg8k"), **given)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Ran:
    """A folder of one's own in which all frames count as one subject."""
    top = tmp_path_factory.mktemp("alone")
    released = data_by_hand.released(top / "released")
    mine = data_by_hand.own(top / "mine", released / "hemoset", bleeding=True)
    (mine / "subjects.csv").unlink()
    given = {"only": "01", "source": str(mine)}
    return run(tmp_path_factory, "alone-site", ("drawn", "drawn"), **given)


@pytest.mark.parametrize("kind", ["pigs", "private", "alone"])
def test_every_page_names_each_domain_as_what_it_is(kind, request) -> None:
    ran = request.getfixturevalue(kind)
    assert ran.results()["domains"] == ran.domains
    first, rest = banner(ran.domains)
    for name, text in ran.pages().items():
        for other in ("Phantom data:", "Half drawn:"):
            assert (other in text) is (other == first), name
        assert rest in text, name
    no_raw_number(ran.site)


def test_a_number_is_real_where_the_pigs_are_and_nowhere_else(pigs) -> None:
    made = {
        name: one["data"]
        for name, one in pigs.results()["results"].items()
        if name.startswith(("id_test.", "ood_test.", "ood_wished."))
    }
    assert set(made.values()) == {"real", "phantom"}
    for name, data in made.items():
        assert (data == "real") is name.startswith("id_test."), name


def test_real_patients_are_shown_on_a_page_for_oneself(private) -> None:
    assert stamps(private.pictures()) > 0
    assert not any("kept out" in text for text in private.pages().values())


def test_one_subject_is_looked_at_and_the_page_says_why(alone) -> None:
    said = "mine: 24 frames of 1 subject(s) are too few to learn from and be tested on"
    assert said in alone.pages()["index"]
