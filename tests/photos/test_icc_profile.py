"""ICC profiles: readable ones are applied, those that declare more than they contain are ignored."""

import struct

import numpy as np
import pytest
from hostile.file_parts import saved, srgb
from PIL import Image

from meitu_demo.photos import codec
from meitu_demo.photos.icc_profile import is_safe_profile

SRGB = srgb()


def curve(points: int = 0) -> bytes:
    values = np.linspace(0, 65535, points).astype(">u2").tobytes() if points > 1 else b"\1\0" * points
    return struct.pack(">4s4xI", b"curv", points) + values + bytes(-len(values) % 4)


def grid(channels: int, side: int, depth: str) -> bytes:
    """Lab of ink: the more of any ink, the darker, without colour."""
    ink = np.indices((side,) * channels).reshape(channels, -1).mean(0) / (side - 1)
    top = np.iinfo(np.dtype(depth)).max
    lab = np.stack([(1 - ink) * top, np.full_like(ink, top // 2), np.full_like(ink, top // 2)], 1)
    return lab.astype(depth).tobytes()


def table(kind: str, channels: int) -> bytes:
    """A tag that leads from `channels` inks to Lab."""
    head = struct.pack(">4s4xBBBx", kind.encode(), channels, 3, 5)
    matrix = struct.pack(">9i", *(65536 * (at % 4 == 0) for at in range(9)))
    ramp = np.arange(256, dtype=np.uint8).tobytes()
    if kind == "mft1":
        return head + matrix + ramp * channels + grid(channels, 5, "u1") + ramp * 3
    if kind == "mft2":
        line = struct.pack(">HH", 0, 65535)
        return head + matrix + struct.pack(">HH", 2, 2) + line * channels + grid(channels, 5, ">u2") + line * 3
    outer = curve() * 3
    inner = curve(4) * channels
    colours = bytes([5] * channels).ljust(16, b"\0") + b"\2\0\0\0" + grid(channels, 5, ">u2")
    colours += bytes(-len(colours) % 4)
    offsets = 32, 0, 0, 32 + len(outer), 32 + len(outer) + len(colours)
    return struct.pack(">4s4xBB2x5I", b"mAB ", channels, 3, *offsets) + outer + colours + inner


def press(kind: str, size: int | None = None) -> bytes:
    """A CMYK profile with one table, which claims to be `size` bytes long."""
    tag = table(kind, 4)
    raw = bytearray(SRGB[:128])
    raw[8:12] = b"\2\0\0\0" if kind.startswith("mft") else b"\4\0\0\0"
    raw[12:24] = b"prtrCMYKLab "
    raw += struct.pack(">I4sII", 1, b"A2B0", 144, len(tag) if size is None else size) + tag
    raw[:4] = struct.pack(">I", len(raw))
    return bytes(raw)


@pytest.mark.parametrize("kind", ["mft1", "mft2", "mAB"])
def test_icc_profile_of_a_printing_press_is_safe(kind: str) -> None:
    """A CMYK profile in each of its three forms is safe and determines the grey of the inks."""
    profile = press(kind)
    assert is_safe_profile(profile)
    for ink in (0, 100, 255):
        data = saved(Image.new("CMYK", (64, 64), (ink,) * 4), "JPEG", icc_profile=profile, quality=100)
        pixel = codec.decode(data)[32, 32].astype(int)
        lightness = 100 * (1 - ink / 255)
        linear = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3
        expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055 if linear > 0.0031 else 12.92 * linear)
        assert np.abs(pixel - expected).max() < 5, (kind, ink, pixel, expected)


@pytest.mark.parametrize("kind", ["mft1", "mft2", "mAB"])
def test_icc_profile_with_a_table_larger_than_its_tag_is_unsafe(kind: str) -> None:
    """A profile with a few bytes or a table side too many for its tag is unsafe."""
    assert not is_safe_profile(press(kind, len(table(kind, 4)) - 4))
    side = press(kind).index(bytes([4, 3, 5]) if kind.startswith("mft") else b"\5\5\5\5")
    side += 2 if kind.startswith("mft") else 0
    whole = bytearray(press(kind))
    whole[side] = 255
    assert not is_safe_profile(bytes(whole))


def test_icc_profile_check_handles_every_truncation() -> None:
    """A profile truncated anywhere is safe or unsafe; nothing is raised."""
    for profile in (SRGB, press("mAB"), press("mft2")):
        assert is_safe_profile(profile)
        assert not any(is_safe_profile(profile[:length]) for length in range(128, len(profile), 7))
        assert not is_safe_profile(b"")


@pytest.mark.parametrize(
    "value",
    [struct.pack(">4s4xII", b"mluc", 3, 12), struct.pack(">4s4xI", b"curv", 11), b"mpet" + bytes(28),
     b"ncl2" + bytes(28), b"mAB " + b"\0" * 4 + b"\3\3\0\0" + struct.pack(">5I", 8, 0, 0, 0, 0)],
)  # fmt: skip
def test_icc_profile_with_counts_beyond_its_tag_is_unsafe(value: bytes) -> None:
    """Names, curves or elements that declare more than the tag's 32 bytes, or suit no photo, are unsafe."""
    start = struct.unpack_from(">I", SRGB, SRGB.index(b"rTRC") + 4)[0]
    assert not is_safe_profile(SRGB[:start] + value.ljust(32, b"\0") + SRGB[start + 32 :])
