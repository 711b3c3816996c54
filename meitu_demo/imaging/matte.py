"""Cuts people out of a photo: MediaPipe's selfie segmentation, refined to the photo's edges.

The model (256×256, 250 kB) loads at the first matte, not at import, and works behind a lock: one graph shared by
threads answers wrongly.
"""

import threading
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .solutions import load_solution

Image = NDArray[np.uint8]
Matte = NDArray[np.float32]

MODEL_SIDE_PX = 256  # px; the model sees no more, so the photo is area-averaged down to it first
GUIDED_FILTER_RADIUS_SHARE = 1 / 64  # of the long side: how far the refined edge may wander from the model's
GUIDED_FILTER_EPS = 4e-4  # guided filter's regularisation on colours 0..1: smaller follows fainter edges

_model_lock = threading.Lock()


def compute_person_matte(image: Image) -> Matte:
    """How much each pixel belongs to a person: float32 (h, w), 0..1; all people count. Thread-safe.

    The model's coarse answer is pulled to the photo's edges with a colour guided filter (He, Sun and Tang, 2010).
    """
    height, width = image.shape[:2]
    small = cv2.resize(image, (MODEL_SIDE_PX, MODEL_SIDE_PX), interpolation=cv2.INTER_AREA)
    with _model_lock:
        coarse = np.array(_load_model().process(small).segmentation_mask, np.float32)
    coarse = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    radius = max(2, round(max(height, width) * GUIDED_FILTER_RADIUS_SHARE))
    fine = cv2.ximgproc.guidedFilter(image, coarse, radius, GUIDED_FILTER_EPS * 255**2)
    return np.asarray(np.clip(fine * 1.2 - 0.1, 0, 1), np.float32)


@cache
def _load_model() -> Any:
    with load_solution("selfie_segmentation") as segmentation:
        return segmentation.SelfieSegmentation(model_selection=0)
