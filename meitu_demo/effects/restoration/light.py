"""Is a picture under-exposed or flat, and the curve that opens it up without clipping.

Only two cases are certain enough to act on: nothing in the picture is bright, or everything in it has nearly the same
brightness. A night scene with a lamp and a portrait on black are neither. The curve is a straight line, which leaves
colours their hue, with a shoulder at its upper end.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .blocks import Plane

_WHITE: Final = 228.0  # where the brightest half per cent is brought
_SHOULDER: Final = 215.0  # from here on values are squeezed towards, never onto, 255
_MOST: Final = 4.0
# The brightest half per cent of 21 well-exposed photos lies above 146; a third of their light brings it below 90.
_DARK: Final = (110.0, 140.0)
# Brightest minus darkest tenth of a per cent; 21 photos of which none looks hazy spread by more than 125.
_FLAT: Final = (72.0, 82.0)
_FLAT_SPREAD: Final = 185.0


@dataclass(frozen=True, slots=True)
class Curve:
    """value → (value − black) · gain + toe, then the shoulder."""

    gain: float = 1.0
    black: float = 0.0
    toe: float = 0.0

    @property
    def changes(self) -> bool:
        return self.gain > 1.01

    def bend(self, luma: Plane, *chroma: Plane) -> tuple[Plane, ...]:
        """The luma along the curve, each chroma plane by the same factor as its pixel's luma."""
        straight = np.maximum((luma - self.black) * self.gain + self.toe, 0)
        room = 255.0 - _SHOULDER
        over = np.maximum(straight - _SHOULDER, 0)
        bent = np.where(over > 0, _SHOULDER + room * over / (over + room), straight).astype(np.float32)
        factor = self.gain * (bent + 1) / (straight + 1)
        return bent, *(plane * factor for plane in chroma)


def exposure_curve(luma: Plane) -> Curve:
    """The curve that a luma plane needs; one that changes nothing for most photos."""
    sample = luma[:: 1 + luma.shape[0] // 1000, :: 1 + luma.shape[1] // 1000]
    darkest, bright, brightest = (float(value) for value in np.percentile(sample, (0.1, 99.5, 99.9)))
    spread = brightest - darkest
    if spread < 12:  # a wall, a test card: there is nothing to open
        return Curve()
    flat = _ramp(spread, *_FLAT) * (darkest > 40)
    if flat:
        gain = 1 + flat * (min(_FLAT_SPREAD / spread, _MOST) - 1)
        middle = (darkest + brightest) / 2
        centre = middle + flat * (125 - middle)
        return Curve(gain, middle, centre)
    dark = _ramp(bright, *_DARK)
    return Curve(1 + dark * (min(_WHITE / max(bright, 1), _MOST) - 1))


def _ramp(value: float, full: float, none: float) -> float:
    return float(np.clip((none - value) / (none - full), 0, 1))
