"""Anime avatar: draws the people of a photo, in one of two looks."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ....domain.errors import ValueRejected
from ...imaging.align import FACE_OVAL
from ...imaging.blend import blur, blur_mask
from ...imaging.colour import (
    MIN_EYE_WHITE_L,
    MIN_GAMMA,
    SKIN_POINTS,
    compute_exposure_gain,
    compute_white_balance,
    measure_eye_white,
    sample_colours,
)
from ...imaging.face import Face
from ...imaging.line_drawing_network import draw_enlarged
from .flatten import flatten, flatten_colours
from .head import (
    EYES,
    IRISES,
    Head,
    Image,
    Lab,
    build_anime_warp,
    crop_to_heads,
    is_scene,
    rotate_heads,
    sort_heads,
    to_lab,
)
from .line_art import draw_lines
from .matte import cut_out_people
from .watercolour import paint_watercolour

VERSIONS = ("1.0.0", "2.0.0")  # anime, watercolour
FLAT_SCALE, DRAWN_SCALE = 0.5, 1.25  # of the crop's size: where tones are flattened, the drawing
SCENE_FACE_SHARE = 0.7  # of the photo in the small faces of a scene
SEEN_SHARE = 0.75  # of the flat picture's size: what the network sees of a few people
SHARPENING, SHARPENING_SIGMA = 0.35, 1.1  # before the network
BACK_PROJECTION_SIGMA = 1.2  # px of what the network sees
PASTELS = ((246, 214, 222), (205, 226, 246), (214, 238, 222), (226, 216, 246), (250, 232, 204))  # RGB of backdrops
MIN_GREY_EYE_WHITE_L = 76.0  # MIN_EYE_WHITE_L of a grey photo
MIN_SKIN_CHROMA = 4.0  # in LAB: below it a photo is grey
# Quantiles of a grey photo's levels; level that the upper becomes; limit of the stretch.
GREY_RANGE, MAX_GREY_LEVEL, MAX_GREY_GAIN = (0.005, 0.995), 245.0, 3.0
MIN_VIOLET_CHROMA = 22.0  # in LAB: of lenses and edited photos; eyes are not violet
MIN_LID_A, MIN_LID_RED = 12.0, 1.5  # a, and a / b, of lids; irises are less red
DARK_IRIS = (30, 4, 8)  # LAB where no iris can be measured
CAST_SHARE = 0.4  # of a colour cast that is taken away: the rest is the photo's mood


def draw_avatar(image: Image, faces: Sequence[Face], version: str = "1.0.0") -> Image:
    """Draw head and shoulders of all `faces`, a larger group in its scene: RGB uint8, long side 800 to 1120 px.

    image: RGB uint8. faces: at least one, in pixels of `image`; they may reach out of the frame. version: "1.0.0"
    anime with ink lines, "2.0.0" watercolour. Raises ValueRejected for another.
    """
    if version not in VERSIONS:
        raise ValueRejected(control="version", value=version, allowed=", ".join(VERSIONS))
    photo, heads = crop_to_heads(image, faces)
    down = heads[0].down
    turns = round(np.degrees(np.arctan2(-down[0], down[1])) / 90) % 4  # the models want heads upright
    heads = rotate_heads(heads, photo.shape, turns)
    photo = correct_light(np.ascontiguousarray(np.rot90(photo, turns)), heads[0])
    draw = _draw_scene if is_scene(sort_heads(faces)) else _draw_people
    drawn = draw(photo, heads, version)
    return np.ascontiguousarray(np.rot90(np.asarray(drawn * 255 + 0.5, np.uint8), -turns))


def _draw_scene(photo: Image, heads: list[Head], version: str) -> Lab:
    """A group where it is. Its faces are small: the network sees more of them, and nothing is drawn over it."""
    small = np.asarray(cv2.resize(photo, None, fx=FLAT_SCALE, fy=FLAT_SCALE, interpolation=cv2.INTER_AREA), np.uint8)
    heads = [head.move((0, 0), FLAT_SCALE) for head in heads]
    flat = flatten_colours(small, heads[0].width)
    faces = np.maximum.reduce([blur(head.fill(FACE_OVAL, flat.shape), 0.1 * head.width) for head in heads])
    flat += (to_lab(small) - flat) * (SCENE_FACE_SHARE * faces)[..., None]
    drawn = _draw_with_network(flat, 1.0)
    if version == "2.0.0":
        heads = [head.move((0, 0), DRAWN_SCALE / FLAT_SCALE) for head in heads]
        drawn = paint_watercolour(drawn, np.ones(drawn.shape[:2], np.float32), heads)
    return drawn.clip(0, 1)


def _draw_people(photo: Image, heads: list[Head], version: str) -> Lab:
    """Each face redrawn, before a backdrop where the people can be cut out."""
    irises = [measure_iris(photo, head) for head in heads]
    small = cv2.resize(photo, None, fx=FLAT_SCALE, fy=FLAT_SCALE, interpolation=cv2.INTER_AREA)
    heads = [head.move((0, 0), FLAT_SCALE) for head in heads]
    map_x, map_y, heads = build_anime_warp(heads, small.shape[:2])
    warped = np.asarray(cv2.remap(small, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    mattes, matte = cut_out_people(warped, heads)
    flat, portraits = flatten(warped, heads, irises, mattes)
    faces = np.maximum.reduce([head.fill(FACE_OVAL, matte.shape) for head in heads])
    backdrop = _choose_backdrop(flat[(matte > 0.9) & (faces < 0.2)])
    flat = backdrop + (flat - backdrop) * matte[..., None]
    drawn = _draw_with_network(flat, SEEN_SHARE)
    scale = DRAWN_SCALE / FLAT_SCALE
    portraits = [replace(portrait, head=portrait.head.move((0, 0), scale)) for portrait in portraits]
    large_matte = blur_mask(matte, 2.0, scale)
    draw_lines(drawn, portraits, large_matte)
    if version == "2.0.0":
        drawn = paint_watercolour(drawn, large_matte, [portrait.head for portrait in portraits])
    return drawn.clip(0, 1)


def _draw_with_network(flat: Lab, share: float) -> Lab:
    """LAB `flat` drawn by the network, which sees it at `share` of its size: RGB, about 0..1, for DRAWN_SCALE.

    The network draws skin darker and yellower: what it lost at the small size is added again (back-projection).
    """
    flat = np.asarray(cv2.cvtColor(flat, cv2.COLOR_LAB2RGB), np.float32).clip(0, 1)
    seen = np.asarray(cv2.resize(flat, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.float32)
    large = draw_enlarged(np.clip(seen + SHARPENING * (seen - blur(seen, SHARPENING_SIGMA)), 0, 1))
    lost = blur(seen - cv2.resize(large, seen.shape[1::-1], interpolation=cv2.INTER_AREA), BACK_PROJECTION_SIGMA)
    size = [round(side * DRAWN_SCALE / FLAT_SCALE) for side in flat.shape[1::-1]]
    drawn = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    return np.asarray(drawn + cv2.resize(lost, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _choose_backdrop(around: Lab) -> Lab:
    """LAB of the pastel that differs most in hue from hair and clothes (n, 3)."""
    pastels = to_lab(np.array([PASTELS], np.uint8))[0]
    a, b = around[:, 1:].mean(0) if len(around) else (0.0, 0.0)
    if np.hypot(a, b) < 6:  # black, grey and white go with blue
        return np.asarray(pastels[1])
    hue = np.arctan2(b, a)
    distance = np.abs((np.arctan2(pastels[:, 2], pastels[:, 1]) - hue + np.pi) % (2 * np.pi) - np.pi)
    return np.asarray(pastels[distance.argmax()])


def correct_light(photo: Image, head: Head) -> Image:
    """The photo in white light and well exposed; one that is so already is returned as it is.

    The whites of the eyes tell a dark photo from dark skin, the hue of skin tells coloured light. A grey photo gets
    its full range of tones.
    """
    _, a, b = to_lab(_measure_skin(photo, head).astype(np.uint8)[None, None])[0, 0]
    if np.hypot(a, b) < MIN_SKIN_CHROMA:
        low, high = np.quantile(photo[::4, ::4], GREY_RANGE)
        low /= 2
        gain = min(MAX_GREY_LEVEL / max(high - low, 1.0), MAX_GREY_GAIN)
        photo = np.asarray(np.clip((photo - np.float32(low)) * gain + 0.5, 0, 255), np.uint8)
        return _brighten(photo, head, MIN_GREY_EYE_WHITE_L)
    gain = compute_exposure_gain(photo, measure_eye_white(photo, head.points))
    photo = np.asarray(cv2.convertScaleAbs(photo, alpha=gain), np.uint8) if gain > 1.05 else photo
    photo = _brighten(photo, head, MIN_EYE_WHITE_L)
    balance = compute_white_balance(_measure_skin(photo, head))
    if balance is None:
        return photo
    return np.asarray(np.clip(photo * np.float32(balance**CAST_SHARE) + 0.5, 0, 255), np.uint8)


def _measure_skin(photo: Image, head: Head) -> NDArray[np.float64]:
    """Median RGB of the skin."""
    return np.asarray(np.median(sample_colours(photo, head.points[list(SKIN_POINTS)], 0.02 * head.width), 0))


def _brighten(photo: Image, head: Head, min_eye_white: float) -> Image:
    """Apply a gamma until the whites of the eyes have `min_eye_white` L."""
    white = max(2.0, measure_eye_white(photo, head.points))
    if white >= min_eye_white:
        return photo
    gamma = max(MIN_GAMMA, float(np.log(min_eye_white / 100) / np.log(white / 100)))
    curve = (255 * (np.arange(256) / 255) ** gamma).astype(np.float32)
    level = photo.astype(np.float32)
    # One factor for all three channels keeps the saturation, also that of noise.
    alike = level * (curve / np.maximum(np.arange(256), 1))[photo.max(2)][..., None]
    return np.asarray((alike + curve[photo]) / 2 + 0.5, np.uint8)


def measure_iris(photo: Image, head: Head) -> Lab:
    """LAB of both irises: of their lower halves, without light spots and lashes."""
    lab = to_lab(photo)
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]].astype(np.float32)
    found = []
    for eye, (centre, rim) in zip(EYES, IRISES, strict=True):
        radius = max(1.0, float(np.linalg.norm(head.points[list(rim)] - head.points[centre], axis=1).mean()))
        u, v = head.project(x, y, head.points[centre])
        distance = np.hypot(u, v) / radius
        inside = (distance > 0.35) & (distance < 0.85) & (v > -0.25 * radius) & (head.fill(eye, x.shape, 0.95) > 0.5)
        found.append(lab[inside])
    colours = np.concatenate(found)
    if len(colours) < 6:
        return np.array(DARK_IRIS, np.float32)
    low, high = np.percentile(colours[:, 0], (25, 85))
    colour = np.median(colours[(colours[:, 0] >= low) & (colours[:, 0] <= high)], 0).astype(np.float32)
    is_violet = -colour[1] / 0.6 < colour[2] < 0.4 * colour[1]
    if is_violet and np.hypot(*colour[1:]) < MIN_VIOLET_CHROMA:  # the violet of dark eyes is that of the light
        colour[1:] = 0.35 * colour[1]
    elif MIN_LID_A < colour[1] > MIN_LID_RED * colour[2] > 0:  # of a narrow eye, lids were measured
        colour = np.array(DARK_IRIS, np.float32)
    return colour
