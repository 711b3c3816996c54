"""Face fuse: the user's face, with its features, on a template's body and in the template's light.

The user's mesh is rotated to the template's pose and fitted into its outline; the face is warped there, relit and
blended. A photo's neck and ears take the user's tone, and a drawing's front layer is composited on top. Only the region
that changes is computed. Pictures are RGB uint8 (h, w, 3), meshes (n, 2) in pixels.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from ..face_templates import Template
from ..imaging import align, blend, colour, occlusion
from ..imaging.align import Points
from ..imaging.blend import Mask, build_polygon_mask
from ..imaging.box import Box
from ..imaging.faces import Face
from ..imaging.resample import enlarge
from ..imaging.warp import EMPTY_MAP
from .fusion_target import SAMPLE_RADIUS_SHARE, FusionTarget, extract_mesh, find_mirrored_points, load_fusion_target

MAX_BLEND_BAND_SHARE = 0.08  # of the face's width; wider bands lose the tone of a beard or a cheek
MAX_SHARPENING, SHARPENING_SIGMA_PX = 0.5, 0.6  # of a photo whose face grows
MIN_ENLARGEMENT, MAX_ENLARGEMENT = 1.6, 4  # a face that grows more than this is enlarged before the warp
MAX_LINEAR_ENLARGEMENT = 1.3  # of pixels enlarged before; more needs cubic interpolation
MAX_REACH_SHARE = 0.3  # of the user's face: how far beyond it the warp reads the photo
FILTER_REACH_PX = 8  # of the photo, around the pixels that the warp reads: enlarging and averaging read them too

CHEEKS_AND_BRIDGE = (234, 454, 168)
MIN_FAR_SIDE_SHARE = 0.2  # of the face's width, from a cheek to the nose's bridge; less is mirrored from the near side
FAR_SIDE_FEATHER_SHARE = 0.06  # of the face's width
MIN_SKIN_SAMPLES = 6
LIGHT_CORRECTION_SHARE = (0.7, 0.25)  # of the difference in light gradient, in x and y
MAX_LOG_LUMA_CHANGE = 0.15
TINT_STEP_PX = 8  # every eighth pixel tells whether the photo is in colour


class SkinLighting(NamedTuple):
    """Colours of the user's skin: (n, 3) samples at SKIN_POINTS, its tone (3,), and the tone that the result gets."""

    samples: Points
    tone: Points
    target_tone: Points


def fuse(image: Image, face: Face, template: Template) -> Image:
    """Put `face`, found in `image`, on `template`. The result is RGB uint8 of the template's size.

    Raises FaceTooSmall if either mesh is not finite or less than 4 px wide or high.
    """
    mesh, depth = extract_mesh(face)
    target = load_fusion_target(template)
    aligned = align.align_pose(mesh, depth, target.outline, target.depth)
    points = align.blend_into_outline(aligned, target.outline)
    warped, frame_mask = _warp_face(image, mesh, points, target.face_box.shape)
    if (far_side := _build_far_side_mask(mesh, points, target.face_box.shape)) is not None:
        mirrored, mirrored_frame_mask = _warp_face(image, mesh[find_mirrored_points()], points, target.face_box.shape)
        warped = blend.blend_linear(warped, mirrored, far_side)
        frame_mask += (mirrored_frame_mask - frame_mask) * far_side
    warped, light, monochrome_curves = _correct_light(image, warped, frame_mask, points, target)
    hair = occlusion.measure_hair_colour(image, mesh)
    hidden = np.maximum(occlusion.build_occlusion_mask(warped, points, hair), 1 - frame_mask)
    body = _apply_user_tone(target, light)
    face_slices = target.face_box.relative_to(target.body_box).slices
    body[face_slices] = _blend_face(_relight(warped, light, points, target), body[face_slices], hidden, target)
    if target.front is not None:
        body = blend.blend_linear(body, *target.front)
    result = template.composite.copy()
    result[target.body_box.slices] = body
    return result if monochrome_curves is None else colour.apply_monochrome_curves(result, monochrome_curves)


