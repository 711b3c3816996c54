"""Colours that a file declares without an ICC profile: PNG's cICP, gAMA and cHRM, HEIC's nclx. Converts them to sRGB.

Code points are those of ITU-T H.273. HDR (PQ and HLG of ITU-R BT.2100) is mapped to SDR as Chromium does it: white at
203 cd/m² (BT.2408), a peak of 1000 cd/m², and the curve that SMPTE ST 2094-50 gives where a file names none.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..domain.model import Image, PhotoChange
from . import png_structure
from .safe_open import OpenedPhoto

Floats = NDArray[np.float32]
Chromaticities = tuple[float, ...]  # x and y of red, green, blue and white

BAND_ROWS = 256
SDR_WHITE_NITS, HDR_PEAK_NITS = 203.0, 1000.0
MAX_GAMMA_DEVIATION = 0.05  # of gAMA from sRGB's: as in libpng, nobody sees less
_D65 = (0.3127, 0.329)
_BT_709: Chromaticities = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65)
_PRIMARIES: dict[int, tuple[str, Chromaticities]] = {
    1: ("sRGB", _BT_709),
    5: ("BT.601", (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65)),
    6: ("BT.601", (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *_D65)),
    7: ("BT.601", (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *_D65)),
    9: ("BT.2020", (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65)),
    11: ("DCI-P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351)),
    12: ("Display P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65)),
}
_BT_2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
_PQ, _HLG = 16, 18
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}  # by code point; every other SDR curve is shown as sRGB's, as browsers do
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True, slots=True)
class ColourEncoding:
    """Primaries and transfer curve. decode: stored 0..1 to linear light, where 1.0 is SDR white, but
    to HLG's light of the scene. name: for people."""

    name: str
    chromaticities: Chromaticities
    decode: Callable[[Floats], Floats]
    is_hdr: bool = False


def convert_declared_colours(pixels: Image, opened: OpenedPhoto) -> tuple[Image, list[PhotoChange]] | None:
    """Convert RGB `pixels` (h, w, 3) to sRGB; None when the file declares nothing, or sRGB."""
    encoding = read_colour_encoding(opened)
    if encoding is None:
        return None
    change = PhotoChange("hdr") if encoding.is_hdr else PhotoChange("colour_profile", {"profile": encoding.name})
    return convert_to_srgb(pixels, encoding), [change]


def read_colour_encoding(opened: OpenedPhoto) -> ColourEncoding | None:
    """The declared encoding; None for sRGB, for an ICC profile that counts instead, and for values unknown here."""
    if opened.kind == "HEIF":
        nclx: dict[str, Any] = opened.image.info.get("nclx_profile") or {}
        if opened.image.info.get("icc_profile"):
            return None
        return _from_code_points(nclx.get("color_primaries", 2), nclx.get("transfer_characteristics", 2))
    if opened.kind != "PNG":
        return None
    chunks = {name: opened.data[start:end] for name, start, end in reversed(png_structure.read_chunks(opened.data))}
    if len(cicp := chunks.get("cICP", b"")) == 4 and cicp[2] == 0:
        return _from_code_points(cicp[0], cicp[1])
    if "iCCP" in chunks or "sRGB" in chunks:
        return None
    return _from_gamma(chunks.get("gAMA", b""), chunks.get("cHRM", b""))


def convert_to_srgb(pixels: Image, encoding: ColourEncoding) -> Image:
    """Convert RGB `pixels` (h, w, 3) of `encoding` to sRGB, in bands of rows; colours outside sRGB are clipped."""
    linear_values = encoding.decode(np.arange(256, dtype=np.float32) / 255).astype(np.float32)
    srgb_values = (_encode_srgb(np.arange(65536, dtype=np.float32) / 65535) * 255 + 0.5).astype(np.uint8)
    matrix = _compute_matrix_to_srgb(encoding.chromaticities)
    result = np.empty_like(pixels)
    for top in range(0, len(pixels), BAND_ROWS):
        linear = linear_values[pixels[top : top + BAND_ROWS]]
        if encoding.decode is _decode_hlg:
            linear = _apply_hlg_ootf(linear)
        if encoding.is_hdr:
            linear = _map_to_sdr(linear)
        linear = cv2.transform(linear, matrix)
        result[top : top + BAND_ROWS] = srgb_values[(linear.clip(0, 1) * 65535 + 0.5).astype(np.uint16)]
    return result


def _from_code_points(primaries: int, transfer: int) -> ColourEncoding | None:
    name, chromaticities = _PRIMARIES.get(primaries, _PRIMARIES[1])
    if transfer in (_PQ, _HLG):
        return ColourEncoding(name, chromaticities, _decode_pq if transfer == _PQ else _decode_hlg, is_hdr=True)
    gamma = _GAMMAS.get(transfer)
    if gamma is None:
        return None if name == "sRGB" else ColourEncoding(name, chromaticities, _decode_srgb)
    return ColourEncoding(f"{name}, gamma {gamma}", chromaticities, lambda values: values**gamma)


