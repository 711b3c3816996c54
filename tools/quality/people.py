"""Photos for the quality tools: of a folder, or variants of the astronaut.

Photos of other people are never part of the project.
"""

from pathlib import Path

import cv2
import numpy as np

from meitu_demo.domain.errors import EngineRejection
from meitu_demo.domain.model import Image
from meitu_demo.engine.imaging.face_checks import pick_face
from meitu_demo.engine.imaging.faces import Face
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic"}


def load_people(folder: Path | None) -> dict[str, Image]:
    """RGB uint8 pictures by name: those in `folder`, or the astronaut's variants without one."""
    if folder is not None:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
        return {path.stem: codec.decode(path.read_bytes()) for path in files}
    image = load_astronaut()
    turn = cv2.getRotationMatrix2D((225, 120), 25, 1)
    return {
        "astronaut": image,
        "mirrored": np.ascontiguousarray(image[:, ::-1]),
        "small": np.asarray(cv2.resize(image, (280, 280), interpolation=cv2.INTER_AREA), np.uint8),
        "dark": (image * 0.4).astype(np.uint8),
        "tilted": np.asarray(cv2.warpAffine(image, turn, (512, 512), borderMode=cv2.BORDER_REFLECT), np.uint8),
    }


def find_accepted_faces(photos: dict[str, Image]) -> dict[str, Face]:
    """The face of each picture by name, without pictures that the vendor would reject."""
    found = {}
    for name, image in photos.items():
        try:
            found[name] = pick_face(image)
        except EngineRejection:
            continue
    return found
