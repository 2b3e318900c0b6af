"""The quick way into a plain PNG shows what Pillow shows, and leaves all else to it."""

import io
import struct
import zlib

import numpy as np
import pytest
from frames_by_hand import image, png, sentence_of
from PIL import Image

from helpers.frames import png as reading

HEIGHT, WIDTH = 40, 50
PIXELS = image(0, (HEIGHT, WIDTH))
ROWS = b"".join(b"\0" + row.tobytes() for row in PIXELS)
TURNED = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x03\0\0"


def part(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def written(stream: bytes, *more: tuple[bytes, bytes], colours: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, colours, 0, 0, 0)
    parts = [(b"IHDR", head), *more, (b"IDAT", stream), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(part(*one) for one in parts)


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


WHOLE = zlib.compress(ROWS)
PLAIN = {
    "as written by Pillow": png(PIXELS),
    "a gamma": written(WHOLE, (b"gAMA", struct.pack(">I", 100000))),
    "a colour space": written(WHOLE, (b"sRGB", b"\0")),
    "a transparent colour": written(WHOLE, (b"tRNS", struct.pack(">3H", 1, 2, 3))),
    "a resolution": written(WHOLE, (b"pHYs", struct.pack(">IIB", 1, 2, 0))),
    "a text": written(WHOLE, (b"tEXt", b"a\0b")),
}
LEFT = {
    "grey": png(PIXELS[..., 0]),
    "palette": png(PIXELS[..., 0] % 2, [0, 0, 0, 9, 9, 9]),
    "alpha": png(np.dstack([PIXELS, PIXELS[..., :1]])),
    "rotated": written(WHOLE, (b"eXIf", TURNED + bytes(6))),
    "no checksum in its stream": written(WHOLE[:-4]),
}
DAMAGED = {
    "cut": png(PIXELS)[:-30],
    "too few rows": written(zlib.compress(ROWS[:2000])),
    "half a stream": written(WHOLE[: len(WHOLE) // 2]),
    "another checksum in its stream": written(WHOLE[:-4] + b"abcd"),
    "an unknown filter": written(zlib.compress(b"\x09" + ROWS[1:])),
    "changed bytes": png(PIXELS)[:300] + b"\0\0\0" + png(PIXELS)[303:],
    "a head alone": png(PIXELS)[:60],
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN)
def test_a_plain_png_is_the_same_either_way(data):
    quick = reading._plain_rgb(data)
    assert quick is not None and np.array_equal(quick, by_pillow(data))


@pytest.mark.parametrize("data", LEFT.values(), ids=LEFT)
def test_what_is_not_plain_is_read_by_pillow(data, tmp_path):
    assert reading._plain_rgb(data) is None
    (tmp_path / "a.png").write_bytes(data)
    assert np.array_equal(reading.rgb(str(tmp_path / "a.png")), by_pillow(data))


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_found_either_way(data, tmp_path):
    assert reading._plain_rgb(data) is None
    (tmp_path / "a.png").write_bytes(data)
    sentence_of(
        lambda: reading.rgb(str(tmp_path / "a.png")), "a.png is truncated or damaged"
    )
