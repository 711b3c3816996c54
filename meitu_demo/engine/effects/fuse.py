"""Face fuse: the user's face, with its features, on a template's body and in the template's light.

The user's mesh is rotated to the template's pose and fitted into its outline; the face is warped there, relit and
blended. Neck and ears take the user's skin tone, and the template's front layer is composited on top. Only the region
that changes is computed. Pictures are RGB uint8 (h, w, 3), meshes (n, 2) in pixels.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.errors import FaceTooSmall
from ..face_templates import Template
from ..imaging import align, blend, colour, occlusion
from ..imaging.blend import build_outline_mask, feather_mask
from ..imaging.faces import Face

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

MIN_MESH_WIDTH_PX = 4.0
# Of the outline's size. Within a photographed jaw; a drawn front layer hides the seam.
SEAM_OUTLINE_SHARE = {"drawn": 0.99, "photo": 0.95, "own": 0.95}
MAX_BLEND_BAND_SHARE = 0.08  # of the face's width; wider bands lose the tone of a beard or a cheek
OUTLINE_MARGIN_SHARE = 0.08  # of the face's width: room around the outline for the blend's widest band
MAX_SHARPENING = 0.5
MIN_ENLARGEMENT, MAX_ENLARGEMENT = 1.6, 4  # a face that grows more than this is enlarged before the warp
CROP_MARGIN_SHARE = 0.3  # of the user's face: its surroundings in the photo
FILTER_REACH_PX = 8  # of the photo, around the pixels that the warp reads: enlarging and averaging read them too
MIN_NECK_SAMPLES = 30
NECK_SHADE_RANGE = (0.5, 1.1)  # brightness of the neck relative to the face
NO_SECOND_MAP = np.empty(0, np.float32)  # for cv2.remap, whose first map holds both x and y

SAMPLE_RADIUS_SHARE = 0.02  # of the face's width, around each skin point
MIN_SKIN_SAMPLES = 6
LIGHT_CORRECTION_SHARE = (0.7, 0.25)  # of the difference in light gradient, in x and y
MAX_LOG_LUMA_CHANGE = 0.15
RIM_SHADE_RANGE = (0.55, 1.08)  # brightness of a drawn face's rim relative to its cheeks
RIM_SHADE_WIDTH_PX = 64  # the face is shrunk to this width to measure it


class SkinLighting(NamedTuple):
    """Colours of both skins: (n, 3) samples at SKIN_POINTS, (3,) tones, and the tone that the result gets."""

    user_samples: Points
    template_samples: Points
    user_tone: Points
    template_tone: Points
    target_tone: Points


def measure_lighting(
    warped: Image, frame_mask: NDArray[np.float32], target: Points, base: Image, outline: Points
) -> SkinLighting:
    """Sample both skins: the user's in `warped` at `target`, the template's in `base` at `outline`."""
    skin_points = list(colour.SKIN_POINTS)
    radius = SAMPLE_RADIUS_SHARE * float(np.ptp(outline[:, 0]))
    template_samples = colour.sample_colours(base, outline[skin_points], radius)
    user_samples = colour.sample_colours(warped, target[skin_points], radius)
    off_frame = colour.sample_colours(frame_mask, target[skin_points], radius) < 0.5
    user_samples[off_frame] = template_samples[off_frame]  # outside the user's photo the template's skin is visible
    has_enough = np.sum(~off_frame) >= MIN_SKIN_SAMPLES
    user_tone = colour.compute_midtone(user_samples[~off_frame] if has_enough else user_samples)
    template_tone = colour.compute_midtone(template_samples)
    lit_tone = colour.light_tone(user_tone, colour.measure_eye_white(warped, target))
    target_tone = colour.relight_tone(lit_tone, template_tone)
    return SkinLighting(user_samples, template_samples, user_tone, template_tone, target_tone)


def relight(
    warped: Image, light: SkinLighting, target: Points, base: Image, outline: Points, *, is_drawn: bool
) -> Image:
    """The user's face with the template's light: its colour, direction, rim shade and sharpness."""
    relit = np.asarray(cv2.LUT(warped, colour.build_tone_curves(light.user_tone, light.target_tone)), np.uint8)
    gain = _compute_light_gain(
        target[list(colour.SKIN_POINTS)], light.user_samples, light.template_samples, relit.shape
    )
    if is_drawn:
        gain *= _compute_rim_gain(base, outline, light.template_tone)
    relit = np.asarray(cv2.multiply(relit, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)
    if not is_drawn:  # a painting has no skin texture to match
        relit = colour.match_sharpness(relit, base, build_outline_mask(outline, 0.8, relit.shape) > 0.5)
    return relit


def _compute_light_gain(
    skin_points: Points, user_samples: Points, template_samples: Points, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Per-pixel gain that gives the light the template's direction: one log-linear gradient over the face."""
    gradient = np.array(LIGHT_CORRECTION_SHARE) * (
        colour.fit_light_gradient(skin_points, template_samples) - colour.fit_light_gradient(skin_points, user_samples)
    )
    x, y = np.arange(shape[1]) - skin_points[:, 0].mean(), np.arange(shape[0]) - skin_points[:, 1].mean()
    log_gain = gradient[0] * x[None] + gradient[1] * y[:, None]
    return np.exp(np.clip(log_gain, -MAX_LOG_LUMA_CHANGE, MAX_LOG_LUMA_CHANGE)).astype(np.float32)


