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

from ..spec import Image
from . import codec, hanzi

LEAST = 0.052  # of the short side: the height of a capital, with a margin for encoders; Chinese is higher
QUALITY = 95  # of a JPEG or WebP with a label
_SMALLEST = 9  # px: below this nobody can read it, so it is taken wherever the plate fits
_OPACITY, _INK = 0.62, 255
_PLATE = np.array([18, 18, 20], np.float32)
# In heights of a capital:
_MARGIN, _PADDING, _HEIGHT, _RADIUS = 0.6, 0.75, 2.2, 0.5
_HANZI = 1.34  # the square of a Chinese character
_CAPITAL = 0.69  # of the built-in face's size
_FINE = 4  # samples of the plate's corners to a pixel, each way


def labelled(picture: bytes, text: str) -> bytes:
    """The picture in `picture` with `text` on it, encoded once: PNG stays PNG and WebP WebP, all else becomes JPEG.

    Upright, sRGB, no metadata. Raises ImageRejected, and ValueError as `draw_label` does.
    """
    pixels = draw_label(codec.decode(picture), text)
    media_type = codec.sniff(picture)
    if media_type not in ("image/png", "image/webp"):
        return codec.encode(pixels, QUALITY)
    suffix, options = (".png", []) if media_type == "image/png" else (".webp", [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    encoded: Any = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    return bytes(encoded)


def draw_label(pixels: Image, text: str) -> Image:
    """A copy of `pixels` with `text` in its lower right corner; nothing but the plate changes.

    text: what Pillow's built-in face (Latin) and `hanzi` have. Raises ValueError for any other character.
    """
    height, width = pixels.shape[:2]
    capital = math.ceil(LEAST * min(height, width))
    if capital < _SMALLEST:
        wide = _letters(text, 40).shape[1] / 40 + 2 * (_PADDING + _MARGIN)
        capital = max(capital, min(_SMALLEST, int(width / wide), int(height / (_HEIGHT + 2 * _MARGIN))))
    letters = np.pad(_letters(text, capital), ((0, 0), (round(_PADDING * capital),) * 2))
    rows, columns = letters.shape
    bottom, right = (max(side - round(_MARGIN * capital), size) for side, size in ((height, rows), (width, columns)))
    labelled = pixels.copy()
    corner = labelled[bottom - rows : bottom, right - columns : right]
    plate = _plate(corner.shape[:2], _RADIUS * capital)[..., None] * _OPACITY
    ink = letters[: corner.shape[0], : corner.shape[1], None] / np.float32(255)
    corner[:] = ((corner * (1 - plate) + _PLATE * plate) * (1 - ink) + _INK * ink + 0.5).astype(np.uint8)
    return labelled


def _letters(text: str, capital: int) -> Image:
    """Coverage 0..255 of `text`, as wide as it is and as high as a plate; capitals stand in the middle."""
    face = ImageFont.load_default(capital / _CAPITAL)
    square, rows = _HANZI * capital, round(_HEIGHT * capital)
    strange = [character for character in text if not (character.isascii() or character in hanzi.STROKES)]
    if strange:
        raise ValueError(f"no shape for {strange[0]!r}")
    ends = np.cumsum([square if character in hanzi.STROKES else face.getlength(character) for character in text])
    sheet = Pictures.new("L", (math.ceil(ends[-1]), rows))
    baseline = (rows + capital) // 2
    middle = square * (hanzi.TOP + hanzi.BOTTOM) / 2000
    for character, start in zip(text, [0.0, *ends], strict=False):
        if character in hanzi.STROKES:
            top = round(baseline - capital / 2 - middle)
            sheet.paste(255, (round(start), top), Pictures.fromarray(hanzi.draw(character, square)))
        else:
            ImageDraw.Draw(sheet).text((start, baseline), character, 255, face, "ls")
    return np.asarray(sheet)


def _plate(size: tuple[int, ...], radius: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Coverage 0..1 of a rectangle of (rows, columns) with round corners."""
    rows, columns = (side * _FINE for side in size)
    fine = Pictures.new("L", (columns, rows))
    ImageDraw.Draw(fine).rounded_rectangle((0, 0, columns - 1, rows - 1), radius * _FINE, 255)
    return np.asarray(fine.reduce(_FINE), np.float32) / 255
