"""Pictures of every kind that leaves here, with canaries in every place where metadata can hide."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos.provenance.record import Provenance, SourceType

PNG = b"\x89PNG\r\n\x1a\n"
CANARY = b"canary-4711"
MARK = Provenance("face_fuse", "offline engine", SourceType.COMPOSITE, "2026-03-08T14:25:01Z", "0f3c9a")


@cache
def picture(mode: str = "RGB") -> Image.Image:
    """The astronaut's face, 161×120: sides that no block size divides."""
    rgb = Image.fromarray(np.ascontiguousarray(load_astronaut()[60:180, 150:311]))
    if mode == "RGBA":
        rgb.putalpha(Image.linear_gradient("L").resize(rgb.size))
    return rgb.convert(mode) if rgb.mode != mode else rgb


def saved(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """The picture as Pillow writes it."""
    buffer = io.BytesIO()
    picture(mode).save(buffer, kind, **options)
    return buffer.getvalue()


PLAIN: dict[str, Callable[[], bytes]] = {
    "jpeg 4:4:4": lambda: saved("JPEG", quality=95, subsampling=0),
    "jpeg 4:2:0": lambda: saved("JPEG", quality=80, subsampling=2),
    "jpeg progressive": lambda: saved("JPEG", progressive=True),
    "jpeg with restarts": lambda: saved("JPEG", restart_marker_rows=1),
    "jpeg grey": lambda: saved("JPEG", "L"),
    "jpeg cmyk": lambda: saved("JPEG", "CMYK"),
    "jpeg rgb": lambda: saved("JPEG", keep_rgb=True),
    "png": lambda: saved("PNG"),
    "png rgba": lambda: saved("PNG", "RGBA"),
    "png palette": lambda: saved("PNG", "P", transparency=3),
    "png 16 bits": lambda: saved("PNG", "I;16"),
    "webp": lambda: saved("WEBP"),
    "webp rgba": lambda: saved("WEBP", "RGBA"),
    "webp lossless": lambda: saved("WEBP", lossless=True),
    "webp lossless rgba": lambda: saved("WEBP", "RGBA", lossless=True),
    "webp animated": lambda: saved("WEBP", save_all=True, append_images=[picture().rotate(90)]),
}


@cache
def profile() -> bytes:
    """A colour profile; the second in which it was made stands in it."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 1) -> bytes:
    """An Exif block with canaries, also where the photo was taken."""
    block = Image.Exif()
    block[0x010E] = block[0x013B] = block[0x0131] = CANARY.decode()
    block[0x0112] = orientation
    block.get_ifd(0x8825)[1] = "N"
    return block.tobytes()


def xmp() -> bytes:
    """Somebody else's XMP."""
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a b="' + CANARY + b'"/></x:xmpmeta>'


# ── With metadata ───────────────────────────────────────────────────────────────────────────────────────────────────
def laden_jpeg(orientation: int = 1) -> bytes:
    """A progressive JPEG with a canary in every application's segment, in comments, between scans and behind it."""
    data = saved("JPEG", progressive=True, exif=exif(orientation), xmp=xmp(), icc_profile=profile(), comment=CANARY)
    jfif = 2 + 2 + struct.unpack_from(">H", data, 4)[0]
    bodies = dict.fromkeys(range(0xE0, 0xF0), CANARY)
    bodies |= {0xED: b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x0b" + CANARY, 0xE2: b"MPF\0" + CANARY}
    bodies |= {0xE0: b"JFXX\0\x10" + CANARY, 0xEB: b"JP" + CANARY, 0xFE: CANARY}
    extra = b"".join(segment(marker, body) for marker, body in bodies.items())
    extra += segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + CANARY)
    second_scan = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    table = data.rindex(b"\xff\xc4", 0, second_scan)
    parts = [data[:jfif], extra, data[jfif:table], segment(0xFE, CANARY), data[table:], CANARY, data[:jfif]]
    return b"".join(parts)


def laden_png(orientation: int = 1) -> bytes:
    """A PNG with a canary in every kind of text, in unknown chunks, in the profile's name and behind it."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", CANARY.decode())
    texts.add_text("Packed", CANARY.decode() * 9, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", xmp().decode())
    parts = chunks(saved("PNG", pnginfo=texts, exif=exif(orientation), icc_profile=profile(), dpi=(300, 300)))
    named = [(kind, CANARY + body[body.index(b"\0") :] if kind == b"iCCP" else body) for kind, body in parts]
    odd = [(b"tIME", bytes(7)), (b"caNy", CANARY), (b"sPLT", CANARY + b"\0\x08")]
    every = [named[0], *odd, *named[1:-1], (b"tEXt", b"Late\0" + CANARY), named[-1]]
    return PNG + b"".join(chunk(*part) for part in every) + CANARY


def laden_webp(orientation: int = 1) -> bytes:
    """A WebP with canaries in Exif, in XMP, in an unknown chunk and behind it."""
    data = saved("WEBP", exif=exif(orientation), xmp=xmp(), icc_profile=profile())
    odd = b"CANY" + struct.pack("<I", len(CANARY)) + CANARY + b"\0"
    return data[:4] + struct.pack("<I", len(data) - 8 + len(odd)) + data[8:] + odd + CANARY


LADEN: dict[str, Callable[..., bytes]] = {"jpeg": laden_jpeg, "png": laden_png, "webp": laden_webp}


# ── Made by hand ────────────────────────────────────────────────────────────────────────────────────────────────────
def segment(marker: int, body: bytes) -> bytes:
    """A JPEG's marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """A PNG's chunks as (type, body)."""
    found, at = [], len(PNG)
    while at < len(data):
        length = struct.unpack_from(">I", data, at)[0]
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG's chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg_with(packet: bytes) -> bytes:
    """A JPEG that carries a packet of XMP."""
    data = PLAIN["jpeg 4:2:0"]()
    return data[:2] + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet) + data[2:]


def png_with(*chunks: bytes) -> bytes:
    """A PNG with more chunks."""
    data = PLAIN["png"]()
    return data[:33] + b"".join(chunks) + data[33:]


def png_xmp(packet: bytes, *, packed: bool = False) -> bytes:
    """A PNG that carries a packet of XMP."""
    text = zlib.compress(packet) if packed else packet
    return png_with(chunk(b"iTXt", b"XML:com.adobe.xmp\0" + (b"\1" if packed else b"\0") + b"\0\0\0" + text))


def webp_with(packet: bytes) -> bytes:
    """A WebP that carries a packet of XMP."""
    return saved("WEBP", xmp=packet)
