"""Polyglots: files that are a picture and also an archive, a page or a script, or carry such a payload."""

import io
import struct
import zipfile
import zlib
from functools import cache

import numpy as np
from PIL import Image

from hostile.file_parts import (
    bmp,
    box,
    canvas,
    chunk,
    portrait,
    riff_chunk,
    saved,
    segment,
    srgb,
    tiff,
    webp,
    with_chunks,
    with_segments,
)

MARK = b"<script>alert('Qx7-payload-vJ2')</script>"
_SIDES = 162, 120  # a BMP's rows of 486 bytes are padded
_PAGE = b"<!doctype html><body>" + MARK + b"</body>"


def archive() -> bytes:
    """A ZIP with the payload stored uncompressed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as found:
        found.writestr("index.html", _PAGE)
    return stream.getvalue()


@cache
def polyglots() -> dict[str, bytes]:
    """Files by name; each contains MARK, some of them compressed."""
    return {**_jpegs(), **_pngs(), **_webps(), **_bmps(), **_heics(), **_others()}


def _exif() -> bytes:
    return tiff([(0x010E, 2, len(MARK), 26)], MARK)


def _profile() -> bytes:
    return srgb() + MARK


def _jpegs() -> dict[str, bytes]:
    jpeg = saved(portrait(*_SIDES), "JPEG")
    progressive = saved(portrait(*_SIDES), "JPEG", progressive=True)
    second_scan = progressive.index(b"\xff\xc4", progressive.index(b"\xff\xda"))
    table = segment(0xDB, b"\3" + MARK.ljust(64, b"\1")[:64])
    return {
        "jpeg and zip": jpeg + archive(),
        "jpeg and html": jpeg + _PAGE,
        "jpeg and pdf": with_segments(jpeg, segment(0xFE, b"%PDF-1.4\n" + MARK)) + b"\n%%EOF",
        "jpeg and jpeg": jpeg + with_segments(jpeg, segment(0xFE, MARK)),
        "jpeg as script": with_segments(
            jpeg, segment(0xE0, b"/*".ljust(0x2A2D, b"\0")), segment(0xFE, b"*/=1;" + MARK)
        ),
        "jpeg comment": with_segments(jpeg, segment(0xFE, MARK)),
        "jpeg comment between scans": progressive[:second_scan] + segment(0xFE, MARK) + progressive[second_scan:],
        "jpeg exif": with_segments(jpeg, segment(0xE1, b"Exif\0\0" + _exif())),
        "jpeg xmp": with_segments(jpeg, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + MARK)),
        "jpeg profile": with_segments(jpeg, segment(0xE2, b"ICC_PROFILE\0\1\1" + _profile())),
        "jpeg iptc": with_segments(jpeg, segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x2c" + MARK)),
        "jpeg private segment": with_segments(jpeg, segment(0xEF, MARK)),
        "jpeg unused table": with_segments(jpeg, table),
        "jpeg before its end": jpeg[:-2] + MARK + jpeg[-2:],
    }


def _pngs() -> dict[str, bytes]:
    png = saved(portrait(*_SIDES), "PNG")
    at = png.index(b"IDAT")
    (length,) = struct.unpack_from(">I", png, at - 4)
    longer = chunk(b"IDAT", png[at + 4 : at + 4 + length] + MARK)
    packed = zlib.compress(MARK)
    return {
        "png and zip": png + archive(),
        "png and html": png + _PAGE,
        "png text": with_chunks(png, chunk(b"tEXt", b"Comment\0" + MARK)),
        "png packed text": with_chunks(png, chunk(b"zTXt", b"Comment\0\0" + packed)),
        "png xmp": with_chunks(png, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + MARK)),
        "png exif": with_chunks(png, chunk(b"eXIf", _exif())),
        "png profile": with_chunks(png, chunk(b"iCCP", b"x\0\0" + zlib.compress(_profile()))),
        "png palette": with_chunks(png, chunk(b"PLTE", MARK.ljust(48, b"\0"))),
        "png private chunk": with_chunks(png, chunk(b"prIv", MARK)),
        "png after its pixels": png[: at - 4] + longer + png[at + 8 + length :],
    }


def _webps() -> dict[str, bytes]:
    still = saved(portrait(*_SIDES), "WEBP")[12:]
    moving = saved(portrait(*_SIDES), "WEBP", save_all=True, append_images=[portrait(*_SIDES).rotate(90)])
    return {
        "webp and zip": webp(still) + archive(),
        "webp exif": webp(canvas(*_SIDES, 8), still, riff_chunk(b"EXIF", _exif())),
        "webp xmp": webp(canvas(*_SIDES, 4), still, riff_chunk(b"XMP ", MARK)),
        "webp profile": webp(canvas(*_SIDES, 32), riff_chunk(b"ICCP", _profile()), still),
        "webp unknown chunk": webp(canvas(*_SIDES), still, riff_chunk(b"JUNK", MARK)),
        "webp moving": webp(moving[12:], riff_chunk(b"JUNK", MARK)),
    }


def _bmps() -> dict[str, bytes]:
    pixels = np.asarray(portrait(*_SIDES))[::-1, :, ::-1]
    width, height = _SIDES
    padded = np.pad(pixels.reshape(height, -1), ((0, 0), (0, 2)))
    padded[:20, -2:] = np.frombuffer(MARK[:40], np.uint8).reshape(20, 2)
    plain = bmp(width, height, padded.tobytes())
    wide = np.dstack([pixels, np.zeros((height, width), np.uint8)])
    wide[0, : len(MARK), 3] = np.frombuffer(MARK, np.uint8)
    gap = plain[:10] + struct.pack("<I", 54 + len(MARK)) + plain[14:54] + MARK + plain[54:]
    palette = bytearray(saved(portrait(*_SIDES).quantize(16), "BMP"))
    start = int.from_bytes(palette[10:14], "little")
    palette[start - len(MARK) : start] = MARK
    return {
        "bmp and zip": plain + archive(),
        "bmp padding of rows": plain,
        "bmp gap": gap,
        "bmp fourth byte": bmp(width, height, wide.tobytes(), bits=32),
        "bmp unused colours": bytes(palette),
    }


def _heics() -> dict[str, bytes]:
    heic = saved(portrait(*_SIDES), "HEIF")
    pair = saved(portrait(*_SIDES), "HEIF", save_all=True, append_images=[portrait(*_SIDES).rotate(90)])
    return {
        "heic free box": heic + box(b"free", MARK),
        "heic uuid box": heic + box(b"uuid", bytes(16) + MARK),
        "heic pixels box": heic + box(b"mdat", MARK),
        "heic exif": saved(portrait(*_SIDES), "HEIF", exif=_exif()),
        "heic xmp": saved(portrait(*_SIDES), "HEIF", xmp=MARK),
        "heic pair and zip": pair + archive(),
    }


def _others() -> dict[str, bytes]:
    """Files that only pretend to be pictures."""
    gif = saved(portrait(*_SIDES), "GIF")
    return {
        "gif as script": gif[:6] + b"/*" + gif[8:] + b"*/=1;" + MARK,
        "html behind a jpeg's first bytes": b"\xff\xd8\xff\xe0" + _PAGE,
        "html behind a bmp's first bytes": b"BM" + _PAGE.ljust(80),
        "zip before a jpeg": archive() + saved(portrait(*_SIDES), "JPEG"),
        "svg with script": b'<svg xmlns="http://www.w3.org/2000/svg">' + MARK + b"</svg>",
        "film": box(b"ftyp", b"mp42\0\0\0\0isom") + box(b"mdat", MARK),
        "tiff": saved(Image.new("RGB", _SIDES), "TIFF", tiffinfo={270: MARK.decode()}),
    }
