"""A contact sheet of face fuse to look at: every template down, several faces across.

    python -m tools.quality.fuse_sheet [--photos FOLDER] [--templates ID …] [--output build/quality/fuse.jpg]

Without a folder the faces are scikit-image's astronaut, mirrored, darker and tilted: other people's photos are never
part of the project. Prints the seconds of each fusion beside those of finding its face.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from meitu_demo import templates
from meitu_demo.effects.fuse import fuse
from meitu_demo.imaging.faces import find_faces

CELL = (480, 600)  # px of a sheet's cell, width and height
AROUND = 0.75  # of the face's width shown around it


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--photos", type=Path)
    arguments.add_argument("--templates", nargs="*")
    arguments.add_argument("--output", type=Path, default=Path("build/quality/fuse.jpg"))
    chosen = arguments.parse_args()
    users = {name: (image, find_faces(image)) for name, image in photos(chosen.photos).items()}
    users = {name: user for name, user in users.items() if user[1]}
    rows = []
    for key in chosen.templates or [info.id for info in templates.all_templates()]:
        template = templates.load(key)
        cells = [cell(template.flat, template.face.box)]
        for name, (image, faces) in users.items():
            before = time.perf_counter()
            result = fuse(image, faces[0], template)
            print(f"{key:24} {name:24} {time.perf_counter() - before:.3f} s")
            cells.append(cell(result, template.face.box))
        rows.append(np.hstack(cells))
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.vstack(rows)).save(chosen.output, quality=90)
    print(chosen.output)


def photos(folder: Path | None) -> dict[str, NDArray[np.uint8]]:
    """Pictures by name."""
    if folder is not None:
        found = {}
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}:
                with Image.open(path) as opened:
                    found[path.stem] = np.array(ImageOps.exif_transpose(opened).convert("RGB"))
        return found
    astronaut = data.astronaut()
    turn = cv2.getRotationMatrix2D((225, 120), 25, 1)
    return {
        "astronaut": astronaut,
        "mirrored": np.ascontiguousarray(astronaut[:, ::-1]),
        "darker": (astronaut * 0.5).astype(np.uint8),
        "tilted": np.asarray(cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REFLECT), np.uint8),
    }


def cell(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """The face with what is around it, fitted into a cell."""
    around = AROUND * (box[2] - box[0])
    x0, y0 = (max(0, round(edge - around)) for edge in box[:2])
    part = image[y0 : round(box[3] + around), x0 : round(box[2] + around)]
    fitted = ImageOps.fit(Image.fromarray(part), CELL, Image.Resampling.LANCZOS)
    return np.array(fitted)


if __name__ == "__main__":
    main()
