"""A contact sheet of face fuse to look at: every template down, several faces across."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from meitu_demo import templates
from meitu_demo.effects.fuse import fuse

from .people import accepted

CELL = (480, 600)  # px of a sheet's cell, width and height
AROUND = 0.75  # of the face's width shown around it


def draw(shown: dict[str, NDArray[np.uint8]], output: Path) -> None:
    """Write the sheet; pictures that would be refused are left out."""
    users = [(shown[name], face) for name, face in accepted(shown).items()]
    rows = []
    for info in templates.list_templates():
        template = templates.load_template(info.id)
        fused = [fuse(image, face, template) for image, face in users]
        rows.append(np.hstack([cell(image, template.face.box) for image in (template.composite, *fused)]))
    Image.fromarray(np.vstack(rows)).save(output, quality=90)


def cell(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """The face with what is around it, fitted into a cell."""
    around = AROUND * (box[2] - box[0])
    x0, y0 = (max(0, round(edge - around)) for edge in box[:2])
    part = image[y0 : round(box[3] + around), x0 : round(box[2] + around)]
    fitted = ImageOps.fit(Image.fromarray(part), CELL, Image.Resampling.LANCZOS)
    return np.array(fitted)
