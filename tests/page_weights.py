"""What a page and a site weigh, for the tests of both."""

import re
from pathlib import Path

PAGE, SITE = 1_500_000, 15_000_000  # bytes, at most
LOADED = re.compile(r'\b(?:src|href|srcset)="([^":#?]+)[#?"]')
STYLED = re.compile(r'url\(["\']?([^"\')]+)')


def weight(page: Path) -> int:
    """Bytes of a page: its HTML and every file that it brings with it.

    Pictures that wait until one scrolls to them are counted as well, so that what a
    reader loads before doing anything is never more.
    """
    text = page.read_text(encoding="utf-8")
    markup = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)
    found = {page.name}
    for tag in re.findall(r"<(?!a\b|meta\b)[^>]+>", markup):
        found |= {*LOADED.findall(tag), *STYLED.findall(tag)}
    files = [page.parent / name for name in found]
    return sum(file.stat().st_size for file in files if file.is_file())


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
