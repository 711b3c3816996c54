"""Face fuse: the user's face, with its own features, on a template's body, under the template's light.

The mesh is turned to the template's pose, kept inside its outline, lit and blended there; then neck and ears take the
user's tone and the template's front layer is laid over all. Called by the face-fuse endpoint; imports `imaging` and
`templates`. Only the part of the frame that changes is computed.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import FaceTooSmall
from ..imaging import align, blend, colour, hair
from ..imaging.faces import Face
from ..templates import Template

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

SPOT = 0.02  # of the face's width: the radius over which a spot of skin is averaged
FEWEST_SPOTS = 6  # of the user's skin within the frame that can tell its tone
SMALLEST_WIDTH = 4.0  # px; below, a mesh holds no picture to fuse
SEAM_SHARE = {"drawn": 0.99, "photo": 0.95, "own": 0.95}  # of the outline: within a real jaw, under a drawn front
WIDEST_BAND = 0.08  # of the face's width: over more, a beard's or a cheek's own tone would be lost
FEATHER = 0.04  # of the face's width, to both sides of the seam
MARGIN = 0.08  # of the face's width around the outline: room for the widest band of the blend
LIGHT_SHARE = (0.7, 0.25)  # across and down: how much of the difference in light direction is evened out
SHADE_RANGE = (0.55, 1.08)  # of a drawn face's brightness at its rim against its cheeks
SHADE_WIDTH = 64  # px across a face at which that shade is measured
LIGHT_LIMIT = 0.15  # change of log luminance at most, anywhere on the face


NO_MAP = np.empty(0, np.float32)  # OpenCV's second map, when the first holds x and y


class Box(NamedTuple):
    """A region of the template in whole pixels."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def rows_columns(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def corner(self) -> tuple[int, int]:
        return self.x0, self.y0


def fuse(image: Image, face: Face, template: Template) -> Image:
    """`template` with the `face` of `image`; its size. Raises FaceTooSmall for a mesh without extent."""
    mesh, depth = _mesh(face)
    outline, outline_depth = _mesh(template.face)
    box = _region(outline, template)
    target = align.into_outline(align.pose_like(mesh, depth, outline, outline_depth), outline)
    warped, inside = _warp(image, mesh, target, box)
    target, outline = target - box.corner, outline - box.corner

    own, body = _match(warped, inside, target, outline, template, box)
    hidden = np.maximum(hair.hair_and_backdrop(warped, target), 1 - inside)
    own = blend.mix(own, body, hidden)  # else the blend's wide bands spread the hair's tone over the forehead
    levels = round(np.log2(max(1.0, WIDEST_BAND * float(np.ptp(outline[:, 0])))))
    fused = blend.multiband(
        own, body, _within(outline, SEAM_SHARE[template.info.kind], hidden.shape) * (1 - hidden), levels
    )
    fused = blend.mix(body, fused, _within(outline, 1.01, hidden.shape))  # the widest bands reach beyond the jaw
    if template.front is not None:
        fused = blend.lay_over(fused, template.front[box.rows_columns])
    result = template.flat.copy()
    result[box.rows_columns] = fused
    return result


def _mesh(face: Face) -> tuple[Points, Points]:
    mesh, depth = (np.asarray(values[: align.MESH], np.float64) for values in (face.landmarks, face.depth))
    finite = np.isfinite(mesh).all() and np.isfinite(depth).all()
    side = float(np.ptp(mesh, axis=0).min()) if finite else 0.0
    if side < SMALLEST_WIDTH:
        raise FaceTooSmall(side=round(side), limit=round(SMALLEST_WIDTH))
    return mesh, depth


def _region(outline: Points, template: Template) -> Box:
    """The template's pixels that can change: the face with room around, and the skin that follows its tone."""
    margin = MARGIN * np.ptp(outline[:, 0])
    low, high = outline.min(0) - margin, outline.max(0) + margin
    if template.skin is not None and template.skin.any():
        x, y, width, height = cv2.boundingRect(template.skin)
        low, high = np.minimum(low, (x, y)), np.maximum(high, (x + width, y + height))
    rows, columns = template.base.shape[:2]
    x0, y0 = np.clip(np.floor(low).astype(int), 0, (columns - 2, rows - 2))
    x1, y1 = np.clip(np.ceil(high).astype(int), (x0 + 2, y0 + 2), (columns, rows))
    return Box(int(x0), int(y0), int(x1), int(y1))


