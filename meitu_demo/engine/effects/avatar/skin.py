"""The skin as it is drawn: two or three tones in the photo's own colour, evened out, with a blush.

Colours are CIELAB, float32.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...imaging.blend import blur, smoothstep
from ...imaging.colour import sample_colours
from .head import Head, Image, Plane

Lab = NDArray[np.float32]  # (3,) or (h, w, 3)

UPPER_CHEEKS = (50, 101, 36, 117, 118, 280, 330, 266, 346, 347)
STEP_L = 3.2  # half the width of the edge between two tones, in L of the photo
# Skin is drawn a little lighter than it is.
DRAWN_SKIN_L, SKIN_LIFT, MAX_SKIN_LIFT_L, MAX_CHEEK_LIFT_L = 84.0, 0.3, 7.0, 12.0
SKIN_SHADOW_L, SKIN_DEEP_L, SKIN_LIGHT_L = -8.0, -7.0, 3.5  # steps between the tones
SKIN_SHADING = (0.25, 0.45)  # of the skin's own shading, which stays between the steps: below and above the median
SHADING_SIGMA, CHROMA_SIGMA = 0.04, 0.12  # face widths over which shading and colour are evened out
MAX_CHROMA_CHANGE = 6.0  # of a and b from the median of the skin
SHADING_DETAIL = 0.6  # of finer shading that stays
SKIN_SHADOW_AT, SKIN_DEEP_AT, SKIN_LIGHT_AT = -9.0, -24.0, 8.0  # L from the skin's median
DRAWN_SKIN_SPREAD_L = 15.0  # between dark and light skin of a face
BLUSH_POINTS, BLUSH_RADIUS = ((50, 187), (280, 411)), 0.2  # face widths
BLUSH = np.array((-1.0, 5.5, 1.5), np.float32)  # LAB
MIN_CHROMA = 6.0  # of skin in a photo whose colours can be believed
BLUSHED_SKIN_A = (24.0, 10.0)  # at the first, skin is red without it


def to_lab(image: Image) -> Lab:
    """Convert RGB uint8 to LAB."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SkinTone:
    """One face's skin. median: LAB in the photo. lift: L by which it is drawn lighter. contrast: factor of its L."""

    median: Lab
    lift: float
    contrast: float

    @property
    def drawn(self) -> Lab:
        """LAB of the middle tone as it is drawn."""
        return np.add(self.median, (self.lift, 0, 0), dtype=np.float32)

    @property
    def chroma(self) -> float:
        """Chroma in the photo."""
        return float(np.hypot(*self.median[1:]))


def measure_skin(smooth: Lab, sample: Lab, head: Head) -> SkinTone:
    """Measure the skin of `head` on LAB `smooth` from `sample` (n, 3), pixels of bare skin."""
    median = np.asarray(np.median(sample, 0), np.float32)
    spread = float(np.subtract(*np.quantile(sample[:, 0], (0.85, 0.15))))
    contrast = float(np.clip(DRAWN_SKIN_SPREAD_L / max(spread, 1.0), 1.0, 1.7))  # or a softly lit face is a mask
    lift = float(np.clip((DRAWN_SKIN_L - median[0]) * SKIN_LIFT, 0, MAX_SKIN_LIFT_L))
    cheeks = sample_colours(smooth, head.points[list(UPPER_CHEEKS)], 1)
    # Lit cheeks are not drawn darker than they are: the network takes away 3 L.
    lift = float(np.clip(float(np.quantile(cheeks[:, 0], 0.6)) + 3 - median[0], lift, MAX_CHEEK_LIFT_L))
    return SkinTone(median, lift, contrast)


def paint_skin(smooth: Lab, bare_skin: Plane, head: Head, tone: SkinTone, softness: Plane) -> Lab:
    """Skin all over the picture, as it would be if `bare_skin`, 0..1, had no features, hair and glasses on it.

    Tones are steps of lightness from the median. Colour is the photo's own, evened out over a large radius.
    smooth: the photo in LAB. softness: 0..1, the share of shading that is taken away.
    """
    median, width = tone.median, head.width
    fill = _continue(smooth, bare_skin, SHADING_SIGMA * width)
    even = fill[..., 0] + (smooth[..., 0] - fill[..., 0]) * SHADING_DETAIL * blur(bare_skin, 0.02 * width)
    offset = (blur(even, 1.5) - median[0]) * tone.contrast * (1 - softness)
    shadow, deep = (smoothstep(at + STEP_L, at - STEP_L, offset) for at in (SKIN_SHADOW_AT, SKIN_DEEP_AT))
    light = smoothstep(SKIN_LIGHT_AT - STEP_L, SKIN_LIGHT_AT + STEP_L, offset)
    shading = SKIN_SHADING[0] * np.clip(offset, -20, 0) + SKIN_SHADING[1] * np.clip(offset, 0, 25)
    tones = _continue(smooth, bare_skin, CHROMA_SIGMA * width)
    tones[..., 0] = np.clip(
        tone.drawn[0] + shading + SKIN_SHADOW_L * shadow + SKIN_DEEP_L * deep + SKIN_LIGHT_L * light, 4, 95
    )
    tones[..., 1:] = median[1:] + np.clip(tones[..., 1:] - median[1:], -MAX_CHROMA_CHANGE, MAX_CHROMA_CHANGE)
    tones[..., 1:] *= (1 + 0.12 * (shadow + deep))[..., None] * (1.1, 0.96)  # the network draws skin yellower
    blush = BLUSH * min(tone.chroma / MIN_CHROMA, 1.0) * smoothstep(*BLUSHED_SKIN_A, float(median[1]))
    tones += _draw_blush(head, smooth.shape) * blush
    return tones


def _continue(picture: Lab, weight: Plane, sigma: float) -> Lab:
    """Blur `picture` where `weight` is, 0..1; where it is not, continue what is around. At a quarter of the size."""
    weighted = np.dstack([picture * weight[..., None], weight])
    small = np.asarray(cv2.resize(weighted, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.float32)
    near = blur(small, sigma / 4) + 1e-2 * blur(small, sigma) + 1e-5 * small.mean((0, 1)) + 1e-9
    continued = near[..., :3] / near[..., 3:]
    return np.asarray(cv2.resize(continued, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _draw_blush(head: Head, shape: tuple[int, ...]) -> Lab:
    """Two soft spots on the cheeks: (h, w, 1), 0..1."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    spots = [np.hypot(*head.project(x, y, head.points[list(cheek)].mean(0))) for cheek in BLUSH_POINTS]
    return smoothstep(BLUSH_RADIUS * head.width, 0, np.minimum(*spots))[..., None]
