"""Contact sheet of face fuse. Pictures are RGB uint8."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from meitu_demo.engine import face_templates
from meitu_demo.engine.effects.fuse import fuse

from .people import find_accepted_faces

FUSE_CELL_PX = (480, 600)  # width, height
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
