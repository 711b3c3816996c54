"""Decodes JPEGs with libjpeg-turbo, and recognises those whose scan data ends too early.

Decoders fill what is missing with grey and only warn, so a photo that was cut off and ended again looks whole to them.
simplejpeg turns libjpeg's last warning into an exception.
"""

import numpy as np
import simplejpeg

from ..domain.errors import ImageRejected
from ..domain.model import Image
from .headers import Size
from .jpeg_structure import has_all_scans

_REDUCTIONS = (8, 4, 2, 1)
_CUT_WARNING = "premature end of data segment"  # libjpeg's JWRN_HIT_MARKER: a marker where pixels should be


def decode(data: bytes, size: Size, min_size: Size | None = None) -> Image | None:
    """Decode to RGB (h, w, 3); None when libjpeg-turbo fails or the size differs from the header's `size`.

    min_size: (width, height) that the caller needs: decodes at 1/2, 1/4 or 1/8 when both sides stay as large.
    Raises ImageRejected image_truncated.
    """
    width, height = size
    factor = next(
        factor
        for factor in _REDUCTIONS
        if factor == 1 or (min_size and width >= min_size[0] * factor and height >= min_size[1] * factor)
    )
    pixels = _decode(data, "RGB", size, factor)
    return pixels if pixels is not None and pixels.shape == (-(-height // factor), -(-width // factor), 3) else None


def check_scans(data: bytes) -> None:
    """Check that all scans are there and reach to the last pixel.

    Raises ImageRejected image_truncated, and ValueError or struct.error.
    """
    if not has_all_scans(data):
        raise ImageRejected("image_truncated")
    check_scan_data(data)


def check_scan_data(data: bytes) -> None:
    """Check that the scans reach to the last pixel. Raises ImageRejected image_truncated, and ValueError."""
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    _decode(data, "CMYK" if colours in ("CMYK", "YCCK") else "GRAY", (width, height), _REDUCTIONS[0])


def _decode(data: bytes, colours: str, size: Size, factor: int) -> Image | None:
    width, height = (-(-side // factor) for side in size)

    def decode_with(*, strict: bool) -> Image:
        pixels = simplejpeg.decode_jpeg(
            data, colours, min_width=width, min_height=height, min_factor=factor, strict=strict
        )
        return np.asarray(pixels, np.uint8)

    try:
        return decode_with(strict=True)
    except ValueError as error:
        if _CUT_WARNING in str(error) or not has_all_scans(data):
            raise ImageRejected("image_truncated") from error
    try:
        return decode_with(strict=False)  # other warnings, such as for stray bytes, do not concern the pixels
    except ValueError:
        return None