def _warp_face(image: Image, mesh: Points, points: Points, shape: tuple[int, int]) -> tuple[Image, Mask]:
    """Warp `mesh` onto `points`: a picture of `shape`, and a mask of its pixels that lie inside the user's photo."""
    size = shape[::-1]
    nodes = align.build_dense_map(mesh, points, (0, 0, *size))
    frame = np.array(image.shape[1::-1])
    reach_px = MAX_REACH_SHARE * float(np.ptp(mesh, axis=0).max())
    sampled = np.clip(nodes.reshape(-1, 2), mesh.min(0) - reach_px, mesh.max(0) + reach_px)
    box = Box.enclose(sampled.min(0) - FILTER_REACH_PX, sampled.max(0) + FILTER_REACH_PX, image.shape)
    crop, box_size = image[box.slices], np.array(box.shape[::-1])
    scale = float(np.ptp(points[:, 0]) / np.ptp(mesh[:, 0]))
    if scale < 0.75:  # remapping alone would alias
        reduced_size = np.maximum(1, np.rint(box_size * scale)).astype(int)
        crop = np.asarray(cv2.resize(crop, reduced_size.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
    elif scale > 1:
        is_enlarged = scale > MIN_ENLARGEMENT
        amount = min(MAX_SHARPENING, (0.15 if is_enlarged else 0.4) * np.log2(scale))
        crop = colour.sharpen(crop, amount, SHARPENING_SIGMA_PX)
        if is_enlarged:
            crop = enlarge(crop, min(round(scale), MAX_ENLARGEMENT))
    factor = (np.array(crop.shape[1::-1]) / box_size).astype(np.float32)
    crop_nodes = ((nodes - box.corner + 0.5) * factor - 0.5).astype(np.float32)
    sampling_map = cv2.resize(crop_nodes, size, interpolation=cv2.INTER_LINEAR)
    is_fine = scale <= 1 or MIN_ENLARGEMENT < scale <= MAX_LINEAR_ENLARGEMENT * factor[0]
    method = cv2.INTER_LINEAR if is_fine else cv2.INTER_CUBIC
    warped = np.asarray(cv2.remap(crop, sampling_map, EMPTY_MAP, method, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    edge = np.minimum(*cv2.split(np.minimum(nodes, frame - 1 - nodes))) / max(0.04 * float(np.ptp(mesh[:, 0])), 1.0)
    frame_mask = cv2.resize(np.clip(edge, 0, 1).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return warped, np.asarray(frame_mask, np.float32)


def _build_far_side_mask(mesh: Points, points: Points, shape: tuple[int, int]) -> Mask | None:
    """Mask of the half of `points` that is hidden in the photo, because the head of `mesh` is turned; None if seen."""
    left, right, bridge = mesh[list(CHEEKS_AND_BRIDGE)]
    bridge_share = (bridge - left) @ (right - left) / max((right - left) @ (right - left), 1e-6)
    if MIN_FAR_SIDE_SHARE < bridge_share < 1 - MIN_FAR_SIDE_SHARE:
        return None
    outline = align.scale_outline(points, 1.5)
    half = len(outline) // 2  # from the top to the chin
    far = np.arange(half + 1) + (0 if bridge_share > 0.5 else half)
    return build_polygon_mask(outline[far % len(outline)], shape, FAR_SIDE_FEATHER_SHARE * float(np.ptp(points[:, 0])))


def _correct_light(
    image: Image, warped: Image, frame_mask: Mask, points: Points, target: FusionTarget
) -> tuple[Image, SkinLighting, NDArray[np.uint8] | None]:
    """The face without underexposure and coloured light, its skin, and the curves of a black-and-white photo."""
    eye_white = colour.measure_eye_white(warped, points)
    gain = colour.compute_exposure_gain(image, eye_white)
    warped = np.asarray(cv2.convertScaleAbs(warped, alpha=gain), np.uint8)
    every = slice(None, None, TINT_STEP_PX)
    is_seen = target.skin_pixels[every, every] & (frame_mask[every, every] > 0.5)
    curves = colour.fit_monochrome_curves(warped[every, every][is_seen])
    light = _measure_lighting(warped, frame_mask, points, target, gain * eye_white)
    white_balance = colour.compute_white_balance(light.tone) if curves is None else None
    if white_balance is not None:
        warped = np.asarray(cv2.multiply(warped, (*white_balance, 1.0), dtype=cv2.CV_8U), np.uint8)
        light = _measure_lighting(warped, frame_mask, points, target, gain * eye_white)
    return warped, light, curves


def _measure_lighting(
    warped: Image, frame_mask: Mask, points: Points, target: FusionTarget, eye_white: float
) -> SkinLighting:
    skin_points = points[list(colour.SKIN_POINTS)]
    radius = SAMPLE_RADIUS_SHARE * float(np.ptp(target.outline[:, 0]))
    samples = colour.sample_colours(warped, skin_points, radius)
    off_frame = colour.sample_colours(frame_mask, skin_points, radius) < 0.5
    samples[off_frame] = target.samples[off_frame]  # outside the user's photo the template's skin is visible
    has_enough = np.sum(~off_frame) >= MIN_SKIN_SAMPLES
    tone = colour.compute_midtone(samples[~off_frame] if has_enough else samples)
    return SkinLighting(samples, tone, colour.relight_tone(colour.light_tone(tone, eye_white), target.tone))


def _apply_user_tone(target: FusionTarget, light: SkinLighting) -> Image:
    """The template's body with a drawn face, or a photo's skin, in the user's tone."""
    toned = _change_tone(target.body, target.tone, light.target_tone)
    return blend.blend_linear(target.body, toned, target.tone_mask)


def _change_tone(image: Image, tone: Points, target_tone: Points) -> Image:
    return np.asarray(cv2.LUT(image, colour.build_tone_curves(tone, target_tone)), np.uint8)


def _relight(warped: Image, light: SkinLighting, points: Points, target: FusionTarget) -> Image:
    """The user's face with the template's light: its colour, direction, rim shade and sharpness."""
    relit = _change_tone(warped, light.tone, light.target_tone)
    gain = cv2.resize(_compute_light_gain(points, light, target) * target.gain, relit.shape[1::-1])
    relit = np.asarray(cv2.multiply(relit, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)
    if target.sharpness is None:
        return relit
    return colour.match_sharpness(relit, target.sharpness, target.skin_pixels)


def _compute_light_gain(points: Points, light: SkinLighting, target: FusionTarget) -> Mask:
    """Gain, of the shape of `target.gain`, that gives the light the template's direction: one log-linear gradient."""
    skin_points = points[list(colour.SKIN_POINTS)]
    gradient = np.array(LIGHT_CORRECTION_SHARE) * (
        target.light_gradient - colour.fit_light_gradient(skin_points, light.samples)
    )
    (rows, columns), (height, width) = target.gain.shape, target.face_box.shape
    x = (np.arange(columns) + 0.5) * width / columns - 0.5 - skin_points[:, 0].mean()
    y = (np.arange(rows) + 0.5) * height / rows - 0.5 - skin_points[:, 1].mean()
    log_gain = gradient[0] * x + gradient[1] * y[:, None]
    return np.exp(np.clip(log_gain, -MAX_LOG_LUMA_CHANGE, MAX_LOG_LUMA_CHANGE)).astype(np.float32)


def _blend_face(user_face: Image, body: Image, hidden: Mask, target: FusionTarget) -> Image:
    """Blend the visible `user_face` onto `body`, inside the seam."""
    visible = 1 - hidden
    levels = round(np.log2(max(1.0, MAX_BLEND_BAND_SHARE * float(np.ptp(target.outline[:, 0])))))
    seam = target.seam_mask * visible
    return blend.blend_multiband(user_face, body, seam, levels, top_mask=visible, limit=target.outer_mask)
