"""Pictures of pages as files beside them: WebP, with their size said, and loaded when
they come near."""

import base64
import hashlib
import io
import re
from dataclasses import dataclass, field

from PIL import Image

FOLDER = "pictures"
THUMBNAIL = 480  # pixels across, of a lesson's card
TAG = re.compile(r"<(img|source)\b[^>]*>")
# Sheets that a script cuts pictures from: it has to have them at once.
KEPT = re.compile(r'(<div class="play-sheets".*?</div>)', re.DOTALL)
DATA = re.compile(r'\b(src|srcset)="data:image/(?:png|jpeg|webp);base64,([^"]+)"')
# A few flat colours are smallest as they are; tissue is, when its noise is smoothed.
FLAT = 10_000  # colours at most, the shades at the edges of letters among them
EXACT = {"lossless": True, "quality": 60, "method": 4}
SMOOTH = {"quality": 92, "method": 4}


@dataclass
class Pictures:
    """The pictures of a site, by their path in it. Equal pictures are one file."""

    files: dict[str, bytes] = field(default_factory=dict)
    # What was made of a picture: a page, its slide and a card may all show it.
    _known: dict[tuple[str, int], tuple[str, int, int]] = field(default_factory=dict)

    def out(self, page: str) -> str:
        """A page's HTML with the pictures that it carries put into files."""
        parts = KEPT.split(page)
        parts[::2] = [
            TAG.sub(lambda tag: self._outside(tag[0]), part) for part in parts[::2]
        ]
        return "".join(parts)

    def thumbnail(self, figure: str) -> str:
        """The first picture of a piece of HTML, for light and dark, small and as a
        file; "" where it has none that could be made small."""
        picture = re.search(r"<picture>.*?</picture>|<img\b[^>]*>", figure, re.DOTALL)
        if not picture:
            return ""
        small = TAG.sub(lambda tag: self._outside(tag[0], THUMBNAIL), picture[0])
        return small if "data:" not in small else ""

    def add(self, data: str, across: int = 0) -> tuple[str, int, int]:
        """The path in the site of a picture's file, its width and its height.

        data: base64; across: the most pixels that it may be wide, 0 for no limit.
        """
        known = (hashlib.sha256(data.encode()).hexdigest(), across)
        if known not in self._known:
            held = base64.b64decode(data)
            picture = Image.open(io.BytesIO(held))
            clear = picture.convert("RGBA").getextrema()[3][0] < 255
            same = picture.format == "WEBP" and not across
            picture = picture.convert("RGBA" if clear else "RGB")
            if across and picture.width > across:
                high = round(across * picture.height / picture.width)
                picture = picture.resize((across, high), Image.Resampling.LANCZOS)
            flat = clear or picture.getcolors(FLAT)
            made = held if same else _webp(picture, EXACT if flat else SMOOTH)
            path = f"{FOLDER}/{hashlib.sha256(made).hexdigest()[:12]}.webp"
            self.files[path] = made
            self._known[known] = (path, *picture.size)
        return self._known[known]

    def _outside(self, tag: str, across: int = 0) -> str:
        found = DATA.search(tag)
        if not found:
            return tag
        path, width, height = self.add(found[2], across)
        made = tag.replace(found[0], f'{found[1]}="{path}"')
        if made.startswith("<img"):
            size = ""
            if not re.search(r"\b(?:width|height)=", made):
                size = f' width="{width}" height="{height}"'
            made = f'{made[:-1].rstrip("/ ")}{size} loading="lazy" decoding="async">'
        return made


def _webp(picture: Image.Image, how: dict) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **how)
    return buffer.getvalue()