def _warp(image: Image, mesh: Points, target: Points, box: Box) -> tuple[Image, NDArray[np.float32]]:
    """`image` with `mesh` moved to `target`, as (h, w, 3) of `box`, and where the user's frame reaches (0..1)."""
    nodes = align.dense_map(mesh, target, box)
    size = (box.x1 - box.x0, box.y1 - box.y0)
    room = 0.3 * np.ptp(mesh, axis=0).max()
    frame = np.array(image.shape[1::-1])
    low = np.clip(np.floor(mesh.min(0) - room), 0, frame - 1).astype(int)
    high = np.clip(np.ceil(mesh.max(0) + room), low + 1, frame).astype(int)
    crop = image[low[1] : high[1], low[0] : high[0]]
    shrink = float(np.ptp(target[:, 0]) / np.ptp(mesh[:, 0]))
    if shrink < 0.75:  # the map alone would skip pixels
        small = np.maximum(1, np.rint((high - low) * shrink)).astype(int)
        crop = np.asarray(cv2.resize(crop, small.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
    factor = (np.array(crop.shape[1::-1]) / (high - low)).astype(np.float32)
    inner = ((nodes - low + 0.5) * factor - 0.5).astype(np.float32)
    where = cv2.resize(inner, size, interpolation=cv2.INTER_LINEAR)
    method = cv2.INTER_CUBIC if shrink > 1 else cv2.INTER_LINEAR
    warped = cv2.remap(crop, where, NO_MAP, method, borderMode=cv2.BORDER_REPLICATE)
    edge = np.minimum(nodes, frame - 1 - nodes).min(-1) / max(0.04 * float(np.ptp(mesh[:, 0])), 1.0)
    inside = cv2.resize(np.clip(edge, 0, 1).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8), inside


def _match(
    warped: Image, inside: NDArray[np.float32], target: Points, outline: Points, template: Template, box: Box
) -> tuple[Image, Image]:
    """The user's face in the template's light and crispness, and the template's base in the user's tone."""
    base = template.bare[box.rows_columns]
    spots = list(colour.SKIN_POINTS)
    radius = SPOT * float(np.ptp(outline[:, 0]))
    there = colour.sample(base, outline[spots], radius)
    here = colour.sample(warped, target[spots], radius)
    unseen = colour.sample(inside, target[spots], radius) < 0.5
    here[unseen] = there[unseen]  # the user's frame cuts them off: the template's skin will stand in
    own_tone = colour.middle_tone(here[~unseen] if np.sum(~unseen) >= FEWEST_SPOTS else here)
    template_tone = colour.middle_tone(there)
    tone = colour.lit_like(own_tone * colour.missing_exposure(warped), template_tone)

    own = np.asarray(cv2.LUT(warped, colour.tone_curves(own_tone, tone)), np.uint8)
    gain = _slope(target[spots], here, there, own.shape)
    if template.info.kind == "drawn":
        gain *= _rim_shade(base, outline, template_tone)
    own = np.asarray(cv2.multiply(own, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)
    if template.info.kind != "drawn":  # paint has no pores to compare with
        own = colour.crisp_like(own, base, _within(outline, 0.8, own.shape) > 0.5)
    toned = np.asarray(cv2.LUT(base, colour.tone_curves(template_tone, tone)), np.uint8)
    return own, blend.mix(base, toned, _takes_tone(template, outline, box))


def _slope(spots: Points, user: Points, template: Points, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Gain that lets the light fall from where the template's does: one gentle slope of brightness over the face."""
    slope = np.array(LIGHT_SHARE) * (colour.light_slope(spots, template) - colour.light_slope(spots, user))
    x, y = np.arange(shape[1]) - spots[:, 0].mean(), np.arange(shape[0]) - spots[:, 1].mean()
    return np.exp(np.clip(slope[0] * x[None] + slope[1] * y[:, None], -LIGHT_LIMIT, LIGHT_LIMIT)).astype(np.float32)


def _rim_shade(base: Image, outline: Points, tone: Points) -> NDArray[np.float32]:
    """Gain that turns the face away at its rim as the drawing's own does; 1 in the middle, where features are."""
    width = float(np.ptp(outline[:, 0]))
    coarse = max(1, int(width / SHADE_WIDTH))
    small = cv2.resize(base, None, fx=1 / coarse, fy=1 / coarse, interpolation=cv2.INTER_AREA)
    points = outline * (np.array(small.shape[1::-1]) / base.shape[1::-1])
    skin = _within(points, 0.97, small.shape)
    light = (small @ colour.LUMA).astype(np.float32)
    spread = 0.05 * width / coarse
    soft = blend.soften(light * skin, spread) / np.maximum(blend.soften(skin, spread), 1e-3)
    shade = np.clip(soft / max(float(tone @ colour.LUMA), 1.0), *SHADE_RANGE)
    rim = 1 - blend.soften(_within(points, 0.78, small.shape), 4 * spread)
    return np.asarray(cv2.resize(1 + (shade - 1) * rim, base.shape[1::-1]), np.float32)


def _takes_tone(template: Template, outline: Points, box: Box) -> NDArray[np.float32]:
    """Where the template's own skin is recoloured (0..1): its skin mask and, on a drawing, the painted face."""
    mask = np.zeros((box.y1 - box.y0, box.x1 - box.x0), np.float32)
    if template.skin is not None:
        mask = template.skin[box.rows_columns].astype(np.float32) / 255
    if template.info.kind == "drawn":
        mask = np.maximum(mask, _within(outline, 1.0, mask.shape))
    return mask


def _within(outline: Points, share: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The feathered inside of the face's outline, shrunk to `share` of its size (0..1)."""
    oval = outline[list(align.FACE_OVAL)]
    oval = oval.mean(0) + (oval - oval.mean(0)) * share
    return blend.polygon_mask(oval, (shape[0], shape[1]), FEATHER * float(np.ptp(outline[:, 0])))