def _compute_rim_gain(base: Image, outline: Points, tone: Points) -> NDArray[np.float32]:
    """Per-pixel gain that shades the rim like the drawing's, so that the face looks round; 1 around the features."""
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


class Box(NamedTuple):
    """A rectangle in whole pixels; x1 and y1 are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def shape(self) -> tuple[int, int]:
        return self.y1 - self.y0, self.x1 - self.x0

    def relative_to(self, other: "Box") -> "Box":
        """The rectangle in coordinates relative to the corner of `other`."""
        return Box(self.x0 - other.x0, self.y0 - other.y0, self.x1 - other.x0, self.y1 - other.y0)


def fuse(image: Image, face: Face, template: Template) -> Image:
    """Put `face`, found in `image`, on `template`. The result is RGB uint8 of the template's size.

    Raises FaceTooSmall if either mesh is not finite or less than MIN_MESH_WIDTH_PX wide or high.
    """
    mesh, depth = _extract_mesh(face)
    outline, outline_depth = _extract_mesh(template.face)
    box = _compute_face_box(outline, template.base.shape)
    target = align.blend_into_outline(align.align_pose(mesh, depth, outline, outline_depth), outline)
    warped, frame_mask = _warp_face(image, mesh, target, box)
    target, outline = target - box[:2], outline - box[:2]

    base = template.fusion_base[box.slices]
    exposure_gain = colour.compute_exposure_gain(image, colour.measure_eye_white(warped, target))
    warped = np.asarray(cv2.convertScaleAbs(warped, alpha=exposure_gain), np.uint8)
    monochrome_curves = colour.fit_monochrome_curves(warped[::4, ::4][_mask_face(outline, frame_mask)[::4, ::4]])
    light = measure_lighting(warped, frame_mask, target, base, outline)
    gains = colour.compute_white_balance(light.user_tone) if monochrome_curves is None else None
    if gains is not None:
        warped = np.asarray(cv2.multiply(warped, (*gains, 1.0), dtype=cv2.CV_8U), np.uint8)
        light = measure_lighting(warped, frame_mask, target, base, outline)
    skin_box = _compute_skin_box(box, template)
    body = _apply_user_tone(template, light, outline, box, skin_box)
    face_slices = box.relative_to(skin_box).slices
    is_drawn = template.info.kind == "drawn"
    relit_face = relight(warped, light, target, base, outline, is_drawn=is_drawn)
    hair = occlusion.measure_hair_colour(image, mesh)
    hidden = np.maximum(occlusion.build_occlusion_mask(warped, target, hair), 1 - frame_mask)
    body[face_slices] = _blend_face(
        relit_face, body[face_slices], hidden, outline, SEAM_OUTLINE_SHARE[template.info.kind]
    )
    if template.front_layer is not None:
        body = blend.alpha_composite(body, template.front_layer[skin_box.slices])
    result = template.composite.copy()
    result[skin_box.slices] = body
    return result if monochrome_curves is None else colour.apply_monochrome_curves(result, monochrome_curves)


def _extract_mesh(face: Face) -> tuple[Points, Points]:
    mesh, depth = (np.asarray(values[: align.MESH_POINT_COUNT], np.float64) for values in (face.landmarks, face.depth))
    is_finite = np.isfinite(mesh).all() and np.isfinite(depth).all()
    side = float(np.ptp(mesh, axis=0).min()) if is_finite else 0.0
    if side < MIN_MESH_WIDTH_PX:
        raise FaceTooSmall(side=round(side), limit=round(MIN_MESH_WIDTH_PX))
    return mesh, depth


def _mask_face(outline: Points, frame_mask: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(h, w): the pixels of the face that lie inside the user's photo."""
    return np.asarray(build_outline_mask(outline, 0.9, frame_mask.shape) * frame_mask > 0.5)


