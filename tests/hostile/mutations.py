"""Real picture files with something done to their bytes, the same for the same number."""

import random
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image

from hostile.file_parts import SIGNATURE, portrait, saved, srgb

_SIDES = 64, 56
_NUMBERS = (b"\0\0\0\0", b"\0\0\0\1", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\xff", b"\xff\xd8\xff\xd9")


@cache
def sources(kind: str) -> tuple[bytes, ...]:
    """Small files of `kind`, each with another structure."""
    picture = portrait(*_SIDES)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    profile = srgb()
    loose = picture.convert("RGBA")
    loose.putalpha(Image.linear_gradient("L").resize(_SIDES))
    match kind:
        case "JPEG":
            return (
                saved(picture, kind, exif=exif, icc_profile=profile, comment=b"portrait"),
                saved(picture, kind, progressive=True, quality=40),
                saved(picture.convert("CMYK"), kind),
                saved(picture.convert("L"), kind, restart_marker_blocks=2),
            )
        case "PNG":
            deep = Image.fromarray(np.arange(64 * 56, dtype=np.uint16).reshape(56, 64) * 16)
            return (
                saved(picture, kind, exif=exif, icc_profile=profile),
                saved(picture.quantize(16), kind, transparency=3),
                saved(loose, kind),
                saved(deep, kind),
                saved(picture, kind, save_all=True, append_images=[picture.rotate(90)]),
            )
        case "WEBP":
            return (
                saved(picture, kind, exif=exif, icc_profile=profile),
                saved(picture, kind, lossless=True),
                saved(loose, kind),
                saved(picture, kind, save_all=True, append_images=[picture.rotate(90)]),
            )
        case "BMP":
            return (
                saved(picture, kind),
                saved(picture.quantize(16), kind),
                saved(loose, kind),
                saved(picture.convert("1"), kind),
            )
    pair = saved(picture, kind, save_all=True, append_images=[picture.rotate(90)])
    return saved(picture, kind, exif=exif, icc_profile=profile), saved(loose, kind), pair


def mutant(kind: str, number: int) -> bytes:
    """The `number`th mutation of a file of `kind`."""
    chance = random.Random(f"{kind} {number}")
    data = bytearray(chance.choice(sources(kind)))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        _change(data, kind, chance)
    return _mended(bytes(data)) if kind == "PNG" and chance.random() < 0.8 else bytes(data)


def _change(data: bytearray, kind: str, chance: random.Random) -> None:
    """One change, mostly near the head, where the structure is."""
    at = chance.randrange(min(chance.choice((64, 700, len(data))), len(data)) or 1)
    match chance.randrange(9):
        case 0:  # a bit
            data[at : at + 1] = bytes([data[at] ^ 1 << chance.randrange(8)]) if at < len(data) else b""
        case 1:  # a byte
            data[at : at + 1] = bytes([chance.randrange(256)])
        case 2:  # a length or another number
            data[at : at + 4] = chance.choice(_NUMBERS)
        case 3:  # a number a little off
            value = int.from_bytes(data[at : at + 2], "big") + chance.choice((-256, -2, -1, 1, 2, 256))
            data[at : at + 2] = (value & 0xFFFF).to_bytes(2, "big")
        case 4:  # a run of one byte
            length = chance.randrange(1, 60)
            data[at : at + length] = bytes([chance.choice((0, 255, chance.randrange(256)))]) * length
        case 5:  # a piece less
            del data[at : at + chance.choice((chance.randrange(1, 40), chance.randrange(1, 600)))]
        case 6:  # a piece twice
            data[at:at] = data[at : at + chance.choice((chance.randrange(1, 60), chance.randrange(1, 600)))]
        case 7:  # a piece of another file
            other = chance.choice(sources(kind))
            start = chance.randrange(len(other))
            data[at : at + chance.randrange(200)] = other[start : start + chance.randrange(1, 200)]
        case 8:  # the end less, one time in three
            if chance.random() < 0.33:
                del data[chance.randrange(len(data) or 1) :]


def _mended(data: bytes) -> bytes:
    """A PNG's checksums made right again, so that the mutation reaches the decoder."""
    mended, at = bytearray(data), len(SIGNATURE)
    while at + 12 <= len(mended):
        end = at + 8 + int.from_bytes(mended[at : at + 4], "big")
        if end + 4 > len(mended):
            break
        mended[end : end + 4] = struct.pack(">I", zlib.crc32(mended[at + 4 : end]))
        at = end + 4
    return bytes(mended)
