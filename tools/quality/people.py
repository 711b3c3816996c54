"""Photos for the quality tools: of a folder, or variants of the astronaut.

Photos of other people are never part of the project.
"""

from pathlib import Path

import cv2
import numpy as np

from meitu_demo.domain.errors import EngineRejection
from meitu_demo.domain.model import Image
from meitu_demo.engine.effects.avatar.head import to_lab
from meitu_demo.engine.effects.avatar.mouth import OUTER_LIPS
from meitu_demo.engine.imaging.face_checks import pick_face
from meitu_demo.engine.imaging.faces import Face
from meitu_demo.engine.imaging.segmentation import segment_skin
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

BEARD: tuple[int, ...] = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
BEARD += (425, 426, 327, 2, 98, 206, 205)  # outline on the face mesh
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


def darken_skin(image: Image, face: Face, share: float = 0.6) -> Image:
    """The photo of a person whose skin has `share` of the lightness."""
    mask = segment_skin(image, face.landmarks.astype(float)).astype(np.float32) / 255
    lab = to_lab(image)
    lab[..., 0] *= 1 - (1 - share) * mask
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255, np.uint8)


def add_beard(image: Image, face: Face, colour: tuple[int, int, int]) -> Image:
    """The photo of a person with a full beard of an RGB `colour`."""
    mask = np.zeros(image.shape[:2], np.float32)
    cv2.fillPoly(mask, [face.landmarks[list(BEARD)].astype(int)], (1.0,))
    cv2.fillPoly(mask, [face.landmarks[list(OUTER_LIPS)].astype(int)], (0.0,))
    share = cv2.GaussianBlur(mask, (0, 0), 0.02 * face.width)[..., None] * 0.85
    return np.asarray(image * (1 - share) + np.array(colour) * share, np.uint8)


def draw_glasses(
    image: Image, face: Face, colour: tuple[int, int, int] = (45, 32, 28), thickness: float = 0.022
) -> Image:
    """`image` with round glasses of an RGB `colour` drawn on `face`. thickness: of the frames, in face widths."""
    output = image.copy()
    points, width = face.landmarks, face.width
    thickness_px = max(1, round(thickness * width))
    eyes = [(points[outer] + points[inner]) / 2 + (0, 0.03 * width) for outer, inner in ((33, 133), (263, 362))]
    for eye, ear in zip(eyes, (127, 356), strict=True):
        axes = (round(0.19 * width), round(0.15 * width))
        cv2.ellipse(output, eye.astype(int).tolist(), axes, face.roll, 0, 360, colour, thickness_px, cv2.LINE_AA)
        rim = eye + (points[ear] - eye) * 0.19 * width / np.linalg.norm(points[ear] - eye)
        cv2.line(output, rim.astype(int).tolist(), points[ear].astype(int).tolist(), colour, thickness_px, cv2.LINE_AA)
    bridge = [(eyes[0] + (eyes[1] - eyes[0]) * share).astype(int).tolist() for share in (0.38, 0.62)]
    cv2.line(output, bridge[0], bridge[1], colour, thickness_px, cv2.LINE_AA)
    return output