def _compute_face_box(outline: Points, shape: tuple[int, ...]) -> Box:
    """The template's pixels that the user's face can change: the outline with a margin."""
    margin = OUTLINE_MARGIN_SHARE * np.ptp(outline[:, 0])
    rows, columns = shape[:2]
    x0, y0 = np.clip(np.floor(outline.min(0) - margin).astype(int), 0, (columns - 2, rows - 2))
    x1, y1 = np.clip(np.ceil(outline.max(0) + margin).astype(int), (x0 + 2, y0 + 2), (columns, rows))
    return Box(int(x0), int(y0), int(x1), int(y1))


def _compute_skin_box(box: Box, template: Template) -> Box:
    """The bounding box of `box` and of the template's skin that takes the user's tone."""
    if template.skin_mask is None or not template.skin_mask.any():
        return box
    x, y, width, height = cv2.boundingRect(template.skin_mask)
    return Box(min(box.x0, x), min(box.y0, y), max(box.x1, x + width), max(box.y1, y + height))


def _compute_margin(mesh: Points) -> float:
    return CROP_MARGIN_SHARE * float(np.ptp(mesh, axis=0).max())


def _crop_around(image: Image, points: Points, margin_px: float) -> tuple[Image, NDArray[np.int_]]:
    """The photo around `points`, and the crop's corner (x, y) in it."""
    frame = np.array(image.shape[1::-1])
    low = np.clip(np.floor(points.min(0) - margin_px), 0, frame - 1).astype(int)
    high = np.clip(np.ceil(points.max(0) + margin_px), low + 1, frame).astype(int)
    return image[low[1] : high[1], low[0] : high[0]], low


