"""What a fusion needs to know of a template and what is the same for every user: computed once, kept with the template.

Pictures are RGB uint8 (h, w, 3), meshes (n, 2) in pixels, masks float32 (h, w) 0..1.
"""

from functools import cache
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.errors import FaceTooSmall
from ...domain.model import Image
from ..face_templates import Template, list_templates, load_template
from ..imaging import align, colour
from ..imaging.align import Points
from ..imaging.blend import Mask, build_outline_mask, feather_mask
from ..imaging.box import Box
from ..imaging.faces import Face

MIN_MESH_WIDTH_PX = 4.0
OUTLINE_MARGIN_SHARE = 0.08  # of the face's width: room around the outline for the blend's widest band
# Of the outline's size. Within a photographed jaw; a drawn front layer hides the seam.
SEAM_OUTLINE_SHARE = {"drawn": 0.99, "own": 0.95}
OUTER_OUTLINE_SHARE = 1.01  # cuts the blend's bands that reach beyond the jaw
SKIN_OUTLINE_SHARE = 0.8  # for measures of the face's texture and tint
SAMPLE_RADIUS_SHARE = 0.02  # of the face's width, around each skin point
OPAQUE_ALPHA = 250  # a front layer above it hides what is below
GAIN_WIDTH_PX = 64  # the face is shrunk to this width for gains, which are smooth
RIM_SHADE_RANGE = (0.55, 1.08)  # brightness of a drawn face's rim relative to its cheeks


class FusionTarget:
    """A template's face and skin. Masks and mesh are relative to `face_box`. Raises FaceTooSmall."""

    def __init__(self, template: Template) -> None:
        mesh, self.depth = extract_mesh(template.face)
        is_drawn, front, skin = template.info.kind == "drawn", template.front_layer, template.skin_mask
        self.face_box = _compute_face_box(mesh, template.base.shape, front)  # what the user's face can change
        self.body_box = _compute_body_box(self.face_box, skin)  # and the template's skin
        base, shape = template.base[self.face_box.slices], self.face_box.shape
        self.body = template.base[self.body_box.slices]
        self.outline = mesh - self.face_box.corner
        self.face_mask = build_outline_mask(self.outline, 1.0, shape)
        self.seam_mask = build_outline_mask(self.outline, SEAM_OUTLINE_SHARE[template.info.kind], shape)
        self.outer_mask = build_outline_mask(self.outline, OUTER_OUTLINE_SHARE, shape)
        self.skin_pixels = build_outline_mask(self.outline, SKIN_OUTLINE_SHARE, shape) > 0.5

        skin_points = self.outline[list(colour.SKIN_POINTS)]
        self.samples = colour.sample_colours(base, skin_points, SAMPLE_RADIUS_SHARE * float(np.ptp(mesh[:, 0])))
        self.tone = colour.compute_midtone(self.samples)
        self.light_gradient = colour.fit_light_gradient(skin_points, self.samples)
        self.gain = _measure_rim_shade(base, self.outline, self.tone, is_drawn=is_drawn)
        # A painting has no texture to match.
        self.sharpness = None if is_drawn else colour.measure_sharpness(base, self.skin_pixels)

        # What takes the user's tone: a drawn face, or all of a photo's skin.
        self.tone_mask = self.face_mask if skin is None else skin[self.body_box.slices].astype(np.float32) / 255
        self.front: tuple[Image, Mask] | None = None  # RGB and alpha over the body
        if front is not None:
            layer = front[self.body_box.slices]
            rgb = np.asarray(cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB), np.uint8)
            self.front = rgb, layer[..., 3].astype(np.float32) / 255


_targets: WeakKeyDictionary[Template, FusionTarget] = WeakKeyDictionary()


def load_fusion_target(template: Template) -> FusionTarget:
    """The template's measures, computed at the first call. Raises FaceTooSmall."""
    target = _targets.get(template)
    if target is None:
        target = _targets[template] = FusionTarget(template)
    return target


@cache
def find_mirrored_points() -> NDArray[np.intp]:
    """(468,) index of the point on the face's other side; the shipped meshes are symmetric."""
    mesh, depth = extract_mesh(load_template(list_templates()[0].id).face)
    space = np.column_stack([mesh - mesh[list(align.FACE_OVAL)].mean(0), depth])
    return np.argmin(((space[:, None] * (-1, 1, 1) - space) ** 2).sum(-1), 1)


def extract_mesh(face: Face) -> tuple[Points, NDArray[np.float64]]:
    """(468, 2) points and (468,) depth. Raises FaceTooSmall if one is not finite, or the mesh under 4 px."""
    mesh, depth = (np.asarray(values[: align.MESH_POINT_COUNT], np.float64) for values in (face.landmarks, face.depth))
    is_finite = np.isfinite(mesh).all() and np.isfinite(depth).all()
    side = float(np.ptp(mesh, axis=0).min()) if is_finite else 0.0
    if side < MIN_MESH_WIDTH_PX:
        raise FaceTooSmall(side=round(side), limit=round(MIN_MESH_WIDTH_PX))
    return mesh, depth


def _compute_face_box(outline: Points, shape: tuple[int, ...], front_layer: NDArray[np.uint8] | None) -> Box:
    """The outline with a margin, inside a picture of `shape`, without the edges that an opaque front layer hides."""
    margin = OUTLINE_MARGIN_SHARE * np.ptp(outline[:, 0])
    box = Box.enclose(outline.min(0) - margin, outline.max(0) + margin, shape, 2)
    if front_layer is None:
        return box
    face = build_outline_mask(outline - box.corner, OUTER_OUTLINE_SHARE, box.shape) > 1 / 255
    shown = face & (front_layer[box.slices][..., 3] < OPAQUE_ALPHA)
    x, y, width, height = cv2.boundingRect(shown.astype(np.uint8))
    if min(width, height) < 2:
        return box
    return Box(box.x0 + x, box.y0 + y, box.x0 + x + width, box.y0 + y + height)


def _compute_body_box(box: Box, skin_mask: NDArray[np.uint8] | None) -> Box:
    """The bounding box of `box` and of the template's skin."""
    if skin_mask is None or not skin_mask.any():
        return box
    x, y, width, height = cv2.boundingRect(skin_mask)
    return Box(min(box.x0, x), min(box.y0, y), max(box.x1, x + width), max(box.y1, y + height))


def _measure_rim_shade(base: Image, outline: Points, tone: Points, *, is_drawn: bool) -> Mask:
    """Small map of the gain that shades the rim like the drawing's, so that the face looks round; 1 at the features."""
    width = float(np.ptp(outline[:, 0]))
    shrink_factor = max(1, int(width / GAIN_WIDTH_PX))
    small = cv2.resize(base, None, fx=1 / shrink_factor, fy=1 / shrink_factor, interpolation=cv2.INTER_AREA)
    if not is_drawn:
        return np.ones(small.shape[:2], np.float32)
    points = outline * (np.array(small.shape[1::-1]) / base.shape[1::-1])
    skin = build_outline_mask(points, 0.97, small.shape)
    light = (small @ colour.LUMA_WEIGHTS).astype(np.float32)
    spread = 0.05 * width / shrink_factor
    soft = feather_mask(light * skin, spread) / np.maximum(feather_mask(skin, spread), 1e-3)
    shade = np.clip(soft / max(float(tone @ colour.LUMA_WEIGHTS), 1.0), *RIM_SHADE_RANGE)
    rim = 1 - feather_mask(build_outline_mask(points, 0.78, small.shape), 4 * spread)
    return np.asarray(1 + (shade - 1) * rim, np.float32)
