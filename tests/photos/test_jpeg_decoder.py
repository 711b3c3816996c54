"""JPEGs whose scan data is cut, damaged or oddly wrapped: what is refused as cut, and what opens as in a browser."""

import io
import struct

import numpy as np
import pytest
from hostile.file_parts import portrait, saved
from PIL import Image

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

END_MARKER = b"\xff\xd9"
LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
STYLES: dict[str, dict[str, object]] = {
    "baseline": {"quality": 85},
    "progressive": {"quality": 85, "progressive": True},
    "optimised": {"quality": 60, "optimize": True, "subsampling": 0},
    "restarts": {"quality": 85, "restart_marker_blocks": 4},
    "lowest quality": {"quality": 5},
}


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    photo = Image.fromarray(load_astronaut()).convert(mode)
    return saved(photo, "JPEG", **options)


def find_scan(data: bytes) -> int:
    return data.index(b"\xff\xda")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("share", [0.05, 0.25, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("style", STYLES)
def test_prepare_rejects_a_jpeg_cut_inside_its_scan(mode: str, share: float, style: str) -> None:
    """A photo that was cut off is refused before anything is sent, whether or not an end marker was put behind it."""
    data = jpeg(mode, **STYLES[style])
    scan = find_scan(data)
    cut = data[: scan + int((len(data) - scan) * share)].rstrip(b"\xff")
    for broken in (cut, cut + END_MARKER):
        with pytest.raises(ImageRejected) as caught:
            codec.prepare(broken, LIMITS)
        assert caught.value.slug == "image_truncated"


def test_prepare_rejects_a_jpeg_whose_second_half_is_zeros() -> None:
    """A download that reserved its file and stopped half-way leaves zeros."""
    data = jpeg(quality=85)
    half = (find_scan(data) + len(data)) // 2
    with pytest.raises(ImageRejected) as caught:
        codec.prepare(data[:half] + bytes(len(data) - half - 2) + END_MARKER, LIMITS)
    assert caught.value.slug == "image_truncated"


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(512, 512), (509, 341), (65, 17)])
def test_decode_takes_no_whole_jpeg_for_cut(mode: str, style: str, size: tuple[int, int]) -> None:
    """Whole photos open, at any size and in any coding, at full and at reduced size."""
    data = saved(Image.fromarray(load_astronaut()).convert(mode).resize(size), "JPEG", **STYLES[style])
    assert codec.decode(data).shape == (size[1], size[0], 3)
    small = ImageLimits(min_side_px=1, max_side_px=max(size) // 4, max_bytes=2_000_000)
    assert codec.prepare(data, small).photo.width == max(size) // 4 or size[1] > size[0]


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (120, 90, 200)])
def test_decode_takes_no_flat_jpeg_for_cut(colour: tuple[int, int, int]) -> None:
    """A picture of one colour has few bytes, nearly all alike, and is whole."""
    picture = Image.new("RGB", (640, 480), colour)
    for style in STYLES.values():
        assert codec.decode(saved(picture, "JPEG", **style)).shape == (480, 640, 3)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("missing", [1, 2])
def test_decode_opens_a_jpeg_without_its_end_marker(style: str, missing: int) -> None:
    """What lacks only the end marker, or half of it, shows every pixel."""
    for mode in ("RGB", "L", "CMYK"):
        data = jpeg(mode, **STYLES[style])
        assert np.array_equal(codec.decode(data[:-missing]), codec.decode(data))


def test_decode_opens_a_jpeg_with_stray_bytes_between_segments() -> None:
    """Bytes that belong to no segment are skipped, as libjpeg does; they are not reported as metadata."""
    data = jpeg(quality=85)
    first = 4 + struct.unpack_from(">H", data, 4)[0]  # behind JFIF's segment
    for stray in (b"\0\0", b"stray", b"\xff\xff\xff", b"\xff\0\xff\0", bytes(5000)):
        odd = data[:first] + stray + data[first:]
        assert np.array_equal(codec.decode(odd), codec.decode(data))
        assert "metadata_dropped" not in {change.slug for change in codec.prepare(odd, LIMITS).changes}


def test_decode_equals_pillows_pixels() -> None:
    """Colours and order of channels are those of Pillow's libjpeg."""
    data = jpeg(quality=90)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(codec.decode(data).astype(int) - expected).max() <= 1


def test_safe_open_rejects_a_result_cut_before_its_end() -> None:
    """A file cut in its scan, without an end marker, is refused by opening it, as a vendor's result is."""
    data = saved(portrait(), "JPEG")
    with pytest.raises(ImageRejected) as caught:
        codec.read_size(data[: int(len(data) * 0.9)])
    assert caught.value.slug == "image_truncated"
