"""The teacher's guide as a page of the site."""

import re

from helpers.settings import REPOSITORY, ROOT
from report.prose import Prose

SOURCE = ROOT / "TEACHING.md"
LESSON = re.compile(r"\]\(notebooks/(\d\d_\w+)\.ipynb(#[^)]*)?\)")
FILE = re.compile(r"\]\((?!https?:|#)([\w./-]+\.(?:md|yml|ipynb|py))\)")


def teaching(lessons: set[str]) -> tuple[str, str]:
    """The guide's heading and its HTML; lessons that the site has are linked in it, and
    all other files in the course's repository."""
    text = SOURCE.read_text(encoding="utf-8")
    text = LESSON.sub(
        lambda one: f"]({one[1]}.html{one[2] or ''})" if one[1] in lessons else one[0],
        text,
    )
    text = FILE.sub(rf"]({REPOSITORY}/blob/main/\1)", text)
    heading, _, text = text.removeprefix("# ").partition("\n")
    return heading.strip(), f'<div class="prose">{Prose(ROOT)(text)}</div>'
