"""Picture files with mutated bytes, deterministic by number."""

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
def source_files(kind: str) -> tuple[bytes, ...]:
    """Small files of `kind`, each with a different structure."""
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


def mutate(kind: str, number: int) -> bytes:
    """Mutation number `number` of a file of `kind`."""
    rng = random.Random(f"{kind} {number}")
    data = bytearray(rng.choice(source_files(kind)))
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        _change(data, kind, rng)
    return _with_valid_checksums(bytes(data)) if kind == "PNG" and rng.random() < 0.8 else bytes(data)


def _change(data: bytearray, kind: str, rng: random.Random) -> None:
    """Apply one change, mostly near the start, where the structure is."""
    at = rng.randrange(min(rng.choice((64, 700, len(data))), len(data)) or 1)
    match rng.randrange(9):
        case 0:  # a bit
            data[at : at + 1] = bytes([data[at] ^ 1 << rng.randrange(8)]) if at < len(data) else b""
        case 1:  # a byte
            data[at : at + 1] = bytes([rng.randrange(256)])
        case 2:  # a length or another number
            data[at : at + 4] = rng.choice(_NUMBERS)
        case 3:  # a number slightly changed
            value = int.from_bytes(data[at : at + 2], "big") + rng.choice((-256, -2, -1, 1, 2, 256))
            data[at : at + 2] = (value & 0xFFFF).to_bytes(2, "big")
        case 4:  # a run of one byte
            length = rng.randrange(1, 60)
            data[at : at + length] = bytes([rng.choice((0, 255, rng.randrange(256)))]) * length
        case 5:  # a piece removed
            del data[at : at + rng.choice((rng.randrange(1, 40), rng.randrange(1, 600)))]
        case 6:  # a piece repeated
            data[at:at] = data[at : at + rng.choice((rng.randrange(1, 60), rng.randrange(1, 600)))]
        case 7:  # a piece of another file
            other = rng.choice(source_files(kind))
            start = rng.randrange(len(other))
            data[at : at + rng.randrange(200)] = other[start : start + rng.randrange(1, 200)]
        case 8:  # the end cut off, in one case of three
            if rng.random() < 0.33:
                del data[rng.randrange(len(data) or 1) :]


def _with_valid_checksums(data: bytes) -> bytes:
    """The PNG with its checksums recomputed, so that the mutation reaches the decoder."""
    fixed, at = bytearray(data), len(SIGNATURE)
    while at + 12 <= len(fixed):
        end = at + 8 + int.from_bytes(fixed[at : at + 4], "big")
        if end + 4 > len(fixed):
            break
        fixed[end : end + 4] = struct.pack(">I", zlib.crc32(fixed[at + 4 : end]))
        at = end + 4
    return bytes(fixed)
