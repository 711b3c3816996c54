"""Tone and light of a fused face: whose is whose, and how the user's face is lit as the template is.

Used by `fuse` alone. All pictures are of one region of the template, meshes in its pixels.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..imaging import colour
from ..imaging.blend import build_outline_mask, feather_mask

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

SPOT = 0.02  # of the face's width: the radius over which a spot of skin is averaged
FEWEST_SPOTS = 6  # of the user's skin within the frame that can tell its tone
LIGHT_SHARE = (0.7, 0.25)  # across and down: how much of the difference in light direction is evened out
LIGHT_LIMIT = 0.15  # change of log luminance at most, anywhere on the face
SHADE_RANGE = (0.55, 1.08)  # of a drawn face's brightness at its rim against its cheeks
SHADE_WIDTH = 64  # px across a face at which that shade is measured


class Light(NamedTuple):
    """The two skins under their light: samples at SKIN_POINTS, tones, and the tone that the result shall have."""

    user: Points
    template: Points
    user_tone: Points
    template_tone: Points
    tone: Points


def read_light(warped: Image, inside: NDArray[np.float32], target: Points, base: Image, outline: Points) -> Light:
    """Read both skins: the user's on `warped` at `target`, the template's on its `base` at `outline`."""
    spots = list(colour.SKIN_POINTS)
    radius = SPOT * float(np.ptp(outline[:, 0]))
    there = colour.sample_colours(base, outline[spots], radius)
    here = colour.sample_colours(warped, target[spots], radius)
    unseen = colour.sample_colours(inside, target[spots], radius) < 0.5
    here[unseen] = there[unseen]  # the user's frame cuts them off: the template's skin will stand in
    own_tone = colour.compute_midtone(here[~unseen] if np.sum(~unseen) >= FEWEST_SPOTS else here)
    template_tone = colour.compute_midtone(there)
    tone = colour.relight_tone(own_tone * colour.compute_exposure_gain(warped), template_tone)
    return Light(here, there, own_tone, template_tone, tone)


def relight(warped: Image, light: Light, target: Points, base: Image, outline: Points, *, drawn: bool) -> Image:
    """The user's face in the template's tone of light, direction, shade and crispness."""
    own = np.asarray(cv2.LUT(warped, colour.build_tone_curves(light.user_tone, light.tone)), np.uint8)
    gain = _slope(target[list(colour.SKIN_POINTS)], light.user, light.template, own.shape)
    if drawn:
        gain *= _rim_shade(base, outline, light.template_tone)
    own = np.asarray(cv2.multiply(own, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)
    if not drawn:  # paint has no pores to compare with
        own = colour.match_sharpness(own, base, build_outline_mask(outline, 0.8, own.shape) > 0.5)
    return own


def _slope(spots: Points, user: Points, template: Points, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Gain that lets the light fall from where the template's does: one gentle slope of brightness over the face."""
    slope = np.array(LIGHT_SHARE) * (
        colour.fit_light_gradient(spots, template) - colour.fit_light_gradient(spots, user)
    )
    x, y = np.arange(shape[1]) - spots[:, 0].mean(), np.arange(shape[0]) - spots[:, 1].mean()
    return np.exp(np.clip(slope[0] * x[None] + slope[1] * y[:, None], -LIGHT_LIMIT, LIGHT_LIMIT)).astype(np.float32)


def _rim_shade(base: Image, outline: Points, tone: Points) -> NDArray[np.float32]:
    """Gain that turns the face away at its rim as the drawing's own does; 1 in the middle, where features are."""
    width = float(np.ptp(outline[:, 0]))
    coarse = max(1, int(width / SHADE_WIDTH))
    small = cv2.resize(base, None, fx=1 / coarse, fy=1 / coarse, interpolation=cv2.INTER_AREA)
    points = outline * (np.array(small.shape[1::-1]) / base.shape[1::-1])
    skin = build_outline_mask(points, 0.97, small.shape)
    light = (small @ colour.LUMA_WEIGHTS).astype(np.float32)
    spread = 0.05 * width / coarse
    soft = feather_mask(light * skin, spread) / np.maximum(feather_mask(skin, spread), 1e-3)
    shade = np.clip(soft / max(float(tone @ colour.LUMA_WEIGHTS), 1.0), *SHADE_RANGE)
    rim = 1 - feather_mask(build_outline_mask(points, 0.78, small.shape), 4 * spread)
    return np.asarray(cv2.resize(1 + (shade - 1) * rim, base.shape[1::-1]), np.float32)
