"""Turns a photo into flat tones, which the network then draws: skin in three tones, hair and clothes in flat masses.

Colours are CIELAB, float32. What is not surely bare skin keeps the photo's own colours, without hard edges, so that
beards, strands of hair and glasses stay what they are.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ...imaging.align import FACE_OVAL
from ...imaging.blend import blur, build_disc_kernel, build_polygon_mask, smoothstep
from ...imaging.segmentation import BROW_CONTOURS, segment_skin
from ...imaging.warp import EMPTY_MAP
from .glasses import ThinFrame, find_glasses
from .head import CHIN, EYES, Head, Image, Plane, draw_stroke, fit_curve
from .skin import MIN_CHROMA, Lab, SkinTone, measure_skin, paint_skin, to_lab

LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
MOUTH_ABOVE = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
MOUTH_BELOW = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
NOSTRILS = (129, 98, 240, 99, 60, 20, 242, 2, 462, 250, 290, 328, 460, 327, 358, 1)
BEARD: tuple[int, ...] = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
BEARD += (425, 426, 327, 2, 98, 206, 205)
CHIN_AREA = (61, 84, 314, 291, 379, 378, 400, 152, 176, 149, 150)
LID_CORNERS = ((156, 35), (383, 265))  # beside the ends of brow and eye

NOT_SKIN_DARKER_L = (14.0, 23.0)  # under the skin's median: from here, what lies on skin is hair, not a shadow
BEARD_TINT = (0.84, 0.72)  # b of the chin / b of the skin: at the first no beard, at the second surely one
BEARD_DARKER_L = (16.0, 26.0)  # the same for a chin darker than the skin
LIKENESS, LIKENESS_CONTRAST = 0.6, 0.75  # share of the photo in nose, mouth and cheeks; its contrast
BEARDLESS_SOFTNESS = 0.6  # around a mouth without a beard, where a shadow with an edge would be stubble
LIP_CONTRAST, MAX_LIP_L, LIP_REDNESS = 0.85, -9.0, 4.0  # L from the skin; a: the network draws lips browner
FLOW_STEPS, FLOW_STEP_PX = 6, np.float32(2.2)  # along strands, to both sides
FRAME_DARKER_L = 10.0  # or thin frames fade when the picture is shrunk
LONG_BEARD_DARKER_L = (20.0, 28.0)  # the same for what hangs below a bearded chin
MIN_EYE_WIDTH = 0.12  # face widths
SUNGLASSES_DARKER_L = 18.0  # the same for both eyes and what is around them
COVERED_EYE_DARKER_L = 30.0  # under the skin's median, even in its brightest parts: a dark lens or a fringe


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """What is drawn over the network's picture. head: on the flat picture. skin, iris: LAB of the drawn skin and of the
    photo's irises. skin_mask: (h, w) 0..1. beard: 0..1. open_eyes: for each eye, whether the photo shows it. frame: of
    glasses, if it is too thin for the network."""

    head: Head
    skin: Lab
    iris: Lab
    skin_mask: Plane
    beard: float
    open_eyes: tuple[bool, bool]
    frame: ThinFrame | None = None


def flatten(photo: Image, heads: list[Head], irises: list[Lab], mattes: list[Plane]) -> tuple[Lab, list[Portrait]]:
    """Flatten RGB `photo` with warped `heads` and their `mattes`: (flat picture in LAB, a portrait for each head)."""
    raw, unit = to_lab(photo), heads[0].width / 110
    flat = flatten_colours(photo, heads[0].width)
    smooth = to_lab(np.asarray(cv2.edgePreservingFilter(photo, flags=1, sigma_s=25 * unit, sigma_r=0.4), np.uint8))
    portraits = []
    for head, iris, matte in zip(heads, irises, mattes, strict=True):
        portraits.append(_flatten_head(flat, photo, raw, smooth, matte, head, iris))
    return flat, portraits


def flatten_colours(photo: Image, face_width: float) -> Lab:
    """RGB `photo` in flat masses, as LAB. face_width: in px, the measure of what is a detail."""
    return to_lab(np.asarray(cv2.pyrMeanShiftFiltering(photo, 0.05 * face_width, 24), np.uint8))


def _flatten_head(flat: Lab, photo: Image, raw: Lab, smooth: Lab, matte: Plane, head: Head, iris: Lab) -> Portrait:
    """Flatten skin, features and hair of one head in `flat`, in place."""
    shape, width = raw.shape[:2], head.width
    likeness = 0.5 * (flat + smooth)
    u, v = head.build_grid(shape)
    oval = head.fill(FACE_OVAL, shape)
    brows = np.maximum(*(head.fill(brow, shape) for brow in BROW_CONTOURS))
    brows = np.asarray(cv2.dilate(brows, build_disc_kernel(0.05 * width)), np.float32)  # many are beyond the mesh's
    lips = head.fill(LIPS, shape, 1.04)
    nostrils = head.fill_hull(shape, NOSTRILS)
    skin = _segment_skin(photo, head) * smoothstep(0.2, 0.5, matte)

    around_eyes = np.maximum(*(head.fill(eye, shape, 1.35) for eye in EYES))
    bare = (head.fill(FACE_OVAL, shape, 0.8) > 0.5) & (skin > 0.5) & (around_eyes + brows + lips + nostrils < 0.1)
    sample = next(pixels for pixels in (smooth[bare], smooth[oval > 0.5], smooth.reshape(-1, 3)) if len(pixels) > 30)
    tone = measure_skin(smooth, sample, head)
    median = tone.median
    open_eyes = _find_visible_eyes(raw[..., 0], float(median[0]), head)
    eyes = np.maximum(*(head.fill(eye, shape, 1.35) * is_open for eye, is_open in zip(EYES, open_eyes, strict=True)))
    around = zip(EYES, BROW_CONTOURS, LID_CORNERS, open_eyes, strict=True)
    lids = np.maximum(
        *(head.fill_hull(shape, (*eye, *brow, *corner)) * is_open for eye, brow, corner, is_open in around)
    )
    brows *= 1 - np.maximum(*(head.fill(eye, shape, 1.15) for eye in EYES))

    beard, beard_hair, beardless = _find_beard(smooth, median, head, np.clip(lips + nostrils, 0, 1))
    brow_v = head.locate(105, 334)
    hair_zone = np.maximum(
        smoothstep(brow_v + 0.02, brow_v - 0.06, v), smoothstep(0.34, 0.44, np.abs(u)) * smoothstep(0.2, 0.0, v)
    )
    lines, frame = find_glasses(raw, head, tone.chroma)
    lines *= 1 - eyes
    if not any(open_eyes):  # dark lenses are no shadow
        below_eyes = v - head.locate(33, 263)
        at_eyes = smoothstep(0.22, 0.18, below_eyes) * smoothstep(-0.18, -0.14, below_eyes) * oval
        lines = np.maximum(lines, smoothstep(*NOT_SKIN_DARKER_L, median[0] - smooth[..., 0]) * at_eyes)
    off_colour = smoothstep(16, 30, np.hypot(smooth[..., 1] - median[1], smooth[..., 2] - median[2]))
    strands = smoothstep(*NOT_SKIN_DARKER_L, median[0] - smooth[..., 0]) * hair_zone
    features = np.asarray(
        cv2.dilate(np.maximum.reduce([eyes, brows, lids]), build_disc_kernel(0.08 * width)), np.float32
    )
    hole = np.clip(blur(features, 1.0) * 1.3 + nostrils * 0.9, 0, 1) * (1 - lines)
    around_lines = np.asarray(cv2.dilate(lines, build_disc_kernel(0.05 * width)), np.float32)
    bare_skin = skin * (1 - np.maximum.reduce([hole, strands, beard_hair, around_lines, lips, off_colour]))
    near_lids = blur(np.asarray(cv2.dilate(lids, build_disc_kernel(0.04 * width)), np.float32), 0.02 * width)
    strands *= 1 - np.maximum(brows, near_lids)
    not_skin = np.maximum.reduce([strands, beard_hair, lines, off_colour * (1 - oval)])
    tones = paint_skin(smooth, bare_skin, head, tone, BEARDLESS_SOFTNESS * beardless)
    mask = blur(skin * (1 - lips), 1.2) * (1 - not_skin)
    mask = np.maximum(mask, hole * oval * (1 - not_skin))
    _flatten_hair(flat, raw, matte * (1 - mask) * (1 - oval * (1 - strands)) * smoothstep(0.75, 0.35, v), width)
    flat += (tones - flat) * mask[..., None]
    flat += (raw - (FRAME_DARKER_L, 0, 0) - flat) * (lines * (1 - brows * any(open_eyes)))[..., None]
    free = (1 - lines) * (1 - np.maximum(*(head.fill(eye, shape, 1.15) for eye in EYES)))
    for side in (0, 1):
        _paint_brow(flat, raw, head, side, free, median)
    _paint_mouth(flat, raw, smooth, head, lips, tone)
    contrast = LIKENESS_CONTRAST * (1 - BEARDLESS_SOFTNESS * beardless)
    likeness[..., 0] = tone.drawn[0] + contrast * (likeness[..., 0] - median[0])
    redrawn = np.maximum.reduce([around_eyes, cv2.dilate(brows, build_disc_kernel(0.06 * width)), around_lines])
    bare_face = blur(head.fill(FACE_OVAL, shape, 0.92), 0.04 * width) * (1 - blur(redrawn, 0.02 * width))
    flat += (likeness - flat) * (LIKENESS * bare_face)[..., None]
    return Portrait(head, tone.drawn, iris, mask, beard, open_eyes, frame)


def _segment_skin(photo: Image, head: Head) -> Plane:
    small = cv2.resize(photo, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    mask = segment_skin(np.ascontiguousarray(small), head.move((0, 0), 0.6).points)
    return np.asarray(cv2.resize(mask, photo.shape[1::-1]), np.float32) / 255


def _find_visible_eyes(lightness: Plane, skin: float, head: Head) -> tuple[bool, bool]:
    """Which eyes the photo shows: neither covered nor made narrow by the head's turn."""

    def measure(share: float, *masks: Plane) -> float:
        seen = lightness[(masks[0] > 0.5) & (masks[-1] > 0.5)]
        return float(np.quantile(seen, share)) - skin if seen.size > 5 else 0.0

    eyes = [measure(0.9, head.fill(eye, lightness.shape)) for eye in EYES]
    around = [
        measure(0.75, head.fill(eye, lightness.shape, 1.7), 1 - head.fill(eye, lightness.shape, 1.25)) for eye in EYES
    ]
    if max(eyes + around) < -SUNGLASSES_DARKER_L:
        return False, False
    widths = [np.linalg.norm(head.points[eye[0]] - head.points[eye[8]]) / head.width for eye in EYES]
    first, second = (
        bool(width > MIN_EYE_WIDTH and (eye > -COVERED_EYE_DARKER_L or skin_around > -SUNGLASSES_DARKER_L))
        for width, eye, skin_around in zip(widths, eyes, around, strict=True)
    )
    return first, second


