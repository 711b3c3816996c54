"""A good photo made bad, always in the same way: the example photo for quality restoration. Pure.

Each step is what happens to real photos, in the order in which it happens: a soft lens, too little light, the sensor's
noise, coarse compression.
"""

from typing import Final

import cv2
import numpy as np

from ..domain.model import Image

_BLUR_SIGMA_PX: Final = 1.0  # pixels
_EXPOSURE_FACTOR: Final = 0.42
_NOISE_SIGMA: Final = 4.0  # levels, after the light is gone
_JPEG_QUALITY: Final = 66
_SEED: Final = 1969


def degrade(image: Image) -> Image:
    """`image` soft, dim, noisy and with JPEG blocks; RGB uint8 of the same size, the same every time."""
    soft = cv2.GaussianBlur(image.astype(np.float32), (0, 0), _BLUR_SIGMA_PX)
    noise = np.random.default_rng(_SEED).normal(0, _NOISE_SIGMA, image.shape).astype(np.float32)
    dim = np.clip(np.rint(soft * _EXPOSURE_FACTOR + noise), 0, 255).astype(np.uint8)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(dim, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return np.asarray(cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)
