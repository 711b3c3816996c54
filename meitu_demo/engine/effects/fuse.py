"""Face fuse: the user's face, with its own features, on a template's body, under the template's light.

The mesh is turned to the template's pose, kept inside its outline, lit and blended there; then neck and ears take the
user's tone and the template's front layer is laid over all. Called by the face-fuse endpoint; imports `imaging` and
`templates`. Only the part of the frame that changes is computed.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.errors import FaceTooSmall
from ..face_templates import Template
from ..imaging import align, blend, colour, segmentation
from ..imaging.blend import build_outline_mask, feather_mask
from ..imaging.faces import Face

# MERGED effects/fuse_light.py: Tone and light of a fused face: whose is whose, and how the user's face is lit as the
# template is. Used by `fuse` alone. All pictures are of one region of the template, meshes in its pixels.

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


MIN_MESH_WIDTH_PX = 4.0  # px; below, a mesh holds no picture to fuse
SEAM_OUTLINE_SHARE = {
    "drawn": 0.99,
    "photo": 0.95,
    "own": 0.95,
}  # of the outline: within a real jaw, under a drawn front
MAX_BLEND_BAND_SHARE = 0.08  # of the face's width: over more, a beard's or a cheek's own tone would be lost
OUTLINE_MARGIN_SHARE = 0.08  # of the face's width around the outline: room for the widest band of the blend
MAX_SHARPENING = 0.5  # of the detail that an enlarged face lost
MIN_NECK_SAMPLES = 30  # sixteenths of pixels of skin beside the face that can tell its tone
NECK_SHADE_RANGE = (0.5, 1.1)  # how dark or bright against the face a neck may stay
EMPTY_MAP = np.empty(0, np.float32)  # OpenCV's second map, when the first holds x and y


class Box(NamedTuple):
    """A region of a picture in whole pixels."""

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
        """This region counted from the corner of `other`."""
        return Box(self.x0 - other.x0, self.y0 - other.y0, self.x1 - other.x0, self.y1 - other.y0)


def fuse(image: Image, face: Face, template: Template) -> Image:
    """`template` with the `face` of `image`; its size. Raises FaceTooSmall for a mesh without extent."""
    mesh, depth = _extract_mesh(face)
    outline, outline_depth = _extract_mesh(template.face)
    box = _compute_face_box(outline, template.base.shape)
    target = align.blend_into_outline(align.align_pose(mesh, depth, outline, outline_depth), outline)
    warped, frame_mask = _warp_face(image, mesh, target, box)
    target, outline = target - box[:2], outline - box[:2]

    light = measure_lighting(warped, frame_mask, target, template.fusion_base[box.slices], outline)
    skin_box = _compute_skin_box(box, template)
    body = _apply_user_tone(template, light, outline, box, skin_box)
    face_slices = box.relative_to(skin_box).slices
    is_drawn = template.info.kind == "drawn"
    relit_face = relight(warped, light, target, template.fusion_base[box.slices], outline, is_drawn=is_drawn)
    occlusion = np.maximum(segmentation.build_occlusion_mask(warped, target), 1 - frame_mask)
    body[face_slices] = _blend_face(
        relit_face, body[face_slices], occlusion, outline, SEAM_OUTLINE_SHARE[template.info.kind]
    )
    if template.front_layer is not None:
        body = blend.alpha_composite(body, template.front_layer[skin_box.slices])
    result = template.composite.copy()
    result[skin_box.slices] = body
    return result


def _extract_mesh(face: Face) -> tuple[Points, Points]:
    mesh, depth = (np.asarray(values[: align.MESH_POINT_COUNT], np.float64) for values in (face.landmarks, face.depth))
    is_finite = np.isfinite(mesh).all() and np.isfinite(depth).all()
    side = float(np.ptp(mesh, axis=0).min()) if is_finite else 0.0
    if side < MIN_MESH_WIDTH_PX:
        raise FaceTooSmall(side=round(side), limit=round(MIN_MESH_WIDTH_PX))
    return mesh, depth


def _compute_face_box(outline: Points, shape: tuple[int, ...]) -> Box:
    """The template's pixels that the user's face can change: its outline with room around."""
    margin = OUTLINE_MARGIN_SHARE * np.ptp(outline[:, 0])
    rows, columns = shape[:2]
    x0, y0 = np.clip(np.floor(outline.min(0) - margin).astype(int), 0, (columns - 2, rows - 2))
    x1, y1 = np.clip(np.ceil(outline.max(0) + margin).astype(int), (x0 + 2, y0 + 2), (columns, rows))
    return Box(int(x0), int(y0), int(x1), int(y1))


def _compute_skin_box(box: Box, template: Template) -> Box:
    """`box` and all of the template's skin that follows the user's tone."""
    if template.skin_mask is None or not template.skin_mask.any():
        return box
    x, y, width, height = cv2.boundingRect(template.skin_mask)
    return Box(min(box.x0, x), min(box.y0, y), max(box.x1, x + width), max(box.y1, y + height))


def _warp_face(image: Image, mesh: Points, target: Points, box: Box) -> tuple[Image, NDArray[np.float32]]:
    """`image` with `mesh` moved to `target`, as (h, w, 3) of `box`, and where the user's frame reaches (0..1)."""
    nodes = align.build_dense_map(mesh, target, box)
    size = (box.x1 - box.x0, box.y1 - box.y0)
    margin_px = 0.3 * np.ptp(mesh, axis=0).max()
    frame = np.array(image.shape[1::-1])
    low = np.clip(np.floor(mesh.min(0) - margin_px), 0, frame - 1).astype(int)
    high = np.clip(np.ceil(mesh.max(0) + margin_px), low + 1, frame).astype(int)
    crop = image[low[1] : high[1], low[0] : high[0]]
    shrink = float(np.ptp(target[:, 0]) / np.ptp(mesh[:, 0]))
    if shrink < 0.75:  # the map alone would skip pixels
        reduced_size = np.maximum(1, np.rint((high - low) * shrink)).astype(int)
        crop = np.asarray(cv2.resize(crop, reduced_size.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
    factor = (np.array(crop.shape[1::-1]) / (high - low)).astype(np.float32)
    crop_nodes = ((nodes - low + 0.5) * factor - 0.5).astype(np.float32)
    sampling_map = cv2.resize(crop_nodes, size, interpolation=cv2.INTER_LINEAR)
    method = cv2.INTER_CUBIC if shrink > 1 else cv2.INTER_LINEAR
    warped = np.asarray(cv2.remap(crop, sampling_map, EMPTY_MAP, method, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    if shrink > 1:
        warped = colour.sharpen(warped, min(MAX_SHARPENING, 0.4 * np.log2(shrink)), 0.6 * min(shrink, 4.0))
    edge = np.minimum(nodes, frame - 1 - nodes).min(-1) / max(0.04 * float(np.ptp(mesh[:, 0])), 1.0)
    frame_mask = cv2.resize(np.clip(edge, 0, 1).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return warped, frame_mask


def _apply_user_tone(template: Template, light: SkinLighting, outline: Points, box: Box, skin_box: Box) -> Image:
    """The template's picture over `around`, its skin in the user's tone: by its mask, and a drawing's painted face."""
    base = template.fusion_base[skin_box.slices]
    face = np.zeros(skin_box.shape, np.float32)
    face[box.relative_to(skin_box).slices] = blend.build_outline_mask(outline, 1.0, box.shape)
    toned = np.asarray(cv2.LUT(base, colour.build_tone_curves(light.template_tone, light.target_tone)), np.uint8)
    if template.skin_mask is None:
        return blend.blend_linear(base, toned, face) if template.info.kind == "drawn" else base.copy()
    skin = template.skin_mask[skin_box.slices]
    neck_pixels = base[::4, ::4][(skin[::4, ::4] > 200) & (face[::4, ::4] < 0.05)].astype(np.float64)
    if (
        len(neck_pixels) >= MIN_NECK_SAMPLES
    ):  # neck and ears keep their shade, but take the user's hue whatever their own
        neck_tone = colour.compute_midtone(neck_pixels)
        shade = np.clip(
            neck_tone @ colour.LUMA_WEIGHTS / max(float(light.template_tone @ colour.LUMA_WEIGHTS), 1.0),
            *NECK_SHADE_RANGE,
        )
        toned = blend.blend_linear(
            np.asarray(cv2.LUT(base, colour.build_tone_curves(neck_tone, light.target_tone * shade)), np.uint8),
            toned,
            face,
        )
    mask = skin.astype(np.float32) / 255
    return blend.blend_linear(base, toned, np.maximum(mask, face) if template.info.kind == "drawn" else mask)


def _blend_face(
    user_face: Image, body: Image, occlusion: NDArray[np.float32], outline: Points, outline_share: float
) -> Image:
    """`own` face on `body` inside `share` of the outline, but for what is `hidden`."""
    user_face = blend.blend_linear(
        user_face, body, occlusion
    )  # else the blend's wide bands spread the hair's tone over the forehead
    levels = round(np.log2(max(1.0, MAX_BLEND_BAND_SHARE * float(np.ptp(outline[:, 0])))))
    seam = blend.build_outline_mask(outline, outline_share, occlusion.shape) * (1 - occlusion)
    fused = blend.blend_multiband(user_face, body, seam, levels)
    outer_mask = blend.build_outline_mask(outline, 1.01, occlusion.shape)  # the widest bands reach beyond the jaw
    return blend.blend_linear(body, fused, outer_mask)
