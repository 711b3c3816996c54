"""Measures the anime avatar: the skin's hue and lightness and the number of faces, and draws a contact sheet.

The people are those of `people.load_people` and, of the first, variants: dark skin, beards, glasses.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from meitu_demo.domain.model import Image
from meitu_demo.engine.effects.avatar.draw import VERSIONS, correct_light, draw_avatar
from meitu_demo.engine.effects.avatar.flatten import UPPER_CHEEKS
from meitu_demo.engine.effects.avatar.head import crop_to_heads, to_lab
from meitu_demo.engine.imaging.colour import sample_colours
from meitu_demo.engine.imaging.faces import Face, find_faces

from . import OUTPUT
from .people import add_beard, darken_skin, draw_glasses

MAX_HUE_CHANGE_DEG, MAX_DARKER_L = 8.0, 1.0  # of the cheeks' median, against the photo after its exposure is set
MIN_CHROMA = 4.0  # of cheeks that have a hue
CELL_PX = (720, 720)


def main(photos: dict[str, Image]) -> int:
    """Print the table, write it and the sheet to `build/quality`; returns 1 if a limit is missed."""
    pictures = {name: image for name, image in photos.items() if find_faces(image)}
    name, first = next(iter(pictures.items()))
    face = find_faces(first)[0]
    pictures |= {
        f"{name}, dark skin": darken_skin(first, face),
        f"{name}, dark beard": add_beard(first, face, (70, 50, 35)),
        f"{name}, white beard": add_beard(first, face, (215, 210, 205)),
        f"{name}, glasses": draw_glasses(first, face),
        f"{name}, thin glasses": draw_glasses(first, face, (150, 140, 120), 0.01),
    }
    lines = [f"{'avatar':<32}{'hue, degrees':>14}{'lightness':>12}{'faces':>8}"]
    rows, failures = [], 0
    for name, image in pictures.items():
        faces = find_faces(image)
        drawn = [draw_avatar(image, faces, version) for version in VERSIONS]
        hue, lightness = compare_cheeks(image, faces, drawn[0])
        found = len(find_faces(drawn[0]))
        is_passed = abs(hue) <= MAX_HUE_CHANGE_DEG and lightness >= -MAX_DARKER_L
        failures += not is_passed
        count = f"{found}/{len(faces)}"
        lines.append(f"{name:<32}{hue:>14.1f}{lightness:>12.1f}{count:>8}{'' if is_passed else '  FELL SHORT'}")
        cells = [PillowImage.fromarray(cell) for cell in (crop_to_heads(image, faces)[0], *drawn)]
        rows.append(np.hstack([np.array(ImageOps.pad(cell, CELL_PX, color="white")) for cell in cells]))
    PillowImage.fromarray(np.vstack(rows)).save(OUTPUT / "avatar.jpg", quality=92)
    (OUTPUT / "avatar.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 1 if failures else 0


def compare_cheeks(image: Image, faces: Sequence[Face], drawn: Image) -> tuple[float, float]:
    """(change of hue in degrees, change of L) of the largest face's upper cheeks, as medians, by drawing `faces`.

    A grey photo has no hue: 0 degrees.
    """
    photo, (head, *_) = crop_to_heads(image, faces)
    photo = correct_light(photo, head)
    scale = drawn.shape[0] / photo.shape[0]
    before, after = (
        np.median(sample_colours(to_lab(picture), head.move((0, 0), size).points[list(UPPER_CHEEKS)], 4), 0)
        for picture, size in ((photo, 1.0), (drawn, scale))
    )
    hues = [np.degrees(np.arctan2(lab[2], lab[1])) for lab in (before, after)]
    is_grey = np.hypot(before[1], before[2]) < MIN_CHROMA
    return 0.0 if is_grey else float((hues[1] - hues[0] + 180) % 360 - 180), float(after[0] - before[0])
