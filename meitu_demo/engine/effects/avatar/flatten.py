"""Turns a photo into flat tones, which the network then draws: even skin, hair and clothes in flat masses.

Colours are CIELAB, float32. Skin keeps its colour and loses most of its shading. Whatever is much darker than skin
keeps its contrast, so that brows, beards and strands of hair stay what they are without being looked for.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ...imaging.align import FACE_OVAL
from ...imaging.blend import blur, build_disc_kernel, smoothstep
from ...imaging.colour import SKIN_POINTS, sample_colours
from ...imaging.segmentation import BROW_CONTOURS, segment_skin
from ...imaging.warp import EMPTY_MAP
from .glasses import MIN_TINTED_SKIN_CHROMA, ThinFrame, find_glasses
from .head import EYES, Head, Image, Lab, Plane, to_lab
from .mouth import OUTER_LIPS, draw_mouth

LIP_LINE = (13, 14)
NOSE = (6, 122, 351, 126, 355, 49, 279, 64, 294, 2, 129, 358)
NOSTRILS = (129, 98, 240, 99, 60, 20, 242, 2, 462, 250, 290, 328, 460, 327, 358, 1)
UPPER_CHEEKS = (50, 101, 36, 117, 118, 280, 330, 266, 346, 347)

NOSE_SHARE = 0.6  # of the nose's shading that stays
SMOOTHNESS = 0.85  # of bare skin: share of a soft picture in the flat masses, whose edges are ragged in noise
BROW_GAIN = 0.25  # what brows are darker than lit skin is drawn larger
FEATURE_MARGIN = 0.08  # face widths: the kernel's diameter; brows are often outside the mesh's
SHADING, SHADING_SIGMA = 0.4, 0.10  # share of the skin's shading that stays; face widths over which it is measured
DETAIL = 0.5  # share of finer detail that stays: folds, spots, shine
MAX_SHINE_L = 6.0
DARK_L = (18.0, 34.0)  # under the skin around it: from the second, what lies on skin keeps its contrast
NOT_SKIN_DARKER_L = (16.0, 26.0)  # under lit skin
NOT_SKIN_CHROMA_DISTANCE = (16.0, 30.0)  # from lit skin
MAX_CHROMA_CHANGE = 5.0  # of a and b from lit skin
CHEEK_MARGIN_L, MAX_LIFT_L = 2.5, 9.0  # skin is drawn a little lighter than it is
MAX_RIM_LIGHT, RIM_LIGHTER_L = 0.20, (4.0, 9.0)  # face widths; than lit skin
PALE_CHROMA_SHARE = (0.3, 0.5)  # of the chroma of lit skin
CHIN_SHADOW, SHADOW_DARKER_L = 0.18, 13.0  # face widths that it falls; than the drawn face
FLOW_STEPS, FLOW_STEP_PX = 6, np.float32(2.2)  # along strands, to both sides
FRAME_DARKER_L = 10.0  # or thin frames fade when the picture is shrunk
MIN_EYE_WIDTH = 0.12  # face widths
MIN_EYE_WIDTH_RATIO = 0.6  # to the other eye; below it the head is turned so far that the network draws both better
SUNGLASSES_DARKER_L = 20.0  # under lit skin: both eyes and what is around them
COVERED_EYE_DARKER_L = 32.0  # under lit skin, even in its brightest parts: a dark lens or a fringe


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """What is drawn over the network's picture. head: on the flat picture. skin, iris: LAB of the drawn skin and of the
    photo's irises. open_eyes: for each eye, whether the photo shows it. frame: of glasses, if it is too thin for the
    network."""

    head: Head
    skin: Lab
    iris: Lab
    open_eyes: tuple[bool, bool]
    frame: ThinFrame | None = None


def flatten(photo: Image, heads: list[Head], irises: list[Lab], mattes: list[Plane]) -> tuple[Lab, list[Portrait]]:
    """Flatten RGB `photo` with warped `heads` and their `mattes`: (flat picture in LAB, a portrait for each head)."""
    raw, flat, width = to_lab(photo), flatten_colours(photo, heads[0].width), heads[0].width
    smooth = to_lab(np.asarray(cv2.edgePreservingFilter(photo, flags=1, sigma_s=0.23 * width, sigma_r=0.4), np.uint8))
    portraits = []
    for head, iris, matte in zip(heads, irises, mattes, strict=True):
        skin = _segment_skin(photo, head) * smoothstep(0.2, 0.5, matte)
        portraits.append(_flatten_head(flat, smooth, raw, skin, matte, head, iris))
    return flat, portraits


def flatten_colours(photo: Image, face_width: float) -> Lab:
    """RGB `photo` in flat masses, as LAB. face_width: in px, the measure of what is a detail."""
    return to_lab(np.asarray(cv2.pyrMeanShiftFiltering(photo, 0.05 * face_width, 24), np.uint8))


def _flatten_head(flat: Lab, smooth: Lab, raw: Lab, skin: Plane, matte: Plane, head: Head, iris: Lab) -> Portrait:
    """Flatten hair and skin of one head in `flat`, in place, and draw its glasses darker."""
    shape = flat.shape[:2]
    oval, eyes = head.fill(FACE_OVAL, shape, 0.95), _find_eyes_and_brows(head, shape)
    flat += (smooth - flat) * (SMOOTHNESS * (np.maximum(skin, oval) * (1 - eyes)))[..., None]
    nose = NOSE_SHARE * blur(head.fill_hull(shape, NOSE), 0.02 * head.width)
    features = np.maximum.reduce([eyes, head.fill(OUTER_LIPS, shape), head.fill_hull(shape, NOSTRILS), nose])
    _, v = head.build_grid(shape)
    tone = _measure_lit_skin(flat, head)
    drawn_skin = np.add(tone, (_measure_lift(flat, tone, head), 0, 0), dtype=np.float32)
    if np.hypot(*tone[1:]) < MIN_TINTED_SKIN_CHROMA:
        skin = skin * head.fill(FACE_OVAL, shape, 1.15)  # of a grey photo, hair looks like skin
    skin = _remove_rim_light(flat, skin, oval, (1 - features) * smoothstep(-0.15, -0.05, v), tone, head.width)
    below_lips = v - head.locate(*LIP_LINE)
    share = 0.5 + 0.5 * smoothstep(0.05, -0.05, below_lips)  # the neck keeps the chin's shadow
    mask = blur(np.maximum(skin * share, oval), 0.03 * head.width) * matte
    locks = _smooth_along_flow(raw, 0.03 * head.width)
    _draw_brows(flat, locks, head, float(tone[0]))
    _flatten_hair(flat, locks, matte * (1 - np.maximum(skin, oval)) * smoothstep(0.75, 0.35, v), head.width)
    _even_out_skin(flat, skin * (1 - features), features, mask, (tone, drawn_skin), head.width)
    _shade_neck(flat, skin * matte, smoothstep(0.0, 0.2, below_lips), head, float(drawn_skin[0]))
    draw_mouth(flat, raw, head, (tone, drawn_skin))
    lines, frame = find_glasses(raw, head, float(np.hypot(*tone[1:])))
    flat += (raw - (FRAME_DARKER_L, 0, 0) - flat) * lines[..., None]
    open_eyes = _find_visible_eyes(raw[..., 0], float(tone[0]), head)
    return Portrait(head, drawn_skin, iris, open_eyes, frame if any(open_eyes) else None)


def _find_eyes_and_brows(head: Head, shape: tuple[int, ...]) -> Plane:
    """Eyes and brows with what is close around them: (h, w), 0..1."""
    inside = np.maximum.reduce([head.fill(outline, shape) for outline in (*EYES, *BROW_CONTOURS)])
    near = np.asarray(cv2.dilate(inside, build_disc_kernel(FEATURE_MARGIN * head.width)), np.float32)
    return blur(near, 0.02 * head.width)


def _measure_lit_skin(flat: Lab, head: Head) -> Lab:
    """Median LAB of the lighter half of the skin: neither a beard, sunglasses nor a shadow."""
    samples = sample_colours(flat, head.points[list(SKIN_POINTS)], 0.02 * head.width)
    lit = samples[samples[:, 0] >= np.median(samples[:, 0])]
    return np.median(lit, 0).astype(np.float32)


def _measure_lift(flat: Lab, tone: Lab, head: Head) -> float:
    """L by which skin is drawn lighter, so that lit cheeks are not darker than they are."""
    cheeks = sample_colours(flat, head.points[list(UPPER_CHEEKS)], 1)
    lost = (1 - SHADING) * (float(np.quantile(cheeks[:, 0], 0.6)) - tone[0]) + CHEEK_MARGIN_L
    return float(np.clip(lost, 0, MAX_LIFT_L))


def _remove_rim_light(flat: Lab, skin: Plane, face: Plane, where: Plane, tone: Lab, face_width: float) -> Plane:
    """Paint over the narrow bright stripes that light from behind makes in skin, in place: `skin` with the stripes.

    In the `face`, only what is pale as well, or its shine would go.
    """
    closed = cv2.morphologyEx(skin, cv2.MORPH_CLOSE, build_disc_kernel(MAX_RIM_LIGHT * face_width))
    chroma = (np.hypot(flat[..., 1], flat[..., 2]) + 1) / (np.hypot(*tone[1:]) + 1)  # 1 in a grey photo
    pale = smoothstep(*PALE_CHROMA_SHARE[::-1], chroma)
    rim = closed * where * smoothstep(*RIM_LIGHTER_L, flat[..., 0] - tone[0]) * np.maximum(1 - face, pale)
    rim = blur(np.asarray(cv2.dilate(rim, build_disc_kernel(0.02 * face_width)), np.float32), 0.01 * face_width)
    flat += (_continue(flat, skin * (1 - rim), SHADING_SIGMA * face_width) - flat) * rim[..., None]
    return np.maximum(skin, rim)


def _draw_brows(flat: Lab, locks: Lab, head: Head, tone: float) -> None:
    """Draw brows as strokes along their hairs, in place, and darker. tone: L of lit skin."""
    brows = np.maximum.reduce([head.fill(outline, flat.shape[:2], 1.2) for outline in BROW_CONTOURS])
    brows = blur(brows, 0.015 * head.width)
    flat += (locks - flat) * brows[..., None]
    flat[..., 0] -= BROW_GAIN * brows * np.maximum(tone - flat[..., 0], 0)


def _even_out_skin(
    flat: Lab, skin: Plane, features: Plane, mask: Plane, tones: tuple[Lab, Lab], face_width: float
) -> None:
    """Take most of the shading away, in place where `mask` is. skin: where it is bare. tones: as lit, and drawn."""
    tone, drawn = tones
    away = flat - tone
    bare = skin * smoothstep(*NOT_SKIN_DARKER_L[::-1], -away[..., 0])
    bare *= smoothstep(*NOT_SKIN_CHROMA_DISTANCE[::-1], np.hypot(away[..., 1], away[..., 2]))
    shading = _continue(flat, bare, SHADING_SIGMA * face_width) - tone
    detail = away - shading
    dark = np.maximum(DETAIL + (1 - DETAIL) * smoothstep(*DARK_L, -detail[..., 0]), features)
    detail[..., 0] = np.where(
        detail[..., 0] < 0, dark * detail[..., 0], np.minimum(DETAIL * detail[..., 0], MAX_SHINE_L)
    )
    even = drawn + np.clip(shading, -MAX_CHROMA_CHANGE, MAX_CHROMA_CHANGE) + detail
    even[..., 0] = drawn[0] + SHADING * shading[..., 0] + detail[..., 0]
    flat += (even - flat) * mask[..., None]


def _shade_neck(flat: Lab, skin: Plane, where: Plane, head: Head, drawn: float) -> None:
    """Draw the chin's shadow on the neck, in place, where the photo has none. drawn: L of the drawn face."""
    face = head.fill(FACE_OVAL, skin.shape)
    below = blur(head.move(CHIN_SHADOW * head.width * head.down).fill(FACE_OVAL, skin.shape), 0.03 * head.width)
    shadow = below * where * blur(skin, 0.02 * head.width) * (1 - blur(face, 0.008 * head.width))
    flat[..., 0] -= shadow * np.clip(flat[..., 0] - (drawn - SHADOW_DARKER_L), 0, SHADOW_DARKER_L)


