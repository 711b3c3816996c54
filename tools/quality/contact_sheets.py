"""Contact sheets of face fuse and of the anime avatar. Pictures are RGB uint8."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from meitu_demo.engine import face_templates
from meitu_demo.engine.effects.avatar.draw import VERSIONS, draw_avatar
from meitu_demo.engine.effects.avatar.head import crop_to_heads
from meitu_demo.engine.effects.fuse import fuse
from meitu_demo.engine.imaging.faces import Face, find_faces

from .people import find_accepted_faces

FUSE_CELL_PX, AVATAR_CELL_PX = (480, 600), (720, 720)  # width, height
MARGIN_SHARE = 0.75  # of the face's width, around it
Pixels = NDArray[np.uint8]


def write_fuse_sheet(photos: dict[str, Pixels], output: Path) -> None:
    """Face fuse: a row for each template, a column for each face, without pictures that would be rejected."""
    users = [(photos[name], face) for name, face in find_accepted_faces(photos).items()]
    rows = []
    for info in face_templates.list_templates():
        template = face_templates.load_template(info.id)
        fused = [fuse(image, face, template) for image, face in users]
        rows.append(np.hstack([render_cell(image, template.face.box) for image in (template.composite, *fused)]))
    Image.fromarray(np.vstack(rows)).save(output, quality=90)


def render_cell(image: Pixels, box: tuple[float, float, float, float]) -> Pixels:
    """The face and its surroundings, fitted into a cell."""
    margin_px = MARGIN_SHARE * (box[2] - box[0])
    x0, y0 = (max(0, round(edge - margin_px)) for edge in box[:2])
    part = image[y0 : round(box[3] + margin_px), x0 : round(box[2] + margin_px)]
    fitted = ImageOps.fit(Image.fromarray(part), FUSE_CELL_PX, Image.Resampling.LANCZOS)
    return np.array(fitted)


def write_avatar_sheet(photos: dict[str, Pixels], output: Path) -> None:
    """Anime avatar: photo and both looks of each picture with a face, and of the first once more with glasses."""
    people = [(image, faces) for image in photos.values() if (faces := find_faces(image))]
    glasses_photo = draw_glasses(people[0][0], people[0][1][0])
    rows = []
    for image, faces in (*people, (glasses_photo, find_faces(glasses_photo))):
        cells = [crop_to_heads(image, faces)[0], *(draw_avatar(image, faces, version) for version in VERSIONS)]
        rows.append(
            np.hstack([np.array(ImageOps.pad(Image.fromarray(cell), AVATAR_CELL_PX, color="white")) for cell in cells])
        )
    Image.fromarray(np.vstack(rows)).save(output, quality=92)


def draw_glasses(image: Pixels, face: Face) -> Pixels:
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
