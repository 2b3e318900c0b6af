"""The literature of the course: its works, a page of them, and a BibTeX file."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

SOURCE = Path(__file__).with_name("literature.toml")


@dataclass(frozen=True)
class Work:
    """One work; what is unknown is empty. lessons: their numbers; adds: what it adds to
    them; cited: does a lesson, or the code behind it, stand on it."""

    key: str
    title: str
    lessons: list[str]
    adds: str
    year: int | str = ""
    authors: list[str] | tuple[str, ...] = ()
    venue: str = ""
    doi: str = ""
    arxiv: str = ""
    cited: bool = False

    @property
    def address(self) -> str:
        """Where it is, or where its title can be looked up."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}"
        return f"https://search.crossref.org/?q={quote_plus(self.title)}"

    @property
    def by(self) -> str:
        """Its authors in a line, "" where they are not recorded."""
        named = [one for one in self.authors if one != "others"]
        if len(named) > 3 or "others" in self.authors:
            return f"{named[0]} and others"
        return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))

    def bibtex(self) -> str:
        """Its entry in a BibTeX file."""
        about = {
            "title": f"{{{_tex(self.title)}}}",
            "author": " and ".join(map(_tex, self.authors)),
            "year": self.year,
            "howpublished": _tex(self.venue),
            "doi": self.doi,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" if self.arxiv else "",
            "annote": _tex(f"Lesson {', '.join(self.lessons)}: {self.adds}"),
        }
        lines = [f"  {name} = {{{held}}}" for name, held in about.items() if held]
        return f"@misc{{{self.key},\n" + ",\n".join(lines) + "\n}\n"


def works(source: Path = SOURCE) -> list[Work]:
    """All works of a literature file, those that the course stands on first."""
    held = tomllib.loads(source.read_text(encoding="utf-8"))["work"]
    return sorted((Work(**one) for one in held), key=lambda one: not one.cited)


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", text).replace("^", "\\^{}")
