"""`jpeg_rows`: which JPEGs our own encoder made; of those, only the last rows change."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image as Pictures

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import Image
from meitu_demo.photos import codec, fit
from meitu_demo.photos.jpeg_rows import change_last_rows, is_own_encoding


def invert(pixels: Image) -> Image:
    return np.asarray(255 - pixels, np.uint8)


def decode_with_pillow(jpeg: bytes) -> Image:
    with Pictures.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("size", [(320, 320), (301, 203), (8, 8), (16, 9), (40, 1000)])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.99])
def test_change_last_rows_leaves_the_rows_above_as_they_are(
    portrait_pixels: Image, size: tuple[int, int], share: float
) -> None:
    """To the last bit, in two decoders; the rows below are as if the whole picture had been encoded again."""
    jpeg = codec.encode(np.asarray(cv2.resize(portrait_pixels, size), np.uint8))
    first_row = int(share * size[1])
    changed = change_last_rows(jpeg, first_row, invert)
    assert changed is not None
    first_changed_row = first_row // 8 * 8
    before, after = codec.decode(jpeg), codec.decode(changed)
    assert np.array_equal(after[:first_changed_row], before[:first_changed_row])
    expected = codec.decode(codec.encode(invert(before)))
    assert np.array_equal(after[first_changed_row:], expected[first_changed_row:])
    assert np.array_equal(decode_with_pillow(changed)[:first_changed_row], decode_with_pillow(jpeg)[:first_changed_row])


def test_change_last_rows_leaves_other_encoders_pictures_alone(portrait_pixels: Image) -> None:
    """Those without markers, with markers elsewhere, at another quality, with other tables, in grey, or progressive."""
    stream = io.BytesIO()
    Pictures.fromarray(portrait_pixels).save(stream, "JPEG", quality=95, subsampling=0)
    options = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    by_row = [*options, cv2.IMWRITE_JPEG_RST_INTERVAL, portrait_pixels.shape[1] // 8]

    def encode(*more: int, pixels: Image = portrait_pixels) -> bytes:
        return cv2.imencode(".jpg", pixels, [*by_row, *more])[1].tobytes()

    others = [
        stream.getvalue(),
        fit.encode(portrait_pixels, full_colour=False),
        fit.encode(portrait_pixels, 90),
        encode(cv2.IMWRITE_JPEG_RST_INTERVAL, 7),
        encode(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
        encode(cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        encode(pixels=np.ascontiguousarray(portrait_pixels[..., 0])),
    ]
    assert [change_last_rows(jpeg, 200, invert) for jpeg in others] == [None] * len(others)


def test_change_last_rows_refuses_damaged_rows(portrait_pixels: Image) -> None:
    """Rows that are cut off are no shorter picture."""
    jpeg = codec.encode(portrait_pixels)
    last_marker = max(jpeg.rfind(bytes([0xFF, kind])) for kind in range(0xD0, 0xD8))
    with pytest.raises(ImageRejected, match="image_truncated"):
        change_last_rows(jpeg[: last_marker + 6] + b"\xff\xd9", 200, invert)


def test_is_own_encoding_needs_the_whole_file(portrait_pixels: Image) -> None:
    """A file of our encoder is recognised, not with anything after its end, at another quality, or from elsewhere."""
    jpeg = codec.encode(portrait_pixels)
    stream = io.BytesIO()
    Pictures.fromarray(portrait_pixels).save(stream, "JPEG", quality=95, subsampling=0)
    others = [jpeg + b"\0", jpeg + jpeg, fit.encode(portrait_pixels, 94), stream.getvalue()]
    assert [is_own_encoding(data) for data in [jpeg, *others]] == [True, *[False] * len(others)]
