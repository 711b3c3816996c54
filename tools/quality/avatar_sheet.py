"""A contact sheet of the anime avatar to look at: people down, the photo and both looks across.

    python -m tools.quality.avatar_sheet [--photos FOLDER] [--output build/quality/avatar.jpg]

Without a folder the people are scikit-image's astronaut: as she is, mirrored, small, tilted, in the dark, with glasses
drawn on. Other people's photos are never part of the project. Prints the seconds of each drawing.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from meitu_demo.effects.avatar import avatar
from meitu_demo.effects.cartoon.head import frame
from meitu_demo.effects.cartoon.look import LOOKS
from meitu_demo.imaging.faces import Face, find_faces

CELL = (720, 720)  # px of a sheet's cell, width and height


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--photos", type=Path)
    arguments.add_argument("--output", type=Path, default=Path("build/quality/avatar.jpg"))
    chosen = arguments.parse_args()
    rows = []
    for name, image in photos(chosen.photos).items():
        faces = find_faces(image)
        if not faces:
            print(f"{name:16} no face")
            continue
        cells = [frame(image, faces)[0]]
        for version in LOOKS:
            before = time.perf_counter()
            cells.append(avatar(image, faces, version))
            height, width = cells[-1].shape[:2]
            print(f"{name:16} {version} {width}×{height} {time.perf_counter() - before:.3f} s")
        rows.append(np.hstack([np.array(ImageOps.pad(Image.fromarray(cell), CELL, color="white")) for cell in cells]))
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.vstack(rows)).save(chosen.output, quality=92)
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
    turn = cv2.getRotationMatrix2D((225, 120), 30, 1)
    return {
        "astronaut": astronaut,
        "mirrored": np.ascontiguousarray(astronaut[:, ::-1]),
        "small": np.asarray(cv2.resize(astronaut, (280, 280), interpolation=cv2.INTER_AREA), np.uint8),
        "tilted": np.asarray(cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REFLECT), np.uint8),
        "dark": (astronaut * 0.35).astype(np.uint8),
        "glasses": with_glasses(astronaut, find_faces(astronaut)[0]),
    }


def with_glasses(image: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """`image` with dark round glasses drawn on `face`."""
    worn = image.copy()
    points, width = face.landmarks, face.width
    thick = max(1, round(0.022 * width))
    colour = (45, 32, 28)
    eyes = [(points[outer] + points[inner]) / 2 + (0, 0.03 * width) for outer, inner in ((33, 133), (263, 362))]
    for eye, ear in zip(eyes, (127, 356), strict=True):
        axes = (round(0.19 * width), round(0.15 * width))
        cv2.ellipse(worn, eye.astype(int).tolist(), axes, face.roll, 0, 360, colour, thick, cv2.LINE_AA)
        rim = eye + (points[ear] - eye) * 0.19 * width / np.linalg.norm(points[ear] - eye)
        cv2.line(worn, rim.astype(int).tolist(), points[ear].astype(int).tolist(), colour, thick, cv2.LINE_AA)
    bridge = [(eyes[0] + (eyes[1] - eyes[0]) * share).astype(int).tolist() for share in (0.38, 0.62)]
    cv2.line(worn, bridge[0], bridge[1], colour, thick, cv2.LINE_AA)
    return worn


if __name__ == "__main__":
    main()
