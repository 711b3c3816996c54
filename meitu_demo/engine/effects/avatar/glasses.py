"""Finds glasses: thick frames as a mask, and the outlines of lenses whose frames are too thin for one."""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from ...imaging.align import FACE_OVAL
from ...imaging.blend import blur, build_disc_kernel, smoothstep
from .head import EYES, Head, Lab, Plane, Points

MAX_FRAME_THICKNESS, MAX_THIN_FRAME_THICKNESS = 0.085, 0.045  # face widths
BRIDGE_DEPTH = (6.0, 11.0)  # L or chroma, in four of five columns of the nose: bare noses have up to 4, thin metal 12
RIM_SEARCH_WIDTH = 0.05  # face widths, around a fitted outline
MIN_COVER = 0.75  # of a lens's outline that the mask has, or the outline is drawn instead
MAX_EDGE_L = 12.0  # a lens's outline may be faint, or a mere reflection
LENS_GRID = (  # of a fit, in face widths: offset of the centre from the eye's to the right and down, radii; roundness
    (-0.03, 0.0, 0.03),
    (0.0, 0.02, 0.04, 0.06),
    (0.14, 0.16, 0.18, 0.20, 0.22),
    (0.09, 0.11, 0.13, 0.15, 0.17),
    (2.0, 3.0),
)
USUAL_LENS, USUAL_LENS_WEIGHT = np.array((0.0, 0.03, 0.18, 0.13)), 15.0  # L per face width
MIN_TINTED_SKIN_CHROMA = 6.0  # in LAB: below it, colour does not tell skin from what lies on it
OUTLINE_POINTS = 48
TEMPLES = (127, 356)


@dataclass(frozen=True, slots=True, eq=False)
class ThinFrame:
    """Lines (n, 2) in face widths from the head's middle, and their LAB colour."""

    lines: tuple[Points, ...]
    colour: Lab


def find_glasses(raw: Lab, head: Head, skin_chroma: float) -> tuple[Plane, ThinFrame | None]:
    """(mask of frames, 0..1; a thin frame): thin dark or grey lines at eye height, if there is one across the nose.

    A frame that the mask has only in fragments is returned as lines, with an empty mask.
    """
    shape = raw.shape[:2]
    u, v = head.build_grid(shape)
    below_eyes = v - head.locate(33, 263)
    depths = _measure_depths(raw, MAX_FRAME_THICKNESS * head.width)
    nose = (np.abs(u) < 0.07) & (below_eyes > -0.10) & (below_eyes < 0.08)
    columns = nose.any(0)
    deepest = [np.where(nose, depth, 0).max(0)[columns] for depth in depths]
    darker, paler = (float(np.quantile(depth, 0.2)) for depth in deepest) if columns.any() else (0.0, 0.0)
    is_paler = max(smoothstep(0.12, 0.25, paler / max(skin_chroma, 1e-3)), smoothstep(14, 22, darker))
    is_tinted = skin_chroma > MIN_TINTED_SKIN_CHROMA
    is_frame = is_paler if is_tinted else 1.0  # on tinted skin a crease is darker, but not paler
    bridge = max(darker * float(is_frame), paler)
    sureness = float(smoothstep(*BRIDGE_DEPTH, bridge))
    if sureness == 0:
        return np.zeros(shape, np.float32), None
    lenses = [_fit_lens(raw, head, eye) for eye in EYES]
    rims = np.zeros(shape, np.uint8)
    for lens in lenses:
        outline = np.rint(locate_on_picture(head, lens)).astype(np.int32)
        cv2.polylines(rims, [outline], True, (1,), max(1, round(RIM_SEARCH_WIDTH * head.width)))
    reach = 0.13 + 0.12 * smoothstep(0.15, 0.22, np.abs(u)) - 0.17 * smoothstep(0.36, 0.42, np.abs(u))  # else, creases
    at_eyes = smoothstep(0, 0.04, reach - below_eyes) * smoothstep(-0.20, -0.15, below_eyes)
    min_depth = min(0.5 * bridge, 9.0)  # frames are as deep as the bridge, wrinkles beside the eyes are not
    mask = smoothstep(min_depth, 2.2 * min_depth + 0.1, np.maximum(*depths)) * np.maximum(at_eyes, rims)
    mask *= sureness * head.fill(FACE_OVAL, shape)
    wide = np.asarray(cv2.dilate(mask, build_disc_kernel(RIM_SEARCH_WIDTH * head.width)), np.float32)
    colours = raw[nose & (depths[0] > 0.7 * darker)]
    if min(_sample(wide, head, lens).mean() for lens in lenses) > MIN_COVER or len(colours) == 0:
        return mask, None
    return np.zeros_like(mask), ThinFrame(_join_lenses(head, lenses), np.median(colours, 0))


