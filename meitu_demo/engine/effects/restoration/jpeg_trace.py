"""JPEG history of a picture: whether it was a JPEG, and of which quality, estimated from the pixels alone.

A decoded JPEG keeps its quantisation: on its 8×8 grid every DCT coefficient of the luma is near a multiple of the
table's step (Fan, de Queiroz: "Identification of bitmap compression history", 2003). The grid's origin is where
neighbouring columns and rows differ most; the quality is the one whose steps the coefficients fit best.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import planes
from .planes import Plane, Spectrum


def _parse_table(numbers: str) -> Spectrum:
    return np.array(numbers.split(), np.float32)


# ITU-T T.81, annex K.1 and K.2. libjpeg scales them by its quality setting.
_LUMA_TABLE = _parse_table(
    "16 11 10 16 24 40 51 61  12 12 14 19 26 58 60 55  14 13 16 24 40 57 69 56  14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92  49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99"
)
_CHROMA_TABLE = _parse_table(
    "17 18 24 47 99 99 99 99  18 21 26 66 99 99 99 99  24 26 56 99 99 99 99 99  47 66 99 99 99 99 99 99" + " 99" * 32
)

_QUALITIES = range(3, 96)  # rounding to eight bits hides the steps of finer tables
_LOW_FREQUENCIES = np.flatnonzero((planes.FREQUENCY_ORDER > 0) & (planes.FREQUENCY_ORDER <= 4))
_BIN_WIDTH = 0.25
_MAX_COEFFICIENT = 160.0
_MIN_FIT_SCORE = 0.35  # pictures that never were a JPEG score below 0.15, a JPEG of quality 20 above 0.85
_MIN_COEFFICIENTS = 60
_MIN_GREY_LEVELS = 24  # drawings in few flat tones have few coefficients, which fit any step


@dataclass(frozen=True, slots=True, eq=False)
class JpegTrace:
    """libjpeg's quality, and the quantisation steps of luma and chroma, (64,) each."""

    quality: int
    luma: Spectrum
    chroma: Spectrum


def _scale_table(table: Spectrum, quality: int) -> Spectrum:
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.asarray(np.clip(np.floor((table * percent + 50) / 100), 1, 255), np.float32)


def _build_fit_matrix() -> NDArray[np.float32]:
    """Fit of a coefficient (row) to a step (column): 1 on multiples, −1 half-way, 0 where it rounds to zero."""
    size = (np.arange(_MAX_COEFFICIENT / _BIN_WIDTH)[:, None] + 0.5) * _BIN_WIDTH
    step = np.maximum(np.arange(256)[None], 1)
    return np.where(size > step / 2, np.cos(2 * np.pi * size / step), 0).astype(np.float32)


_FIT_MATRIX = _build_fit_matrix()
_NONZERO_MATRIX = (_FIT_MATRIX != 0).astype(np.float32)
_QUANTISATION_STEPS = np.stack([_scale_table(_LUMA_TABLE, quality)[_LOW_FREQUENCIES] for quality in _QUALITIES]).astype(
    np.intp
)
_INFORMATIVE_STEPS = _QUANTISATION_STEPS > 1  # a step of 1 fits anything


def find_grid_origin(luma: Plane) -> tuple[int, int]:
    """Origin (y, x), each 0..7, of a JPEG's 8×8 grid, which cropping moves. Meaningless for other pictures."""

    def find_first_column(part: Plane) -> int:
        steps = np.minimum(np.abs(np.diff(part, axis=1)), 8).mean(axis=0)
        return (int(np.argmax([steps[first::8].mean() for first in range(8)])) + 1) % 8

    part = luma[:1024, :1024]
    return find_first_column(part.T), find_first_column(part)


def find_jpeg(luma: Plane) -> JpegTrace | None:
    """The JPEG that `luma`, at least 24×24, was decoded from, or None."""
    if np.unique(np.rint(luma[::3, ::3])).size < _MIN_GREY_LEVELS:
        return None
    score, quality = max(_fit_quality(luma, origin) for origin in {(0, 0), find_grid_origin(luma)})
    if score < _MIN_FIT_SCORE:
        return None
    return JpegTrace(quality, _scale_table(_LUMA_TABLE, quality), _scale_table(_CHROMA_TABLE, quality))


def _fit_quality(luma: Plane, origin: tuple[int, int]) -> tuple[float, int]:
    coefficients = np.abs(planes.sample_blocks(luma, origin) @ planes.DCT_MATRIX[:, _LOW_FREQUENCIES])
    bins = (coefficients / _BIN_WIDTH).astype(np.intp)
    counts = np.stack([np.bincount(column[column < len(_FIT_MATRIX)], minlength=len(_FIT_MATRIX)) for column in bins.T])
    counts = counts.astype(np.float32)
    frequencies = np.arange(len(_LOW_FREQUENCIES))
    nonzero_count = ((counts @ _NONZERO_MATRIX)[frequencies, _QUANTISATION_STEPS] * _INFORMATIVE_STEPS).sum(axis=1)
    fit = ((counts @ _FIT_MATRIX)[frequencies, _QUANTISATION_STEPS] * _INFORMATIVE_STEPS).sum(axis=1)
    scores = np.where(nonzero_count >= _MIN_COEFFICIENTS, fit / np.maximum(nonzero_count, 1), 0)
    best = int(scores.argmax())
    return float(scores[best]), _QUALITIES[best]
