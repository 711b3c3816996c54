"""The effects' bare speed, against what they cannot do without."""

import cv2
import numpy as np

from meitu_demo.effects.restore import restore
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.imaging.astronaut import astronaut
from meitu_demo.imaging.faces import find_faces
from meitu_demo.spec import Image

from .ratio import Row, compare


def rows() -> list[Row]:
    """Aesthetics at 1080p and restoration at 2 MP."""
    frame = _frame(1920, 1080)
    y, x = np.mgrid[:1080, :1920].astype(np.float32)
    aesthetics = CATALOGUE["facial_aesthetics"]
    values = aesthetics.read({"shape_type": 8, "strength": 1})

    def detect_and_remap() -> None:
        find_faces(frame)
        cv2.remap(frame, x, y, cv2.INTER_LINEAR)

    noisy = _noisy(_frame(1633, 1225))
    return [
        compare(
            "aesthetics at 1080p, whole effect",
            lambda: aesthetics.offline(frame, values),
            "face detection and one cv2.remap",
            detect_and_remap,
            aim=1.5,
        ),
        compare(
            "restoration, 2 MP",
            lambda: restore(noisy),
            "cv2.fastNlMeansDenoisingColored(h=5)",
            lambda: cv2.fastNlMeansDenoisingColored(noisy, None, 5, 5),
            aim=0.35,
            runs=7,
        ),
    ]


def _frame(width: int, height: int) -> Image:
    """The astronaut enlarged to the frame's height on grey: a portrait in landscape."""
    frame = np.full((height, width, 3), 128, np.uint8)
    photo = cv2.resize(astronaut(), (height, height), interpolation=cv2.INTER_CUBIC)
    left = (width - height) // 2
    frame[:, left : left + height] = photo
    return frame


def _noisy(image: Image) -> Image:
    noise = np.random.default_rng(3).normal(0, 10, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