def _find_beard(smooth: Lab, median: Lab, head: Head, features: Plane) -> tuple[float, Plane, Plane]:
    """(how surely there is a beard, where it is, where there could be one but is none), 0..1.

    Hair is less yellow than skin, a shadow is as yellow.
    features: lips and nostrils, which have no hair. In a grey or coloured photo darkness alone tells.
    """
    shape = features.shape
    chin = head.fill(CHIN_AREA, shape) * (1 - features) > 0.5
    if chin.sum() < 8:
        return 0.0, np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    darker = median[0] - smooth[..., 0]
    tint = smooth[..., 2] / median[2] if median[2] > MIN_CHROMA else np.ones(shape, np.float32)
    beard = float(smoothstep(*BEARD_DARKER_L, float(np.median(darker[chin]))))
    beard = max(beard, float(smoothstep(*BEARD_TINT, float(np.median(tint[chin])))))
    area = np.minimum(blur(head.fill(BEARD, shape, 1.2), 0.05 * head.width), 1 - 0.8 * features)
    hair = np.maximum(smoothstep(*NOT_SKIN_DARKER_L, darker), smoothstep(0.88, 0.70, tint))
    _, v = head.build_grid(shape)
    below = smoothstep(0.0, 0.15, v - head.locate(CHIN) + 0.1) * smoothstep(*LONG_BEARD_DARKER_L, darker)
    return beard, blur(np.maximum(area * hair, below) * beard, 1.0), area * (1 - beard)


