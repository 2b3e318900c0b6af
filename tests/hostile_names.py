"""Names that would be commands somewhere on their way from a file to a page."""

import os

SCRIPTS = [
    "<script>document.title = 'taken'</script>",
    "<svg onload=\"document.title='taken'\">",
    "</script><script>document.title='taken'</script>",
    "<a href=javascript:taken>x</a>",
    "<meta http-equiv=refresh content=0>",
]
MARKUP = ["<!-- taken", "</blockquote></div><h1>taken</h1>", "&#60;b&#62;taken"]
QUOTED = ["&lt;b&gt;taken&lt;/b&gt;", "a' onmouseover='taken", 'a" onmouseover="taken']
LINKS = ["![a](/etc/hostname)", "![a](b.png).png", "[a](https://example.org/)"]
ADDRESSES = ["<https://example.org/>", "https://example.org/a"]
MARKDOWN = ["**bold** & <b>", "_a_", "__a__", "~~a~~", "a|b|c", "```taken```", "a\\*b"]
FORMULAS = ["$$taken$$", "$\\frac{$", "$x$", "\\(x\\)", "$\\unknown$", "a$b$c"]
TEMPLATES = ["{id_test.dice}", "{0.__class__}", "%s%n%d", "{{ config }}", "{% raw %}"]
SHELL = ["$(touch taken)", "`id`", "| tee taken", "&& touch taken", "-rf", "*", "'"]
PATHS = ["a'b\"c", "..", "../taken", "/etc/passwd", "a\\b", "C:taken"]
UNSEEN = ["\x1b]0;taken\x07", "\x1b[31mred\x1b[0m", "a\nb", "a\tb", "\x7f"]
WIDTHLESS = ["\u202egnp.exe", "\u200ba\u200d", "\ufeffa", "a\u2028b"]
BYTES = ["\U0001f469\u200d\u2695\ufe0f", os.fsdecode(b"pig\xff")]
LONG = ["a" * 251, "\u00e4" * 125, "a ", " a", "a..png"]

HOSTILE = [
    *(SCRIPTS + MARKUP + QUOTED + LINKS + ADDRESSES + MARKDOWN + FORMULAS),
    *(TEMPLATES + SHELL + PATHS + UNSEEN + WIDTHLESS + BYTES + LONG),
]


def may_be_a_file(name: str) -> bool:
    """May a file be called so, with four letters more?"""
    return "/" not in name and name not in (".", "..") and len(os.fsencode(name)) < 252
