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
DATA = re.compile(r'\b(src|srcset)="data:image/(?:png|jpeg|webp);base64,([^"]+)"')
# A few flat colours are smallest as they are; tissue is, when its noise is smoothed.
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
        """The first picture of a piece of HTML, for light and dark, small and as a
        file; "" where it has none that could be made small."""
        picture = re.search(r"<picture>.*?</picture>|<img\b[^>]*>", figure, re.DOTALL)
        if not picture:
            return ""
        small = TAG.sub(lambda tag: self._outside(tag[0], THUMBNAIL), picture[0])
        return small if "data:" not in small else ""

    def add(self, picture: Image.Image) -> str:
        """The path in the site of a picture's file."""
        made = min(_webp(picture, EXACT), _webp(picture, SMOOTH), key=len)
        path = f"{FOLDER}/{hashlib.sha256(made).hexdigest()[:12]}.webp"
        self.files[path] = made
        return path

    def _outside(self, tag: str, across: int = 0) -> str:
        found = DATA.search(tag)
        if not found:
            return tag
        picture = Image.open(io.BytesIO(base64.b64decode(found[2])))
        picture = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
        if across and picture.width > across:
            high = round(across * picture.height / picture.width)
            picture = picture.resize((across, high), Image.Resampling.LANCZOS)
        made = tag.replace(found[0], f'{found[1]}="{self.add(picture)}"')
        if made.startswith("<img"):
            size = ""
            if not re.search(r"\b(?:width|height)=", made):
                size = f' width="{picture.width}" height="{picture.height}"'
            made = f'{made[:-1].rstrip("/ ")}{size} loading="lazy" decoding="async">'
        return made


def _webp(picture: Image.Image, how: dict) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **how)
    return buffer.getvalue()
