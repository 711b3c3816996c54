"""Draws the visible label that GB 45438-2025 requires: text in a corner, at least 5 % of the short side high.

The label covers no more of the picture than it must: the text is as small as allowed, each word has a line of its own,
and the plate hugs it. On a square picture it is at most a quarter as wide. The text is white on a dark, partly
transparent plate, readable on any background (WCAG 2.2, 1.4.3: contrast 4.5).

Only exported pictures are labelled, so no label is warped or drawn over another. Pillow's built-in font has no Chinese
and no font file is shipped for two characters: 生 and 成 are drawn from strokes in the style of a 黑体 (even weight,
flat ends). Every function is pure and blocks: call it from a worker thread.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from ..domain.model import Image
from . import codec
from .jpeg_rows import change_last_rows

Points = Sequence[tuple[float, float]]

# Units: thousandths of the square that a character fills, y down.
# Horizontal strokes look heavier, so their pen is thinner.
VERTICAL_PEN_WIDTH, HORIZONTAL_PEN_WIDTH = 84, 78
INK_TOP, INK_BOTTOM = 45, 965  # vertical extent of both characters
_MIN_RASTER_PX = 800  # strokes are drawn this large and shrunk, because OpenCV's polygons are half a pixel too wide
_CURVE_POINTS = 24  # per Bézier curve

# (pen width, centre line): a start point, then three points per cubic Bézier curve. Two points are a straight line.
STROKES: dict[str, tuple[tuple[float, Points], ...]] = {
    "生": (
        (VERTICAL_PEN_WIDTH, ((248, 68), (205, 235), (140, 365), (62, 462))),
        (HORIZONTAL_PEN_WIDTH, ((196, 283), (888, 283))),
        (HORIZONTAL_PEN_WIDTH, ((162, 577), (852, 577))),
        (VERTICAL_PEN_WIDTH, ((506, 45), (506, 900))),
        (HORIZONTAL_PEN_WIDTH, ((52, 917), (950, 917))),
    ),
    "成": (
        (HORIZONTAL_PEN_WIDTH, ((118, 250), (944, 250))),
        (VERTICAL_PEN_WIDTH, ((160, 250), (160, 400), (160, 440), (160, 500), (160, 690), (130, 830), (62, 940))),
        (HORIZONTAL_PEN_WIDTH, ((160, 462), (447, 462))),
        (VERTICAL_PEN_WIDTH, ((424, 423), (424, 560), (421, 690), (406, 752), (395, 796), (362, 796), (264, 790))),
        (
            VERTICAL_PEN_WIDTH,
            (
                *((574, 45), (578, 330), (610, 590), (690, 760)),
                *((742, 872), (796, 927), (838, 922), (890, 915), (902, 850), (910, 715)),
            ),
        ),
        (VERTICAL_PEN_WIDTH, ((852, 392), (775, 640), (615, 840), (382, 932))),
        (VERTICAL_PEN_WIDTH, ((704, 78), (772, 106), (828, 138), (882, 178))),
    ),
}

MIN_CAP_HEIGHT_SHARE = 0.05  # height of a capital / short side; Chinese characters are higher
LABEL_CACHE_SIZE = 8  # many pictures of an evaluation or an archive have one size
LABEL_QUALITY = 95  # of a labelled JPEG or WebP
_MIN_CAP_HEIGHT_PX = 9  # smaller is unreadable; used wherever the plate fits
_PLATE_OPACITY, _INK_LEVEL = 0.62, 255
_PLATE_RGB = np.array([18, 18, 20], np.float32)
# In capital heights:
_MARGIN, _PADDING, _LINE_GAP, _CORNER_RADIUS = 0.6, 0.4, 0.5, 0.35
_HANZI_SCALE = 1.34  # side of a Chinese character's square, in capital heights
_CAP_HEIGHT_RATIO = 0.69  # of the built-in font's size
_SUPERSAMPLING = 4  # samples per pixel and axis, for the plate's corners


class _Plate(NamedTuple):
    """letters: coverage of the whole plate by the text, 0..255. top, left: its place in the picture. In px."""

    letters: Image
    top: int
    left: int
    corner_radius: float


def add_label(picture: bytes, text: str) -> bytes:
    """Draw `text` on an encoded picture and encode it once: PNG stays PNG, WebP stays WebP, all else becomes JPEG.

    Of a JPEG by our own encoder only the rows with the label are encoded again. The result is upright, sRGB and without
    metadata. Raises ImageRejected, and ValueError as `draw_label` does.
    """
    opened = codec.open_photo(picture)
    if opened.kind == "JPEG" and opened.orientation == 1:
        plate = _place_plate((opened.height, opened.width), text)
        labelled = change_last_rows(opened.stripped, plate.top, lambda rows: _draw_plate(rows, opened.height, plate))
        if labelled:
            return labelled
    return encode_labelled(codec.decode_opened(opened), codec.sniff(picture), text)


def encode_labelled(pixels: Image, media_type: str | None, text: str) -> bytes:
    """Do as `add_label` with the decoded `pixels` of a picture of that type. Raises ValueError as `draw_label` does."""
    pixels = draw_label(pixels, text)
    if media_type not in ("image/png", "image/webp"):
        return codec.encode(pixels, LABEL_QUALITY)
    suffix, options = (
        (".png", []) if media_type == "image/png" else (".webp", [cv2.IMWRITE_WEBP_QUALITY, LABEL_QUALITY])
    )
    encoded: Any = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    return bytes(encoded)


def draw_label(pixels: Image, text: str) -> Image:
    """Return a copy of RGB `pixels` (h, w, 3) with `text` in the lower right corner; only the plate's area changes.

    text: words separated by spaces, of ASCII and the characters in STROKES. Raises ValueError for any other character.
    """
    return _draw_plate(pixels, len(pixels), _place_plate(pixels.shape[:2], text))


def _place_plate(size: tuple[int, ...], text: str) -> _Plate:
    """The label of a picture of that size (rows, columns)."""
    height, width = size
    cap_height = math.ceil(MIN_CAP_HEIGHT_SHARE * min(height, width))
    if cap_height < _MIN_CAP_HEIGHT_PX:
        label_height, label_width = (side / 40 + 2 * _MARGIN for side in _render_text(text, 40).shape)
        cap_height = max(cap_height, min(_MIN_CAP_HEIGHT_PX, int(width / label_width), int(height / label_height)))
    letters = _render_text(text, cap_height)
    rows, columns = letters.shape
    bottom, right = (max(side - round(_MARGIN * cap_height), size) for side, size in ((height, rows), (width, columns)))
    return _Plate(letters, bottom - rows, right - columns, _CORNER_RADIUS * cap_height)


def _draw_plate(pixels: Image, height: int, plate: _Plate) -> Image:
    """Return a copy of `pixels`, the last rows of a picture that is `height` px high, with the label."""
    labelled = pixels.copy()
    top = plate.top - height + len(pixels)
    corner = labelled[top : top + len(plate.letters), plate.left : plate.left + plate.letters.shape[1]]
    shade = _render_plate(corner.shape[:2], plate.corner_radius)[..., None] * _PLATE_OPACITY
    ink = plate.letters[: corner.shape[0], : corner.shape[1], None] / np.float32(255)
    corner[:] = ((corner * (1 - shade) + _PLATE_RGB * shade) * (1 - ink) + _INK_LEVEL * ink + 0.5).astype(np.uint8)
    return labelled


@lru_cache(LABEL_CACHE_SIZE)
def _render_text(text: str, cap_height: int) -> Image:
    """Render the coverage of the whole plate by `text`, 0..255: a line for each word, centred."""
    lines = [_render_line(word, cap_height) for word in text.split()]
    padding, step = round(_PADDING * cap_height), round((1 + _LINE_GAP) * cap_height)
    size = max(line.width for line in lines) + 2 * padding, step * (len(lines) - 1) + cap_height + 2 * padding
    canvas = Pictures.new("L", size)
    for number, line in enumerate(lines):  # a line's capitals stand a capital's height below its top
        left, top = (size[0] - line.width) // 2, padding + step * number - cap_height
        canvas.paste(255, (left, top), line)
    return np.asarray(canvas)


def _render_line(word: str, cap_height: int) -> Pictures.Image:
    """Render the coverage of `word`: as wide as the word, three capitals high, with the capitals in the middle."""
    face = ImageFont.load_default(cap_height / _CAP_HEIGHT_RATIO)
    square = _HANZI_SCALE * cap_height
    unsupported = [character for character in word if not (character.isascii() or character in STROKES)]
    if unsupported:
        raise ValueError(f"no shape for {unsupported[0]!r}")
    ends = np.cumsum([square if character in STROKES else face.getlength(character) for character in word])
    canvas = Pictures.new("L", (math.ceil(ends[-1]), 3 * cap_height))
    middle = square * (INK_TOP + INK_BOTTOM) / 2000
    for character, start in zip(word, [0.0, *ends], strict=False):
        if character in STROKES:
            top = round(1.5 * cap_height - middle)
            canvas.paste(255, (round(start), top), Pictures.fromarray(render_character(character, square)))
        else:
            ImageDraw.Draw(canvas).text((start, 2 * cap_height), character, 255, face, "ls")
    return canvas


@lru_cache(LABEL_CACHE_SIZE)
def _render_plate(size: tuple[int, ...], radius: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Render the coverage of a rectangle (rows, columns) with round corners, 0..1."""
    rows, columns = (side * _SUPERSAMPLING for side in size)
    fine = Pictures.new("L", (columns, rows))
    ImageDraw.Draw(fine).rounded_rectangle((0, 0, columns - 1, rows - 1), radius * _SUPERSAMPLING, 255)
    return np.asarray(fine.reduce(_SUPERSAMPLING), np.float32) / 255


