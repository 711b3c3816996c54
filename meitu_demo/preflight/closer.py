"""A second look for a face that is too small in the whole photo: the detectors shrink what they are given, and find
nothing under about a twelfth of the long side. Only `offers` imports it. Blocks for nine looks.
"""

from itertools import product

import numpy as np

from ..domain.model import Image
from ..engine.imaging.faces import find_faces
from .report import DetectedFace

TILE_STARTS = (0.0, 0.25, 0.5)  # shares of a side where a tile begins, each half as long as the side
MIN_TILE_PX = 96  # px of a tile's short side: less holds no face of the vendors' smallest size with room around it


def detect_in_tiles(pixels: Image) -> DetectedFace | None:
    """The largest face that shows in a part of `pixels`, None without any."""
    height, width = pixels.shape[:2]
    if min(height, width) < 2 * MIN_TILE_PX:
        return None
    best: DetectedFace | None = None
    for across, down in product(TILE_STARTS, TILE_STARTS):
        x, y = int(across * width), int(down * height)
        for face in find_faces(np.ascontiguousarray(pixels[y : y + height // 2, x : x + width // 2]))[:1]:
            if face.cropped_share == 0 and (best is None or face.side > best.side):
                x0, y0, x1, y1 = face.box
                box = x0 + x, y0 + y, x1 + x, y1 + y
                best = DetectedFace(
                    1, box, (width, height), face.yaw, face.pitch, face.roll, face.side, 0.0, is_used=True
                )
    return best
