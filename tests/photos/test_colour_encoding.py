"""Colours declared by cICP, gAMA, cHRM and nclx, and ICC profiles that a name says little about.

Expected values are computed here from the definitions (H.273, BT.2100, IEC 61966-2-1), in double precision.
"""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hostile.file_parts import saved
from numpy.typing import NDArray
from PIL import Image, ImageCms

from meitu_demo.domain.model import ImageLimits
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

Floats = NDArray[np.float64]
LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
MAX_LEVELS = 2.0  # by which the mean of a channel may differ
# Linear RGB to linear sRGB, from the primaries' definitions (D65; Display P3 and BT.2020).
P3_TO_SRGB = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
BT2020_TO_SRGB = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])


def photo() -> Floats:
    """Linear sRGB, 0..1, of a real photo."""
    return decode_srgb(np.asarray(load_astronaut(), float)[::2, ::2] / 255)


def decode_srgb(values: Floats) -> Floats:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encode_srgb(linear: Floats) -> Floats:
    linear = linear.clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def encode_pq(linear: Floats) -> Floats:
    """1.0 is 203 cd/m²."""
    power = (linear.clip(0, None) * 203 / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def encode_hlg(linear: Floats) -> Floats:
    """1.0 is 203 cd/m² of a display with 1000 cd/m²."""
    display = linear.clip(0, None) * 203 / 1000
    luminance = np.maximum(display @ [0.2627, 0.6780, 0.0593], 1e-9)[..., None]
    scene = display * luminance ** (1 / 1.2 - 1)
    log = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), log)