def _flatten_hair(flat: Lab, raw: Lab, hair: Plane, width: float) -> None:
    """Draw hair in place as locks in three tones: the strands of the `raw` photo drawn together, with a sheen."""
    near = np.maximum(blur(hair, 0.11 * width), 1e-3)[..., None]
    middle = blur(flat * hair[..., None], 0.11 * width) / near
    locks = _smooth_along_flow(raw, 0.03 * width)
    relief = locks[..., 0] - middle[..., 0]
    drawn = middle + np.array((0.35, 0.4, 0.4), np.float32) * (locks - middle)
    drawn[..., 0] += 8 * smoothstep(3.0, 5.0, relief) * smoothstep(92, 74, middle[..., 0])
    drawn[..., 0] -= 8 * smoothstep(-3.5, -6.0, relief)
    alike = smoothstep(28, 16, blur(np.abs(flat[..., 0] - middle[..., 0]), 1.0))  # a badge on a cap is no hair
    flat += (drawn - flat) * (smoothstep(0.3, 0.8, hair) * alike)[..., None]


def _smooth_along_flow(picture: Lab, sigma: float) -> Lab:
    """Blur along the strands: Kang et al., "Flow-based image abstraction", 2009. `sigma`: how coarse the flow, px."""
    lightness = blur(picture[..., 0], 1.0)
    dx, dy = (np.asarray(cv2.Sobel(lightness, cv2.CV_32F, i, 1 - i, ksize=3), np.float32) for i in (1, 0))
    angle = 0.5 * np.arctan2(2 * blur(dx * dy, sigma), blur(dx * dx, sigma) - blur(dy * dy, sigma)) + np.pi / 2
    along = np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    total, start = picture.copy(), np.stack([x, y], -1)
    for sign in (1.0, -1.0):
        position, direction = start, along * np.float32(sign)
        for _ in range(FLOW_STEPS):
            position = position + FLOW_STEP_PX * direction
            total += cv2.remap(picture, position, EMPTY_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            ahead = cv2.remap(along, position, EMPTY_MAP, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            same = ahead[..., 0] * direction[..., 0] + ahead[..., 1] * direction[..., 1] >= 0
            direction = np.where(same[..., None], ahead, -ahead)
    return total / (2 * FLOW_STEPS + 1)


def _paint_brow(flat: Lab, raw: Lab, head: Head, side: int, free: Plane, skin: Lab) -> None:
    """Draw a brow in place as one stroke that follows the photo's own: its height, thickness and colour.

    free: 0..1, where neither eyes nor glasses are. What is dark over more than a brow's height is a shadow.
    """
    upper, lower = (fit_curve(head.points[list(BROW_CONTOURS[side])][part]) for part in (slice(0, 5), slice(9, 4, -1)))
    middle = (upper + lower) / 2
    middle = np.vstack([2 * middle[0] - middle[2], middle])  # a little longer outwards
    offsets = np.linspace(-0.08, 0.08, 33)
    places = (middle[:, None] + offsets[:, None] * head.width * head.down).astype(np.float32)
    lightness = blur(raw[..., 0], 0.7)
    around = np.asarray(cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, build_disc_kernel(0.13 * head.width)), np.float32)
    darker = np.clip(around - lightness - 3, 0, 60) * free
    seen = np.asarray(cv2.remap(darker, places, EMPTY_MAP, cv2.INTER_LINEAR), np.float32)
    seen *= smoothstep(0.08, 0.05, np.abs(offsets))
    strength = seen.sum(1)
    if strength.max() < 12:
        return
    position = np.linspace(0, 1, len(middle))
    seen_at = (seen**2) @ offsets / np.maximum((seen**2).sum(1), 1e-3)
    slope, start = np.polyfit(position, seen_at, 1, w=strength)
    centre = np.clip(start + 0.5 * min(slope, 0.0) * position, -0.07, 0.07)
    width = blur((strength / np.maximum(seen.max(1), 4))[:, None], 3)[:, 0] * (offsets[1] - offsets[0])
    ends = (0.2 + 0.8 * smoothstep(0, 0.5, position)) * (0.55 + 0.45 * smoothstep(1, 0.75, position))
    ends *= smoothstep(2, 9, blur(seen.max(1)[:, None], 3)[:, 0])
    centre -= 0.015 * smoothstep(0.3, 1, position)  # a lower inner end makes the look grim
    line = middle + centre[:, None] * head.width * head.down
    stroke = draw_stroke(free.shape, line, 1.05 * np.clip(width, 0.018, 0.065) * ends * head.width)
    colours = cv2.remap(raw, places, EMPTY_MAP, cv2.INTER_LINEAR)
    own = (colours * (seen**3)[..., None]).sum((0, 1)) / (seen**3).sum()
    own[0] = np.clip(own[0] - 6, 8, skin[0] - 22)
    own[1:] *= min(1.0, (7 + 0.5 * own[0]) / max(float(np.hypot(*own[1:])), 1e-3))  # thin hair takes the skin's red
    flat += (own - flat) * (stroke * free)[..., None] * 0.92


def _paint_mouth(flat: Lab, raw: Lab, smooth: Lab, head: Head, lips: Plane, tone: SkinTone) -> None:
    """Lips in their own colour, lifted like the skin around them, and teeth white, in place."""
    skin = tone.median
    mouth = build_polygon_mask(head.points[[*MOUTH_ABOVE, *MOUTH_BELOW[::-1]]], lips.shape, 1.2)
    drawn = 0.5 * (raw + smooth)
    red = (lips > 0.5) & (mouth < 0.2)
    if red.any():
        rose = drawn + (np.median(smooth[red], 0) - drawn) * 0.55
        rose[..., 0] = tone.drawn[0] + np.minimum(LIP_CONTRAST * (rose[..., 0] - skin[0]), MAX_LIP_L)
        rose[..., 1] += LIP_REDNESS * min(tone.chroma / MIN_CHROMA, 1.0)
        drawn += (rose - drawn) * (lips * (1 - mouth))[..., None]
    chroma = np.hypot(raw[..., 1], raw[..., 2]) / max(tone.chroma, MIN_CHROMA)
    teeth = mouth * smoothstep(-20, 0, raw[..., 0] - skin[0]) * smoothstep(0.95, 0.6, chroma)
    teeth = np.asarray(cv2.morphologyEx(teeth, cv2.MORPH_CLOSE, build_disc_kernel(0.05 * head.width)), np.float32)
    white = np.array((np.clip(skin[0] + 26, 84, 93), 0.06 * skin[1], 0.2 * skin[2]), np.float32)
    drawn += (white - drawn) * (0.95 * teeth)[..., None]
    flat += (drawn - flat) * blur(lips, 1.0)[..., None]