def render_character(character: str, side: float) -> Image:
    """Render the coverage of one of STROKES, 0..255, in a square of `side` px, rounded up."""
    pixels = math.ceil(side)
    supersampling = max(2, math.ceil(_MIN_RASTER_PX / pixels))
    fine = np.zeros((pixels * supersampling, pixels * supersampling), np.uint8)
    for width, points in STROKES[character]:
        outline = _build_stroke_outline(_flatten_path(points), width) * (side * supersampling / 1000)
        cv2.fillPoly(fine, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.resize(fine, (pixels, pixels), interpolation=cv2.INTER_AREA), np.uint8)


def _flatten_path(points: Points) -> NDArray[np.float64]:
    """Sample the centre line densely enough to look curved."""
    control_points = np.asarray(points, np.float64)
    if len(control_points) == 2:
        return control_points
    t = np.linspace(0, 1, _CURVE_POINTS)[:, None]
    curves = [control_points[start : start + 4] for start in range(0, len(control_points) - 3, 3)]
    segments = [
        a * (1 - t) ** 3 + b * 3 * t * (1 - t) ** 2 + c * 3 * t**2 * (1 - t) + d * t**3 for a, b, c, d in curves
    ]
    return np.concatenate([segments[0], *(segment[1:] for segment in segments[1:])])


def _build_stroke_outline(line: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """The outline (2n, 2) of a stroke of `width` along the centre line `line` (n, 2)."""
    along = np.gradient(line, axis=0)
    across = along[:, ::-1] * (-1, 1) / np.linalg.norm(along, axis=1, keepdims=True) * (width / 2)
    return np.concatenate([line + across, (line - across)[::-1]])