def _warp_face(image: Image, mesh: Points, target: Points, box: Box) -> tuple[Image, NDArray[np.float32]]:
    """Warp `mesh` onto `target`: the pixels of `box`, and a mask 0..1 of those that lie inside the user's photo."""
    nodes = align.build_dense_map(mesh, target, box)
    size = (box.x1 - box.x0, box.y1 - box.y0)
    frame = np.array(image.shape[1::-1])
    margin_px = _compute_margin(mesh)
    sampled = np.clip(nodes.reshape(-1, 2), mesh.min(0) - margin_px, mesh.max(0) + margin_px)
    crop, low = _crop_around(image, sampled, FILTER_REACH_PX)
    high = low + crop.shape[1::-1]
    shrink = float(np.ptp(target[:, 0]) / np.ptp(mesh[:, 0]))
    if shrink < 0.75:  # remapping alone would alias
        reduced_size = np.maximum(1, np.rint((high - low) * shrink)).astype(int)
        crop = np.asarray(cv2.resize(crop, reduced_size.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
    elif shrink > MIN_ENLARGEMENT:
        crop = colour.enlarge(crop, min(round(shrink), MAX_ENLARGEMENT))
    factor = (np.array(crop.shape[1::-1]) / (high - low)).astype(np.float32)
    crop_nodes = ((nodes - low + 0.5) * factor - 0.5).astype(np.float32)
    sampling_map = cv2.resize(crop_nodes, size, interpolation=cv2.INTER_LINEAR)
    method = cv2.INTER_CUBIC if shrink > 1 else cv2.INTER_LINEAR
    warped = np.asarray(cv2.remap(crop, sampling_map, NO_SECOND_MAP, method, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    if shrink > 1:
        amount = min(MAX_SHARPENING, (0.4 if shrink <= MIN_ENLARGEMENT else 0.15) * np.log2(shrink))
        warped = colour.sharpen(warped, amount, 0.6 * min(shrink, 4.0))
    edge = np.minimum(*cv2.split(np.minimum(nodes, frame - 1 - nodes))) / max(0.04 * float(np.ptp(mesh[:, 0])), 1.0)
    frame_mask = cv2.resize(np.clip(edge, 0, 1).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return warped, frame_mask


def _apply_user_tone(template: Template, light: SkinLighting, outline: Points, box: Box, skin_box: Box) -> Image:
    """The template's pixels of `skin_box` with the skin, and a drawing's painted face, in the user's tone."""
    base = template.fusion_base[skin_box.slices]
    face = np.zeros(skin_box.shape, np.float32)
    face[box.relative_to(skin_box).slices] = blend.build_outline_mask(outline, 1.0, box.shape)
    toned = np.asarray(cv2.LUT(base, colour.build_tone_curves(light.template_tone, light.target_tone)), np.uint8)
    if template.skin_mask is None:
        return blend.blend_linear(base, toned, face) if template.info.kind == "drawn" else base.copy()
    skin = template.skin_mask[skin_box.slices]
    neck_pixels = base[::4, ::4][(skin[::4, ::4] > 200) & (face[::4, ::4] < 0.05)].astype(np.float64)
    if len(neck_pixels) >= MIN_NECK_SAMPLES:  # neck and ears keep their shade and take the user's hue
        neck_tone = colour.compute_midtone(neck_pixels)
        face_luma = max(float(light.template_tone @ colour.LUMA_WEIGHTS), 1.0)
        shade = np.clip(neck_tone @ colour.LUMA_WEIGHTS / face_luma, *NECK_SHADE_RANGE)
        curves = colour.build_tone_curves(neck_tone, light.target_tone * shade)
        toned = blend.blend_linear(np.asarray(cv2.LUT(base, curves), np.uint8), toned, face)
    mask = skin.astype(np.float32) / 255
    return blend.blend_linear(base, toned, np.maximum(mask, face) if template.info.kind == "drawn" else mask)


def _blend_face(
    user_face: Image, body: Image, hidden: NDArray[np.float32], outline: Points, outline_share: float
) -> Image:
    """Blend the visible `user_face` onto `body`, inside the outline scaled by `outline_share`."""
    # Before the multiband blend, whose wide bands would spread the hair's tone over the forehead.
    user_face = blend.blend_linear(user_face, body, hidden)
    levels = round(np.log2(max(1.0, MAX_BLEND_BAND_SHARE * float(np.ptp(outline[:, 0])))))
    seam = blend.build_outline_mask(outline, outline_share, hidden.shape) * (1 - hidden)
    fused = blend.blend_multiband(user_face, body, seam, levels)
    outer_mask = blend.build_outline_mask(outline, 1.01, hidden.shape)  # cuts bands that reach beyond the jaw
    return blend.blend_linear(body, fused, outer_mask)