def _from_gamma(gama: bytes, chrm: bytes) -> ColourEncoding | None:
    """From PNG's gAMA and cHRM; a cHRM without gAMA says nothing about the curve and is ignored, as in Chromium."""
    exponent = int.from_bytes(gama, "big") / 100_000 if len(gama) == 4 else 0.0
    if not 0.01 <= exponent <= 10:
        return None
    chromaticities = _BT_709
    if len(chrm) == 32:
        white, *rest = struct.iter_unpack(">II", chrm)
        stored = tuple(value / 100_000 for point in (*rest, white) for value in point)
        if _is_usable(stored) and not np.allclose(stored, _BT_709, atol=0.002):
            chromaticities = stored
    is_srgb_curve = abs(exponent * 2.2 - 1) < MAX_GAMMA_DEVIATION
    if is_srgb_curve and chromaticities is _BT_709:
        return None
    name = f"gamma {1 / exponent:.2g}"
    return ColourEncoding(
        name, chromaticities, _decode_srgb if is_srgb_curve else lambda values: values ** (1 / exponent)
    )


def _is_usable(chromaticities: Chromaticities) -> bool:
    """Whether the primaries span a triangle and no point has y = 0."""
    xr, yr, xg, yg, xb, yb, _, _ = chromaticities
    area = abs((xg - xr) * (yb - yr) - (xb - xr) * (yg - yr))
    return area > 0.01 and min(chromaticities[1::2]) > 0.001 and max(chromaticities) <= 2


def _compute_matrix_to_srgb(chromaticities: Chromaticities) -> Floats:
    """Linear RGB to linear sRGB, adapted to its white by Bradford's method (Lindbloom, "RGB/XYZ matrices")."""
    source_white, srgb_white = _to_xyz(*chromaticities[6:]), _to_xyz(*_D65)
    scale = np.diag((_BRADFORD @ srgb_white) / (_BRADFORD @ source_white))
    adaptation = np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD
    matrix = np.linalg.inv(_compute_matrix_to_xyz(_BT_709)) @ adaptation @ _compute_matrix_to_xyz(chromaticities)
    return matrix.astype(np.float32)


def _compute_matrix_to_xyz(chromaticities: Chromaticities) -> NDArray[np.float64]:
    xr, yr, xg, yg, xb, yb, xw, yw = chromaticities
    columns = np.stack([_to_xyz(xr, yr), _to_xyz(xg, yg), _to_xyz(xb, yb)], axis=1)
    return columns * np.linalg.solve(columns, _to_xyz(xw, yw))


def _to_xyz(x: float, y: float) -> NDArray[np.float64]:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _map_to_sdr(linear: Floats) -> Floats:
    """Halve light up to white, and bend what is brighter so that the peak becomes 1, by a quadratic Bézier curve.

    The curve is that of the largest channel, whose factor holds for all three. linear: (h, w, 3), 1.0 is white.
    """
    peak, bend = HDR_PEAK_NITS / SDR_WHITE_NITS, 0.65  # bend: how near the curve comes to the corner of its tangents
    t = np.linspace(0, 1, 256)
    inputs = (1 - t) ** 2 + 2 * t * (1 - t) * (1 + bend) + t**2 * peak
    outputs = 0.5 * (1 - t) ** 2 + 2 * t * (1 - t) * (0.5 + 0.5 * bend) + t**2
    largest = linear.max(axis=-1, keepdims=True)
    factor = np.interp(largest, inputs, outputs) / np.maximum(largest, 1.0)
    return (linear * factor).astype(np.float32)


def _decode_srgb(values: Floats) -> Floats:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encode_srgb(linear: Floats) -> Floats:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


def _decode_pq(values: Floats) -> Floats:
    """PQ's EOTF (BT.2100, table 4)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = values.astype(np.float64) ** (1 / m2)
    nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return (nits / SDR_WHITE_NITS).astype(np.float32)


def _decode_hlg(values: Floats) -> Floats:
    """HLG's inverse OETF (BT.2100, table 5): the light of the scene, up to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values.astype(np.float64) ** 2 / 3, (np.exp((values - c) / a) + b) / 12)
    return scene.astype(np.float32)


def _apply_hlg_ootf(scene: Floats) -> Floats:
    """Light of the scene to light of a display with HDR_PEAK_NITS (BT.2100, table 5): gamma 1.2 on luminance."""
    luminance = np.maximum(scene @ _BT_2020_LUMINANCE, 1e-6)[..., None]
    return scene * luminance**0.2 * np.float32(HDR_PEAK_NITS / SDR_WHITE_NITS)