def _continue(picture: Lab, weight: Plane, sigma: float) -> Lab:
    """Blur `picture` where `weight` is, 0..1; where it is not, continue what is around. At a quarter of the size."""
    weighted = np.dstack([picture * weight[..., None], weight])
    small = np.asarray(cv2.resize(weighted, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.float32)
    near = blur(small, sigma / 4) + 1e-2 * blur(small, sigma) + 1e-5 * small.mean((0, 1)) + 1e-9
    continued = near[..., :3] / near[..., 3:]
    return np.asarray(cv2.resize(continued, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.float32)


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
    widths = [float(np.linalg.norm(head.points[eye[0]] - head.points[eye[8]])) / head.width for eye in EYES]
    if max(eyes + around) < -SUNGLASSES_DARKER_L or min(widths) < MIN_EYE_WIDTH_RATIO * max(widths):
        return False, False
    first, second = (
        bool(width > MIN_EYE_WIDTH and (eye > -COVERED_EYE_DARKER_L or skin_around > -SUNGLASSES_DARKER_L))
        for width, eye, skin_around in zip(widths, eyes, around, strict=True)
    )
    return first, second


def _flatten_hair(flat: Lab, locks: Lab, hair: Plane, width: float) -> None:
    """Draw hair in place as locks in three tones: the strands of the `raw` photo drawn together, with a sheen."""
    near = np.maximum(blur(hair, 0.11 * width), 1e-3)[..., None]
    middle = blur(flat * hair[..., None], 0.11 * width) / near
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
