"""Detection of underexposure and low contrast, and the tone curve that corrects them without clipping.

Three cases are certain enough to correct: nothing in the picture is bright, everything has nearly the same brightness,
or the largest face is dark and so are the whites of its eyes. Dark skin in good light has bright eyes and stays as it
is, as do a night scene with a lamp and a portrait on black. The curve is linear, which preserves hue, with a shoulder
at its upper end; for a dark face it is a power, which leaves a bright wall behind it as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ...imaging.align import FACE_OVAL
from ...imaging.faces import Face
from .planes import Plane, compute_ramp
from .portrait import EYE_LANDMARKS

_TARGET_WHITE: Final = 228.0  # for the 99.5th percentile
_SHOULDER_START: Final = 215.0  # higher values approach 255 and never reach it
_MAX_GAIN: Final = 4.0
# Of the 99.5th percentile: above 146 in 21 well-exposed photos, below 90 with a third of their light.
_UNDEREXPOSED_RANGE: Final = (140.0, 110.0)
# Of the 99.9th minus the 0.1st percentile: above 125 in 21 photos without haze.
_LOW_CONTRAST_RANGE: Final = (82.0, 72.0)
_TARGET_SPREAD: Final = 185.0
# Median of a face, and 90th percentile of its eyes. In well-exposed portraits above 103 and, in shadow, above 75.
_DARK_FACE_RANGE: Final = (102.0, 92.0)
_DARK_EYES_RANGE: Final = (140.0, 114.0)
# Underexposure darkens eyes, which lie in shadow, more than the face. Eyes / face: 0.73 and more in good light.
_DIM_FACE_RANGE: Final = (112.0, 95.0)
_DIM_EYES_RATIO_RANGE: Final = (0.7, 0.62)
_TARGET_FACE: Final = 154.0
_MAX_GAMMA: Final = 2.2
_POWER_TOE: Final = 0.5  # a plain power would turn rounding errors in black cloth into speckles


@dataclass(frozen=True, slots=True)
class ToneCurve:
    """value → value · gain + offset, then the shoulder; with a gamma above 1, the power 1 / gamma instead.

    gain: how much the curve amplifies noise, with a gamma that in the face.
    """

    gain: float = 1.0
    offset: float = 0.0
    gamma: float = 1.0

    @property
    def has_effect(self) -> bool:
        return self.gain > 1.01 or self.gamma > 1.01

    def apply(self, luma: Plane, *chroma: Plane) -> tuple[Plane, ...]:
        """Map the luma by the curve, and scale chroma planes by each pixel's ratio of luma."""
        if self.gamma > 1:
            share = (np.maximum(luma, 0) + _POWER_TOE) / (255 + _POWER_TOE)
            low = (_POWER_TOE / (255 + _POWER_TOE)) ** (1 / self.gamma)
            lifted = 255 * (np.power(share, 1 / self.gamma) - low) / (1 - low)
            ratio = (lifted + 1) / (np.maximum(luma, 0) + 1) / self.gamma  # the slope, as if R, G and B were lifted
            return np.asarray(lifted, np.float32), *(plane * ratio for plane in chroma)
        straight = np.maximum(luma * self.gain + self.offset, 0)
        excess, headroom = np.maximum(straight - _SHOULDER_START, 0), 255.0 - _SHOULDER_START
        compressed = np.asarray(straight - excess * excess / (excess + headroom), np.float32)
        factor = self.gain * (compressed + 1) / (straight + 1)
        return compressed, *(plane * factor for plane in chroma)


def fit_exposure_curve(luma: Plane, faces: Sequence[Face] = ()) -> ToneCurve:
    """The curve that a luma plane needs: the identity for most photos. faces: largest first; may be empty."""
    sample = luma[:: 1 + luma.shape[0] // 1000, :: 1 + luma.shape[1] // 1000]
    darkest, bright, brightest = (float(value) for value in np.percentile(sample, (0.1, 99.5, 99.9)))
    spread = brightest - darkest
    if spread < 12:  # a wall or a test card
        return ToneCurve()
    flatness = compute_ramp(spread, *_LOW_CONTRAST_RANGE) * (darkest > 40)
    if flatness:
        gain = 1 + flatness * (min(_TARGET_SPREAD / spread, _MAX_GAIN) - 1)
        middle = (darkest + brightest) / 2
        return ToneCurve(gain, middle + flatness * (125 - middle) - middle * gain)
    darkness = compute_ramp(bright, *_UNDEREXPOSED_RANGE)
    curve = ToneCurve(1 + darkness * (min(_TARGET_WHITE / max(bright, 1), _MAX_GAIN) - 1))
    return curve if curve.has_effect or not faces else _fit_face_curve(luma, faces[0])


def _fit_face_curve(luma: Plane, face: Face) -> ToneCurve:
    oval = _read_polygon(luma, face, FACE_OVAL)
    eyes = np.concatenate([_read_polygon(luma, face, eye) for eye in EYE_LANDMARKS])
    if not oval.size or not eyes.size:  # outside the frame
        return ToneCurve()
    middle = max(float(np.median(oval)), 1.0)
    bright_eyes = float(np.percentile(eyes, 90))
    darkness = max(
        compute_ramp(middle, *_DARK_FACE_RANGE) * compute_ramp(bright_eyes, *_DARK_EYES_RANGE),
        compute_ramp(middle, *_DIM_FACE_RANGE) * compute_ramp(bright_eyes / middle, *_DIM_EYES_RATIO_RANGE),
    )
    gamma = min(float(np.log(middle / 255) / np.log(_TARGET_FACE / 255)), _MAX_GAMMA)
    gamma = 1 + darkness * (gamma - 1)
    return ToneCurve(max(1.0, (255 / middle) ** (1 - 1 / gamma) / gamma), gamma=gamma)


def _read_polygon(luma: Plane, face: Face, landmarks: Sequence[int]) -> Plane:
    """(n,) values of `luma` inside the hull of some landmarks, as far as the frame shows it."""
    hull = cv2.convexHull(np.round(face.landmarks[list(landmarks)]).astype(np.int32))
    mask = np.zeros(luma.shape, np.uint8)
    cv2.fillConvexPoly(mask, hull, 1)
    return np.asarray(luma[mask > 0])
