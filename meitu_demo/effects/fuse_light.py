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

SAMPLE_RADIUS_SHARE = 0.02  # of the face's width: the radius over which a spot of skin is averaged
MIN_SKIN_SAMPLES = 6  # of the user's skin within the frame that can tell its tone
LIGHT_CORRECTION_SHARE = (0.7, 0.25)  # across and down: how much of the difference in light direction is evened out
MAX_LOG_LUMA_CHANGE = 0.15  # change of log luminance at most, anywhere on the face
RIM_SHADE_RANGE = (0.55, 1.08)  # of a drawn face's brightness at its rim against its cheeks
RIM_SHADE_WIDTH_PX = 64  # px across a face at which that shade is measured


class SkinLighting(NamedTuple):
    """The two skins under their light: samples at SKIN_POINTS, tones, and the tone that the result shall have."""

    user_samples: Points
    template_samples: Points
    user_tone: Points
    template_tone: Points
    target_tone: Points


def measure_lighting(
    warped: Image, frame_mask: NDArray[np.float32], target: Points, base: Image, outline: Points
) -> SkinLighting:
    """Read both skins: the user's on `warped` at `target`, the template's on its `base` at `outline`."""
    skin_points = list(colour.SKIN_POINTS)
    radius = SAMPLE_RADIUS_SHARE * float(np.ptp(outline[:, 0]))
    template_samples = colour.sample_colours(base, outline[skin_points], radius)
    user_samples = colour.sample_colours(warped, target[skin_points], radius)
    off_frame = colour.sample_colours(frame_mask, target[skin_points], radius) < 0.5
    user_samples[off_frame] = template_samples[
        off_frame
    ]  # the user's frame cuts them off: the template's skin will stand in
    user_tone = colour.compute_midtone(
        user_samples[~off_frame] if np.sum(~off_frame) >= MIN_SKIN_SAMPLES else user_samples
    )
    template_tone = colour.compute_midtone(template_samples)
    target_tone = colour.relight_tone(user_tone * colour.compute_exposure_gain(warped), template_tone)
    return SkinLighting(user_samples, template_samples, user_tone, template_tone, target_tone)


def relight(
    warped: Image, light: SkinLighting, target: Points, base: Image, outline: Points, *, is_drawn: bool
) -> Image:
    """The user's face in the template's tone of light, direction, shade and crispness."""
    relit = np.asarray(cv2.LUT(warped, colour.build_tone_curves(light.user_tone, light.target_tone)), np.uint8)
    gain = _compute_light_gain(
        target[list(colour.SKIN_POINTS)], light.user_samples, light.template_samples, relit.shape
    )
    if is_drawn:
        gain *= _compute_rim_gain(base, outline, light.template_tone)
    relit = np.asarray(cv2.multiply(relit, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)
    if not is_drawn:  # paint has no pores to compare with
        relit = colour.match_sharpness(relit, base, build_outline_mask(outline, 0.8, relit.shape) > 0.5)
    return relit


def _compute_light_gain(
    skin_points: Points, user_samples: Points, template_samples: Points, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Gain that lets the light fall from where the template's does: one gentle slope of brightness over the face."""
    gradient = np.array(LIGHT_CORRECTION_SHARE) * (
        colour.fit_light_gradient(skin_points, template_samples) - colour.fit_light_gradient(skin_points, user_samples)
    )
    x, y = np.arange(shape[1]) - skin_points[:, 0].mean(), np.arange(shape[0]) - skin_points[:, 1].mean()
    return np.exp(
        np.clip(gradient[0] * x[None] + gradient[1] * y[:, None], -MAX_LOG_LUMA_CHANGE, MAX_LOG_LUMA_CHANGE)
    ).astype(np.float32)


def _compute_rim_gain(base: Image, outline: Points, tone: Points) -> NDArray[np.float32]:
    """Gain that turns the face away at its rim as the drawing's own does; 1 in the middle, where features are."""
    width = float(np.ptp(outline[:, 0]))
    shrink_factor = max(1, int(width / RIM_SHADE_WIDTH_PX))
    small = cv2.resize(base, None, fx=1 / shrink_factor, fy=1 / shrink_factor, interpolation=cv2.INTER_AREA)
    points = outline * (np.array(small.shape[1::-1]) / base.shape[1::-1])
    skin = build_outline_mask(points, 0.97, small.shape)
    light = (small @ colour.LUMA_WEIGHTS).astype(np.float32)
    spread = 0.05 * width / shrink_factor
    soft = feather_mask(light * skin, spread) / np.maximum(feather_mask(skin, spread), 1e-3)
    shade = np.clip(soft / max(float(tone @ colour.LUMA_WEIGHTS), 1.0), *RIM_SHADE_RANGE)
    rim = 1 - feather_mask(build_outline_mask(points, 0.78, small.shape), 4 * spread)
    return np.asarray(cv2.resize(1 + (shade - 1) * rim, base.shape[1::-1]), np.float32)
