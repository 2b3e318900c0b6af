"""Pictures of pages as files beside them: WebP, with their size said, and loaded when
they come near."""

import base64
import functools
import hashlib
import io
import re
from dataclasses import dataclass, field

from PIL import Image

FOLDER = "pictures"
THUMBNAIL = 480  # pixels across, of a lesson's card
# Sheets that a script cuts pictures from stay: it has to have them at once.
TAG = re.compile(r'<div class="play-sheets".*?</div>|<(?:img|source)\b[^>]*>', re.S)
DATA = re.compile(r'\b(src|srcset)="data:image/(?:png|jpeg|webp);base64,([^"]+)"')
FILE = re.compile(rf'\bsrc="({FOLDER}/\w+\.webp)"')
# A few flat colours are smallest as they are; tissue is, when its noise is smoothed.
FLAT = 10_000  # colours at most, the shades at the edges of letters among them
EXACT = {"lossless": True, "quality": 60, "method": 4}
SMOOTH = {"quality": 92, "method": 4}


@dataclass
class Pictures:
    """The pictures of a site, by their path in it. Equal pictures are one file."""

    files: dict[str, bytes] = field(default_factory=dict)

    def out(self, page: str) -> str:
        """A page's HTML with the pictures that it carries put into files."""
        return TAG.sub(lambda tag: self._outside(tag[0]), page)

    def thumbnail(self, figure: str) -> str:
        """The first picture of a piece of HTML that has been `out`, small and as a
        file of its own; "" where it has none."""
        picture = next((tag for tag in TAG.findall(figure) if FILE.search(tag)), "")
        if not picture:
            return ""
        large = self.files[FILE.search(picture)[1]]
        path, width, height = self.add(large, THUMBNAIL)
        picture = FILE.sub(f'src="{path}"', picture)
        size = f' width="{width}" height="{height}"'
        return re.sub(r' width="\d+" height="\d+"', size, picture)

    def add(self, held: bytes, across: int = 0) -> tuple[str, int, int]:
        """The path in the site of a picture's file, its width and its height.

        across: the most pixels that it may be wide, 0 for no limit.
        """
        made, *size = _webp(held, across)
        path = f"{FOLDER}/{hashlib.sha256(made).hexdigest()[:12]}.webp"
        self.files[path] = made
        return (path, *size)

    def _outside(self, tag: str) -> str:
        found = DATA.search(tag)
        if not found or tag.startswith("<div"):
            return tag
        path, width, height = self.add(base64.b64decode(found[2]))
        tag = tag.replace(found[0], f'{found[1]}="{path}"').rstrip("/> ")
        if tag.startswith("<source"):
            return f"{tag}>"
        if not re.search(r"\b(?:width|height)=", tag):
            tag += f' width="{width}" height="{height}"'
        return f'{tag} loading="lazy" decoding="async">'


@functools.lru_cache(500)  # a page and the first page may both show it
def _webp(held: bytes, across: int) -> tuple[bytes, int, int]:
    picture = Image.open(io.BytesIO(held))
    if picture.format == "WEBP" and not across:
        return (held, *picture.size)
    clear = picture.convert("RGBA").getextrema()[3][0] < 255
    picture = picture.convert("RGBA" if clear else "RGB")
    picture.thumbnail(
        (across or picture.width, picture.height), Image.Resampling.LANCZOS
    )
    flat = clear or picture.getcolors(FLAT)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **(EXACT if flat else SMOOTH))
    return (buffer.getvalue(), *picture.size)
