"""How much a reader has to load."""

import base64
import io
import re
from pathlib import Path

from PIL import Image

from report.pages import Pictures

PAGE, SITE = 1_500_000, 15_000_000  # bytes, at most
BROUGHT = re.compile(r'\b(?:src|href|srcset)="([^":#?]+\.(?:css|js|svg|webp))"')


def weight(page: Path) -> int:
    """Bytes of a page and of every file that it brings with it, as if one had scrolled
    to all pictures."""
    brought = set(BROUGHT.findall(page.read_text(encoding="utf-8")))
    files = [page, *(page.parent / name for name in brought)]
    return sum(file.stat().st_size for file in files if file.is_file())


def carried(colour: str = "red", size: tuple[int, int] = (40, 20), more="") -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="a" src="data:image/png;base64,{data}"{more}>'


def test_a_picture_becomes_a_file_with_its_size_and_waits_until_it_is_near() -> None:
    pictures = Pictures()
    made = pictures.out(carried() + carried() + carried("blue", more=' width="7"'))
    assert len(pictures.files) == 2 and "data:" not in made
    assert made.count(' width="40" height="20" loading="lazy"') == 2
    assert made.count("width=") == 3
    for path, held in pictures.files.items():
        assert made.count(f'src="{path}"') >= 1
        assert Image.open(io.BytesIO(held)).size == (40, 20)


def test_flat_colours_are_exact() -> None:
    pictures = Pictures()
    pictures.out(carried("#0072B2"))
    (held,) = pictures.files.values()
    assert Image.open(io.BytesIO(held)).convert("RGB").getpixel((3, 3)) == (0, 114, 178)


def test_sheets_that_a_script_cuts_pictures_from_stay_in_the_page() -> None:
    pictures = Pictures()
    sheets = f'<div class="play-sheets" hidden>{carried()}</div>'
    made = pictures.out(f"{carried('blue')}{sheets}{carried('blue')}")
    assert sheets in made and made.count("data:") == 1 and len(pictures.files) == 1


def test_what_is_clear_stays_clear_and_what_is_webp_stays_as_it_is() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 20), (200, 10, 10, 60)).save(buffer, "PNG")
    pictures = Pictures()
    path, *size = pictures.add(buffer.getvalue())
    held = Image.open(io.BytesIO(pictures.files[path]))
    assert size == [40, 20] and held.getpixel((3, 3)) == (200, 10, 10, 60)
    assert pictures.add(pictures.files[path])[0] == path


def test_a_thumbnail_is_small_and_its_picture_stays_large() -> None:
    pictures = Pictures()
    large = pictures.out(f"<figure>{carried(size=(900, 300))}</figure>")
    small = pictures.thumbnail(large)
    assert 'width="480" height="160"' in small and 'width="900"' in large
    assert pictures.thumbnail("<p>") == ""


def test_no_page_and_no_site_is_too_heavy(smoke, small: Path) -> None:
    for site in (small, smoke.site):
        assert len(list((site / "pictures").glob("*.webp"))) > 1
        files = [path for path in site.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < SITE
        for page in site.glob("*.html"):
            assert page.stat().st_size < weight(page) < PAGE, page.name
            text = page.read_text(encoding="utf-8")
            # What a script cuts pictures from stays in the page.
            text = re.sub(
                r'<figure[^>]* class="play".*?</figure>', "", text, flags=re.S
            )
            assert "data:image/png" not in text, page.name
