"""The visible label that GB 45438-2025 asks for: text in a corner, at least 5 % of the short side high.

White on a dark plate that lets a little of the picture through, which is readable on any background (WCAG 2.2, 1.4.3:
contrast 4.5). It is drawn on what leaves, never on what is worked on, so that no label is warped or drawn over another.
Whoever hands pictures out may import it. Pure, and blocks: call it from a worker thread.
"""

import math
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from ..domain.model import Image
from . import codec, hanzi

MIN_CAP_HEIGHT_SHARE = (
    0.052  # of the short side: the height of a capital, with a margin for encoders; Chinese is higher
)
LABEL_QUALITY = 95  # of a JPEG or WebP with a label
_MIN_CAP_HEIGHT_PX = 9  # px: below this nobody can read it, so it is taken wherever the plate fits
_PLATE_OPACITY, _INK_LEVEL = 0.62, 255
_PLATE_RGB = np.array([18, 18, 20], np.float32)
# In heights of a capital:
_MARGIN, _PADDING, _PLATE_HEIGHT, _CORNER_RADIUS = 0.6, 0.75, 2.2, 0.5
_HANZI_SCALE = 1.34  # the square of a Chinese character
_CAP_HEIGHT_RATIO = 0.69  # of the built-in face's size
_SUPERSAMPLING = 4  # samples of the plate's corners to a pixel, each way


def add_label(picture: bytes, text: str) -> bytes:
    """The picture in `picture` with `text` on it, encoded once: PNG stays PNG and WebP WebP, all else becomes JPEG.

    Upright, sRGB, no metadata. Raises ImageRejected, and ValueError as `draw_label` does.
    """
    pixels = draw_label(codec.decode(picture), text)
    media_type = codec.sniff(picture)
    if media_type not in ("image/png", "image/webp"):
        return codec.encode(pixels, LABEL_QUALITY)
    suffix, options = (
        (".png", []) if media_type == "image/png" else (".webp", [cv2.IMWRITE_WEBP_QUALITY, LABEL_QUALITY])
    )
    encoded: Any = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    return bytes(encoded)


def draw_label(pixels: Image, text: str) -> Image:
    """A copy of `pixels` with `text` in its lower right corner; nothing but the plate changes.

    text: what Pillow's built-in face (Latin) and `hanzi` have. Raises ValueError for any other character.
    """
    height, width = pixels.shape[:2]
    cap_height = math.ceil(MIN_CAP_HEIGHT_SHARE * min(height, width))
    if cap_height < _MIN_CAP_HEIGHT_PX:
        wide = _render_text(text, 40).shape[1] / 40 + 2 * (_PADDING + _MARGIN)
        cap_height = max(
            cap_height, min(_MIN_CAP_HEIGHT_PX, int(width / wide), int(height / (_PLATE_HEIGHT + 2 * _MARGIN)))
        )
    letters = np.pad(_render_text(text, cap_height), ((0, 0), (round(_PADDING * cap_height),) * 2))
    rows, columns = letters.shape
    bottom, right = (max(side - round(_MARGIN * cap_height), size) for side, size in ((height, rows), (width, columns)))
    labelled = pixels.copy()
    corner = labelled[bottom - rows : bottom, right - columns : right]
    plate = _render_plate(corner.shape[:2], _CORNER_RADIUS * cap_height)[..., None] * _PLATE_OPACITY
    ink = letters[: corner.shape[0], : corner.shape[1], None] / np.float32(255)
    corner[:] = ((corner * (1 - plate) + _PLATE_RGB * plate) * (1 - ink) + _INK_LEVEL * ink + 0.5).astype(np.uint8)
    return labelled


def _render_text(text: str, cap_height: int) -> Image:
    """Coverage 0..255 of `text`, as wide as it is and as high as a plate; capitals stand in the middle."""
    face = ImageFont.load_default(cap_height / _CAP_HEIGHT_RATIO)
    square, rows = _HANZI_SCALE * cap_height, round(_PLATE_HEIGHT * cap_height)
    unsupported = [character for character in text if not (character.isascii() or character in hanzi.STROKES)]
    if unsupported:
        raise ValueError(f"no shape for {unsupported[0]!r}")
    ends = np.cumsum([square if character in hanzi.STROKES else face.getlength(character) for character in text])
    canvas = Pictures.new("L", (math.ceil(ends[-1]), rows))
    baseline = (rows + cap_height) // 2
    middle = square * (hanzi.INK_TOP + hanzi.INK_BOTTOM) / 2000
    for character, start in zip(text, [0.0, *ends], strict=False):
        if character in hanzi.STROKES:
            top = round(baseline - cap_height / 2 - middle)
            canvas.paste(255, (round(start), top), Pictures.fromarray(hanzi.render_character(character, square)))
        else:
            ImageDraw.Draw(canvas).text((start, baseline), character, 255, face, "ls")
    return np.asarray(canvas)


def _render_plate(size: tuple[int, ...], radius: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Coverage 0..1 of a rectangle of (rows, columns) with round corners."""
    rows, columns = (side * _SUPERSAMPLING for side in size)
    fine = Pictures.new("L", (columns, rows))
    ImageDraw.Draw(fine).rounded_rectangle((0, 0, columns - 1, rows - 1), radius * _SUPERSAMPLING, 255)
    return np.asarray(fine.reduce(_SUPERSAMPLING), np.float32) / 255