def to_levels(values: Floats) -> NDArray[np.uint8]:
    return (values.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def png(pixels: NDArray[Any], **chunks: bytes) -> bytes:
    """A PNG with further chunks behind its header."""
    data = saved(Image.fromarray(pixels), "PNG")
    extra = b"".join(
        struct.pack(">I", len(body)) + name.encode() + body + struct.pack(">I", zlib.crc32(name.encode() + body))
        for name, body in chunks.items()
    )
    return data[:33] + extra + data[33:]


def gamma(value: float) -> bytes:
    return struct.pack(">I", round(value * 100_000))


def slugs(data: bytes) -> set[str]:
    return {change.slug for change in codec.prepare(data, LIMITS).changes}


def assert_equal_means(data: bytes, expected: Floats) -> None:
    """The decoded and the prepared picture have the mean levels of `expected` (sRGB, 0..1)."""
    for pixels in (codec.decode(data), codec.decode(codec.prepare(data, LIMITS).photo.data)):
        assert np.abs(pixels.mean((0, 1)) - 255 * expected.mean((0, 1))).max() < MAX_LEVELS


@pytest.mark.parametrize("exponent", [1.0, 1.8, 2.6])
def test_png_gamma_is_followed(exponent: float) -> None:
    """Grey and colour, of 8 and of 16 bits, are decoded with the exponent of gAMA."""
    linear = photo()
    stored = linear ** (1 / exponent)
    assert_equal_means(png(to_levels(stored), gAMA=gamma(1 / exponent)), encode_srgb(linear))
    grey = linear.mean(-1)
    expected = np.repeat(encode_srgb(grey)[..., None], 3, -1)
    assert_equal_means(png(to_levels(grey ** (1 / exponent)), gAMA=gamma(1 / exponent)), expected)
    deep = (grey ** (1 / exponent) * 65535).astype(np.uint16)
    assert_equal_means(png(deep, gAMA=gamma(1 / exponent)), expected)
    assert "colour_profile" in slugs(png(to_levels(stored), gAMA=gamma(1 / exponent)))


def test_png_primaries_are_followed() -> None:
    """cHRM counts together with gAMA; alone, or with values that span no colours, it says nothing."""
    linear = photo()
    stored = to_levels(encode_srgb(linear))
    p3 = struct.pack(">8I", *(round(value * 100_000) for value in (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)))
    assert_equal_means(png(stored, gAMA=gamma(1 / 2.2), cHRM=p3), encode_srgb(linear @ P3_TO_SRGB.T))
    for chunks in ({"cHRM": p3}, {"gAMA": gamma(1 / 2.2), "cHRM": bytes(32)}, {"gAMA": gamma(1 / 2.2)}):
        assert np.array_equal(codec.decode(png(stored, **chunks)), stored)


@pytest.mark.parametrize(
    "chunks",
    [
        {"sRGB": b"\0", "gAMA": gamma(1)},
        {"cICP": bytes([1, 13, 0, 1]), "gAMA": gamma(1)},
        {"gAMA": b"\0\0\0\0"},
        {"gAMA": b"\xff\xff\xff\xff"},
        {"cICP": bytes([2, 2, 0, 1])},
        {"cICP": b"\x0c"},
    ],
)
def test_png_of_srgb_or_with_broken_chunks_stays_as_it_is(chunks: dict[str, bytes]) -> None:
    """A declaration of sRGB counts before gAMA; values that cannot be are ignored."""
    stored = to_levels(encode_srgb(photo()))
    assert np.array_equal(codec.decode(png(stored, **chunks)), stored)


@pytest.mark.parametrize(
    ("code_points", "matrix"),
    [((12, 13), P3_TO_SRGB), ((9, 1), BT2020_TO_SRGB), ((9, 14), BT2020_TO_SRGB)],
)
def test_png_cicp_of_sdr_is_followed(code_points: tuple[int, int], matrix: Floats) -> None:
    """Wide gamuts are converted to sRGB; video's curves are shown as sRGB's, as browsers do."""
    linear = photo()
    data = png(to_levels(encode_srgb(linear)), cICP=bytes([*code_points, 0, 1]))
    assert_equal_means(data, encode_srgb(linear @ matrix.T))
    assert "colour_profile" in slugs(data)


@pytest.mark.parametrize(("transfer", "encode"), [(16, encode_pq), (18, encode_hlg)])
@pytest.mark.parametrize("kind", ["PNG", "HEIF"])
def test_hdr_is_mapped_to_sdr_and_said(transfer: int, encode: Callable[[Floats], Floats], kind: str) -> None:
    """Light up to white is halved, as Chromium does, to leave room for what is brighter; the change is listed."""
    linear = photo()
    stored = to_levels(encode(linear @ np.linalg.inv(BT2020_TO_SRGB).T))
    data = png(stored, cICP=bytes([9, transfer, 0, 1])) if kind == "PNG" else heic(stored, 9, transfer)
    assert_equal_means(data, encode_srgb(linear / 2))
    assert "hdr" in slugs(data)


def test_hdr_keeps_differences_above_white() -> None:
    """Ever brighter light becomes ever brighter, from half at white to all at 1000 cd/m²."""
    nits = np.array([203, 300, 500, 800, 1000, 4000])
    stored = to_levels(encode_pq(np.repeat((nits / 203)[None, :, None], 3, -1).repeat(64, 0)))
    levels = codec.decode(png(stored, cICP=bytes([9, 16, 0, 1])))[0, :, 1]
    assert abs(int(levels[0]) - 188) <= 2
    assert list(levels) == [*sorted(set(levels[:-1])), 255]
    assert levels[-2] >= 253


def heic(pixels: NDArray[np.uint8], primaries: int, transfer: int) -> bytes:
    import pillow_heif

    file = pillow_heif.from_pillow(Image.fromarray(pixels))
    buffer = io.BytesIO()
    file.save(
        buffer, quality=95, chroma=444, save_nclx_profile=True, color_primaries=primaries,
        transfer_characteristics=transfer, transfer_characteristic=transfer, matrix_coefficients=1, full_range_flag=1,
    )  # fmt: skip
    return buffer.getvalue()


def test_heic_primaries_are_followed() -> None:
    """An nclx box with Display P3 is converted to sRGB."""
    linear = photo()
    data = heic(to_levels(encode_srgb(linear)), 12, 13)
    assert_equal_means(data, encode_srgb(linear @ P3_TO_SRGB.T))


def linear_profile(name: bytes, *, grey: bool = False) -> bytes:
    """An ICC profile (version 2) with sRGB's primaries, a linear curve and any name."""
    curve = b"curv\0\0\0\0\0\0\0\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + bytes(79 + 1)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (0.9642, 1, 0.8249)))
    columns = {b"rXYZ": (0.4361, 0.2225, 0.0139), b"gXYZ": (0.3851, 0.7169, 0.0971), b"bXYZ": (0.1431, 0.0606, 0.7141)}
    tags = {b"desc": desc, b"wtpt": white}
    if grey:
        tags[b"kTRC"] = curve
    else:
        tags |= {
            tag: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in xyz)) for tag, xyz in columns.items()
        }
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += tag + struct.pack(">II", offset + len(body), len(value))
        body += padded
    size = offset + len(body)
    space = b"GRAY" if grey else b"RGB "
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    head += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_a_profile_counts_by_its_values_and_not_by_its_name(kind: str) -> None:
    """A linear profile named sRGB is converted; sRGB's own profile, whatever its name, changes no pixel."""
    linear = photo()
    picture = Image.fromarray(to_levels(linear))
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {"quality": 98}
    data = saved(picture, kind, icc_profile=linear_profile(b"sRGB linear"), **options)
    assert_equal_means(data, encode_srgb(linear))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, tagged = (saved(picture, kind, **options, **profile) for profile in ({}, {"icc_profile": srgb}))
    assert np.array_equal(codec.decode(plain), codec.decode(tagged))
    assert "colour_profile" not in slugs(tagged)


def test_grey_with_transparency_and_a_profile_is_converted() -> None:
    """The profile of a grey PNG with an alpha channel counts as without one; transparency is put on white."""
    grey = photo().mean(-1)
    picture = Image.fromarray(to_levels(grey)).convert("LA")
    data = saved(picture, "PNG", icc_profile=linear_profile(b"grey", grey=True))
    expected = np.repeat(encode_srgb(grey)[..., None], 3, -1)
    assert_equal_means(data, expected)
    picture.putalpha(Image.new("L", picture.size, 0))
    clear = saved(picture, "PNG", icc_profile=linear_profile(b"grey", grey=True))
    assert codec.decode(clear).min() == 255
    assert "transparent" in slugs(clear)
