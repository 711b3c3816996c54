"""Which files open_photo accepts, which it rejects with which slug and facts, and that it raises nothing else."""

import itertools
import resource
import struct
import subprocess
import sys
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hostile.bombs import flat_png
from hostile.file_parts import png, portrait, saved
from PIL import Image

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec
from meitu_demo.photos.safe_open import MAX_BYTES, MAX_PIXELS, open_photo

LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "BMP": "image/bmp", "HEIF": "image/heic"}


def refusal(data: bytes) -> ImageRejected:
    with pytest.raises(ImageRejected) as caught:
        codec.prepare(data, LIMITS)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_safe_open_accepts_every_supported_format(kind: str) -> None:
    """Each format is recognised by content, measured by its header, and decoded to that size."""
    data = saved(portrait(), kind)
    assert codec.sniff(data) == KINDS[kind]
    assert codec.read_size(data) == (160, 120)
    assert codec.decode(data).shape == (120, 160, 3)
    assert codec.prepare(data, LIMITS).photo.media_type == "image/jpeg"


@pytest.mark.parametrize("kind", KINDS)
def test_decode_preserves_pixels_of_every_format(kind: str) -> None:
    """The decoded picture is the one that was saved, with channels in RGB order."""
    pixels = codec.decode(saved(portrait(), kind, quality=95))
    assert np.abs(pixels.astype(int) - np.asarray(portrait())).mean() < 4
    assert pixels.flags.writeable


@pytest.mark.parametrize("kind", ["GIF", "ICO", "TIFF", "PDF", "AVIF"])
def test_safe_open_rejects_other_formats_by_name(kind: str) -> None:
    """An unsupported format is rejected, and the error names it."""
    error = refusal(saved(portrait(), kind))
    assert (error.slug, error.facts) == ("image_wrong_kind", {"found": kind})


@pytest.mark.parametrize("head", [b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"])
def test_safe_open_rejects_jpeg_xl_by_name(head: bytes) -> None:
    """JPEG XL is named, bare or in its container."""
    error = refusal(head + bytes(100))
    assert (error.slug, error.facts) == ("image_wrong_kind", {"found": "JPEG XL"})


def run_length_bmp(levels: np.ndarray[Any, np.dtype[np.uint8]], *, bits: int = 8) -> bytes:
    """A BMP of `levels` (h, w) in run-length coding, with a palette of greys."""
    rows = []
    for row in levels[::-1].tolist():
        starts = [
            0,
            *(index for index in range(1, len(row)) if row[index] != row[index - 1] or index % 200 == 0),
            len(row),
        ]
        pairs = itertools.pairwise(starts)
        rows.append(b"".join(bytes((end - start, row[start] * (17 if bits == 4 else 1))) for start, end in pairs))
    pixels = b"\0\0".join(rows) + b"\0\1"
    colours = 2**bits
    palette = b"".join(bytes([level * 255 // (colours - 1)] * 3 + [0]) for level in range(colours))
    start = 54 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start)
    size = levels.shape[1], levels.shape[0]
    code = {8: 1, 4: 2}[bits]
    return (
        head + struct.pack("<IiiHHIIiiII", 40, *size, 1, bits, code, len(pixels), 0, 0, colours, 0) + palette + pixels
    )


@pytest.mark.parametrize("bits", [8, 4])
def test_decode_opens_a_run_length_bmp(bits: int) -> None:
    """A BMP stored as runs shows its pixels; cut, or without enough data for them, it is refused."""
    levels = np.asarray(portrait().convert("L")) >> (8 - bits)
    data = run_length_bmp(levels, bits=bits)
    expected = levels.astype(int) * 255 // (2**bits - 1)
    assert np.array_equal(codec.decode(data), np.repeat(expected[..., None], 3, -1))
    huge = data[:18] + struct.pack("<ii", 7000, 7000) + data[26:]
    for broken in (data[:-1], data[: len(data) // 2], huge):
        assert refusal(broken).slug == "image_truncated"


def test_safe_open_rejects_an_animated_gif() -> None:
    """GIF is not supported, animated or not."""
    frames = [portrait(), portrait().rotate(90)]
    assert refusal(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])).slug == "image_wrong_kind"


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (b"A text file that somebody called portrait.jpg\n", {}),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', {"found": "SVG"}),
        (b"\0" * 100, {}),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", {}),
        (b"P6 64 64 255 " + bytes(64 * 64 * 3), {}),
    ],
)
def test_safe_open_rejects_unknown_bytes_as_wrong_kind(data: bytes, facts: dict[str, object]) -> None:
    """Text, SVG, PostScript and the like are judged by content and never reach a decoder."""
    error = refusal(data)
    assert (error.slug, error.facts) == ("image_wrong_kind", facts)
    assert codec.sniff(data) is None


def test_safe_open_rejects_empty_bytes() -> None:
    """Empty bytes have their own slug."""
    assert refusal(b"").slug == "image_empty"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.995])
