"""What a page and a site weigh, for the tests of both."""

import re
from pathlib import Path

PAGE, SITE = 1_500_000, 15_000_000  # bytes, at most
LOADED = re.compile(r'\b(?:src|href|srcset)="([^":#?]+)[#?"]')
STYLED = re.compile(r'url\(["\']?([^"\')]+)')


def parts(page: Path, dark: bool = False) -> dict[str, int]:
    """A page's HTML and every file that it brings with it in the light or in the dark,
    in bytes by path.

    Pictures that wait until one scrolls to them are counted as well, so that what a
    reader loads before doing anything is never more.
    """
    text = page.read_text(encoding="utf-8")
    markup = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)
    unused = r"(<picture>\s*<source[^>]*>)\s*<img[^>]*>" if dark else r"()<source[^>]*>"
    markup = re.sub(unused, r"\1", markup)
    found = {page.name: page.stat().st_size}
    for tag in re.findall(r"<(?!a\b|meta\b)[^>]+>", markup):
        for name in {*LOADED.findall(tag), *STYLED.findall(tag)}:
            if (page.parent / name).is_file():
                found[name] = (page.parent / name).stat().st_size
    return found


def weight(page: Path) -> int:
    """Bytes of a page with all that it brings, in the heavier of its two themes."""
    return max(sum(parts(page, dark).values()) for dark in (False, True))


def whole(site: Path) -> int:
    """Bytes of all files of a site."""
    return sum(path.stat().st_size for path in site.rglob("*") if path.is_file())


def too_heavy(site: Path) -> list[str]:
    """Pages above the limit, and the site where it is, a phrase each."""
    found = [
        f"{page.name} weighs {weight(page):,} bytes, of at most {PAGE:,}"
        for page in sorted(site.glob("*.html"))
        if weight(page) > PAGE
    ]
    if whole(site) > SITE:
        found.append(f"the site weighs {whole(site):,} bytes, of at most {SITE:,}")
    return found