def _measure_depths(raw: Lab, thickness: float) -> tuple[Plane, Plane]:
    """How much darker, and how much paler, lines up to `thickness` pixels are than what is beside them."""
    kernel = build_disc_kernel(thickness)
    planes = (raw[..., 0], np.hypot(raw[..., 1], raw[..., 2]))
    darker, paler = (np.asarray(cv2.morphologyEx(plane, cv2.MORPH_CLOSE, kernel) - plane) for plane in planes)
    return darker, paler


def locate_on_picture(head: Head, places: Points) -> Points:
    """Pixels (..., 2) of `places` in face widths from the middle of the head."""
    return np.asarray(head.middle + head.width * (places[..., :1] * head.right + places[..., 1:] * head.down))


def _sample(plane: Plane, head: Head, places: Points) -> Plane:
    """Values of `plane` at `places` (..., 2) in face widths from the middle of the head."""
    points = np.clip(np.rint(locate_on_picture(head, places)), 0, np.array(plane.shape[::-1]) - 1).astype(int)
    return plane[points[..., 1], points[..., 0]]


def _fit_lens(raw: Lab, head: Head, eye: tuple[int, ...]) -> Points:
    """The superellipse (n, 2), in face widths, around `eye` that has most of dark, pale or bright lines on it."""
    thickness = MAX_THIN_FRAME_THICKNESS * head.width
    bright = cv2.morphologyEx(raw[..., 0], cv2.MORPH_TOPHAT, build_disc_kernel(thickness))
    edges = np.maximum(np.maximum(*_measure_depths(raw, thickness)), bright).clip(0, MAX_EDGE_L)
    edges = blur(edges * (1 - head.fill(eye, raw.shape[:2], 1.5)), 0.7)
    offset = (head.points[eye[0]] + head.points[eye[8]]) / 2 - head.middle
    centre = np.array((offset @ head.right, offset @ head.down)) / head.width
    grid = np.array(list(product(*LENS_GRID)))
    angle = np.linspace(0, 2 * np.pi, OUTLINE_POINTS)
    wave = np.stack([np.cos(angle), np.sin(angle)], -1)
    power = 2 / grid[:, 4, None, None]
    outlines = centre + grid[:, None, :2] + grid[:, None, 2:4] * np.sign(wave) * np.abs(wave) ** power
    unusual = np.abs(grid[:, :4] - USUAL_LENS).sum(1)
    score = _sample(edges, head, outlines).mean(1) - USUAL_LENS_WEIGHT * unusual
    return np.asarray(outlines[score.argmax()])


def _join_lenses(head: Head, lenses: list[Points]) -> tuple[Points, ...]:
    """The outlines of both lenses, the bridge between them and the temples towards the ears."""
    left, right = lenses
    inner, outer = left[left[:, 0].argmax()], right[right[:, 0].argmin()]
    share = np.linspace(0, 1, 12)[:, None]
    bridge = inner + (outer - inner) * share - np.array((0, 0.02)) * np.sin(np.pi * share)
    lines = [left, right, bridge]
    for lens, ear, side in zip(lenses, TEMPLES, (-1, 1), strict=True):
        end = lens[(side * lens[:, 0]).argmax()]
        offset = head.points[ear] - head.middle
        target = np.array((offset @ head.right, offset @ head.down)) / head.width
        if side * (target - end)[0] > 0.04:  # else hidden by a turned head
            lines.append(end + (target - end) * share)
    return tuple(lines)