def test_safe_open_rejects_truncated_files(kind: str, share: float) -> None:
    """A truncated file never becomes half a picture."""
    data = saved(portrait(), kind)
    error = refusal(data[: int(len(data) * share)])
    assert error.slug in {"image_truncated", "image_unreadable"}
    if share > 0.5:
        assert error.slug == "image_truncated"


@pytest.mark.parametrize("size", [(1, 500), (500, 1), (47, 48), (48, 47)])
def test_prepare_rejects_a_picture_below_the_minimum_side(size: tuple[int, int]) -> None:
    """A side below the vendor's minimum is rejected with the numbers, 1×N among them."""
    error = refusal(saved(portrait(*size), "PNG"))
    assert error.slug == "image_too_small"
    assert (error.facts["width"], error.facts["height"], error.facts["limit"]) == (*size, 48)


def test_prepare_rejects_a_picture_that_would_shrink_below_the_minimum_side() -> None:
    """A strip that would fall below the minimum side when shrunk to the maximum is rejected as too thin."""
    error = refusal(saved(portrait(5000, 57), "PNG"))
    assert error.slug == "image_too_thin"
    assert (error.facts["width"], error.facts["height"]) == (5000, 57)
    assert codec.prepare(saved(portrait(5000, 60), "PNG"), LIMITS).photo.height >= 48


