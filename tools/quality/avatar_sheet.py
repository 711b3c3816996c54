"""A contact sheet of the anime avatar to look at: people down, the photo and both looks across."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from meitu_demo.engine.effects.avatar import draw_avatar
from meitu_demo.engine.effects.cartoon.head import frame
from meitu_demo.engine.effects.cartoon.look import LOOKS
from meitu_demo.engine.imaging.faces import Face, find_faces

CELL_SIZE_PX = (720, 720)  # px of a sheet's cell, width and height


def write_sheet(photos: dict[str, NDArray[np.uint8]], output: Path) -> None:
    """Write the sheet: each person, and the first once more with glasses; pictures without a face are left out."""
    people = [(image, faces) for image in photos.values() if (faces := find_faces(image))]
    glasses_photo = draw_glasses(people[0][0], people[0][1][0])
    rows = []
    for image, faces in (*people, (glasses_photo, find_faces(glasses_photo))):
        cells = [frame(image, faces)[0], *(draw_avatar(image, faces, version) for version in LOOKS)]
        rows.append(
            np.hstack([np.array(ImageOps.pad(Image.fromarray(cell), CELL_SIZE_PX, color="white")) for cell in cells])
        )
    Image.fromarray(np.vstack(rows)).save(output, quality=92)


def draw_glasses(image: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """`image` with dark round glasses drawn on `face`."""
    output = image.copy()
    points, width = face.landmarks, face.width
    thickness_px = max(1, round(0.022 * width))
    colour = (45, 32, 28)
    eyes = [(points[outer] + points[inner]) / 2 + (0, 0.03 * width) for outer, inner in ((33, 133), (263, 362))]
    for eye, ear in zip(eyes, (127, 356), strict=True):
        axes = (round(0.19 * width), round(0.15 * width))
        cv2.ellipse(output, eye.astype(int).tolist(), axes, face.roll, 0, 360, colour, thickness_px, cv2.LINE_AA)
        rim = eye + (points[ear] - eye) * 0.19 * width / np.linalg.norm(points[ear] - eye)
        cv2.line(output, rim.astype(int).tolist(), points[ear].astype(int).tolist(), colour, thickness_px, cv2.LINE_AA)
    bridge = [(eyes[0] + (eyes[1] - eyes[0]) * share).astype(int).tolist() for share in (0.38, 0.62)]
    cv2.line(output, bridge[0], bridge[1], colour, thickness_px, cv2.LINE_AA)
    return output
