"""The pictures that are sent: an astronaut from an installed package, and what can be wrong with a file."""

import importlib.util
import io
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

HEAD = (60, 0, 380, 320)  # of the astronaut: head and shoulders


@cache
def sample(name: str) -> Image.Image:
    """A picture that scikit-image brings, read without importing it."""
    found = importlib.util.find_spec("skimage")
    assert found is not None
    return Image.open(Path(str(found.origin)).parent / "data" / f"{name}.png").convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **options: int) -> bytes:
    """`image` as a file."""
    stream = io.BytesIO()
    image.save(stream, kind, **({"quality": 92} if kind == "JPEG" else {}) | options)
    return stream.getvalue()


def astronaut() -> Image.Image:
    """All of it, 512 × 512."""
    return sample("astronaut")


def portrait(kind: str = "JPEG") -> bytes:
    """Head and shoulders, 320 × 320."""
    return encoded(astronaut().crop(HEAD), kind)


def degraded() -> bytes:
    """Small, blurred, dark, noisy, and compressed too much."""
    small = astronaut().resize((256, 256)).filter(ImageFilter.GaussianBlur(1)).point(lambda value: value * 0.55)
    noise = np.random.default_rng(7).normal(0, 9, (256, 256, 3))
    return encoded(Image.fromarray(np.clip(np.asarray(small) + noise, 0, 255).astype(np.uint8)), quality=25)


def sized(width: int, height: int, kind: str = "JPEG") -> bytes:
    """A grey picture of just this size in pixels."""
    return encoded(Image.new("RGB", (width, height), (120, 120, 120)), kind)


def weighing(size: int) -> bytes:
    """The portrait as a file of just `size` bytes, filled up with comments."""
    jpeg, comments = portrait(), b""
    while missing := size - len(jpeg) - len(comments):
        length = min(missing, 65_000 if missing > 65_100 else missing)
        comments += b"\xff\xfe" + (length - 2).to_bytes(2, "big") + bytes(length - 4)
    return jpeg[:2] + comments + jpeg[2:]


def faces() -> dict[str, bytes]:
    """Faces that do not fit, then two that do."""
    whole, both = astronaut(), Image.new("RGB", (640, 320))
    for left in (0, 320):
        both.paste(whole.crop(HEAD), (left, 0))
    found = {
        "none": sample("coffee"), "a cat": sample("chelsea"), "cut": whole.crop((200, 0, 512, 320)),
        "small": whole.resize((180, 180)), "upside down": whole.rotate(180), "two": both, "grey": whole.convert("L"),
    }  # fmt: skip
    return {name: encoded(image) for name, image in found.items()}


def hostile() -> list[bytes]:
    """Files that are broken, no photo, too large, or something else at once."""
    jpeg, png, script = portrait(), portrait("PNG"), b"<html><script>alert(1)</script>"
    text = _chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9))
    frame = jpeg.index(b"\xff\xc0") + 5
    return [
        b"", b"a text file", encoded(Image.new("P", (60, 60)), "GIF"),
        *(sized(60, 60, kind) for kind in ("WEBP", "BMP", "TIFF")),
        jpeg[: len(jpeg) // 2], png[: len(png) // 2], jpeg[:300], jpeg[:20] + script * 50, jpeg + script, script + jpeg,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        _png(11000, 8000, zlib.compress(bytes(8000 * (1 + 11000 // 8)), 9)), _png(7000, 7000, zlib.compress(b"")),
        png[:33] + text * 60 + png[33:], jpeg[:frame] + struct.pack(">HH", 65500, 65500) + jpeg[frame + 4 :],
    ]  # fmt: skip


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width: int, height: int, pixels: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