def test_safe_open_rejects_a_file_above_the_byte_limit() -> None:
    """The byte limit is checked before anything is read."""
    error = refusal(saved(portrait(), "JPEG") + bytes(MAX_BYTES))
    assert error.slug == "image_too_large_file"
    assert error.facts["limit"] == MAX_BYTES < error.facts["bytes"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_safe_open_rejects_too_many_pixels(kind: str) -> None:
    """A header that declares more pixels than the limit is rejected, whatever follows it."""
    data = bytearray(saved(portrait(), kind, lossless=True) if kind == "WEBP" else saved(portrait(), kind))
    match kind:
        case "JPEG":
            at = data.index(b"\xff\xc0")
            data[at + 5 : at + 9] = struct.pack(">HH", 16000, 16000)
        case "PNG":
            data[16:24] = struct.pack(">II", 16000, 16000)
        case "BMP":
            data[18:26] = struct.pack("<ii", 16000, -16000)
        case "WEBP":
            data[21:25] = struct.pack("<I", 15999 | 15999 << 14)
    error = refusal(bytes(data))
    assert error.slug == "image_too_many_pixels"
    assert (error.facts["width"], error.facts["height"], error.facts["limit"]) == (16000, 16000, 50)


@pytest.mark.parametrize("lie", ["bomb", "hollow png", "hollow jpeg", "fill bytes", "chunks"])
def test_safe_open_rejects_hostile_headers_at_no_cost(lie: str) -> None:
    """Bombs and false headers are rejected without allocating the memory that they declare."""
    if lie == "bomb":
        data = flat_png()
        assert len(data) < 20_000
    elif lie == "hollow png":
        data = png(7000, 7000, zlib.compress(b""))
    elif lie == "hollow jpeg":
        raw = bytearray(saved(portrait(16, 16), "JPEG"))
        at = raw.index(b"\xff\xc0")
        raw[at + 5 : at + 9] = struct.pack(">HH", 7000, 7000)
        data = bytes(raw)
    elif lie == "fill bytes":
        data = b"\xff\xd8" + b"\xff" * 5_000_000
    else:
        data = png(64, 64, b"")[:-12] + b"\0\0\0\0tEXt\0\0\0\0" * 400_000
    tracemalloc.start()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refusal(data)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.slug in {"image_too_many_pixels", "image_truncated", "image_unreadable"}
    assert peak < 4_000_000
    assert grown < 32_000  # KB
    if lie == "bomb":
        assert error.facts == {"width": 11000, "height": 8000, "limit": 50}


def test_safe_open_limits_every_image_open_of_the_process() -> None:
    """Importing safe_open limits every Image.open in the process, Gradio's included."""
    assert Image.MAX_IMAGE_PIXELS == MAX_PIXELS
    code = "import sys; import meitu_demo.photos.safe_open; from PIL import Image; Image.open(sys.stdin.buffer)"
    alone = subprocess.run([sys.executable, "-c", code], input=flat_png(), capture_output=True, check=False)
    assert b"DecompressionBomb" in alone.stderr


def test_safe_open_accepts_a_lower_pixel_limit() -> None:
    """`max_pixels` lowers the limit and cannot raise it."""
    data = saved(portrait(), "PNG")
    with pytest.raises(ImageRejected) as caught:
        codec.decode(data, max_pixels=160 * 120 - 1)
    assert caught.value.slug == "image_too_many_pixels"
    assert codec.decode(data, max_pixels=160 * 120).shape == (120, 160, 3)
    with pytest.raises(ImageRejected):
        codec.decode(flat_png(), max_pixels=10**12)


def test_safe_open_ignores_file_names_and_drops_trailing_bytes() -> None:
    """A JPEG with an archive appended is a JPEG, and the archive is removed."""
    data = saved(portrait(), "JPEG") + b"PK\3\4 payload <script>"
    assert b"payload" not in codec.prepare(data, LIMITS).photo.data


def test_opened_photo_reports_the_upright_size() -> None:
    """The size is that of the upright photo, not of the stored pixels."""
    exif = Image.Exif()
    exif[0x0112] = 8
    opened = open_photo(saved(portrait(), "JPEG", exif=exif))
    assert (opened.width, opened.height, opened.orientation, opened.has_metadata, opened.has_gps) == (
        120,
        160,
        8,
        True,
        False,
    )


def test_safe_open_accepts_files_of_phones() -> None:
    """A JPEG of 12 MB with a video at its end, and a HEIC, are accepted for both vendors."""
    rng = np.random.default_rng(2)
    pixels = np.asarray(portrait(4032, 3024)).astype(np.int16) + rng.integers(-22, 22, (3024, 4032, 3), np.int16)
    photo = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    jpeg = saved(photo, "JPEG", quality=98, exif=exif) + b"\0\0\0\x18ftypmp42" + rng.bytes(3_000_000)  # a moving photo
    assert 12_000_000 < len(jpeg) < MAX_BYTES
    heic = saved(portrait(2016, 1512), "HEIF", quality=30)
    for data in (jpeg, heic):
        for limits in (LIMITS, ImageLimits(11, 1999, 3_000_000)):
            sent = codec.prepare(data, limits).photo
            assert len(sent.data) <= limits.max_bytes
            assert 1999 <= max(sent.width, sent.height) <= limits.max_side_px


def test_safe_open_accepts_a_bmp_with_any_header() -> None:
    """The oldest header has two bytes for each side; an unknown compression is refused."""
    data = bytearray(saved(portrait().quantize(16), "BMP"))
    assert codec.read_size(bytes(data)) == (160, 120)
    data[30] = 5
    assert refusal(bytes(data)).slug == "image_unreadable"
    core = b"BM" + struct.pack("<IHHIIHHHH", 0, 0, 0, 26, 12, 64, 48, 1, 24) + bytes(64 * 48 * 3)
    assert codec.decode(core).shape == (48, 64, 3)
    assert refusal(core[:-1]).slug == "image_truncated"


def test_safe_open_limits_animated_webp_to_fewer_pixels() -> None:
    """An animated WEBP has a lower limit (its decoder allocates several canvases); a still of that size is accepted."""
    frames = [Image.new("RGB", (4000, 3100), colour) for colour in ("red", "blue")]
    moving = saved(frames[0], "WEBP", lossless=True, method=0, save_all=True, append_images=frames[1:])
    error = refusal(moving)
    assert (error.slug, error.facts["limit"]) == ("image_too_many_pixels", 12)
    assert codec.read_size(saved(frames[0], "WEBP", lossless=True, method=0)) == (4000, 3100)
