"""Sample photos from scikit-image, and a degraded copy of one for the quality-restoration example.

The astronaut is a NASA portrait in the public domain (Eileen Collins, 1993); the coffee was photographed by Rachel
Michetti (CC0). scikit-image is located without being imported: only its files are needed.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Picture

from ..domain.model import Image

_BLUR_SIGMA_PX: Final = 1.0
_EXPOSURE_FACTOR: Final = 0.42
_NOISE_SIGMA: Final = 4.0  # of 255, after the exposure
_JPEG_QUALITY: Final = 66
_SEED: Final = 1969


def find_astronaut_file() -> Path:
    """Locate the astronaut's file. Raises FileNotFoundError when scikit-image is not installed."""
    return _find_file("astronaut.png")


@cache
def load_astronaut() -> Image:
    """RGB pixels (512, 512, 3), read-only."""
    return _load_pixels(find_astronaut_file())


@cache
def load_coffee() -> Image:
    """RGB pixels of a picture without a face, (400, 600, 3), read-only."""
    return _load_pixels(_find_file("coffee.png"))


def _find_file(name: str) -> Path:
    spec = find_spec("skimage")
    path = Path(spec.origin).parent / "data" / name if spec and spec.origin else None
    if path is None or not path.is_file():
        raise FileNotFoundError(f"scikit-image with its {name} is not installed")
    return path


def _load_pixels(path: Path) -> Image:
    with Picture.open(path) as opened:
        pixels = np.array(opened.convert("RGB"))
    pixels.flags.writeable = False
    return pixels


def degrade(image: Image) -> Image:
    """Make RGB uint8 `image` soft, dim, noisy and blocky, in the order of a real camera; deterministic, same size."""
    soft = cv2.GaussianBlur(image.astype(np.float32), (0, 0), _BLUR_SIGMA_PX)
    noise = np.random.default_rng(_SEED).normal(0, _NOISE_SIGMA, image.shape).astype(np.float32)
    dim = np.clip(np.rint(soft * _EXPOSURE_FACTOR + noise), 0, 255).astype(np.uint8)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(dim, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return np.asarray(cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)
