"""The project's own real photos, two that are free, as scikit-image brings them along.

The astronaut is a NASA portrait in the public domain (Eileen Collins, 1993). The coffee was photographed by Rachel
Michetti and given away (CC0). The library is looked up and not imported: its files are all that is wanted.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Picture

from ..domain.model import Image


def find_astronaut_file() -> Path:
    """Where the astronaut lies. Raises FileNotFoundError when scikit-image is not installed."""
    return _find_file("astronaut.png")


@cache
def load_astronaut() -> Image:
    """Its pixels, (512, 512, 3); read-only."""
    return _load_pixels(find_astronaut_file())


@cache
def load_coffee() -> Image:
    """A picture without a face, (400, 600, 3); read-only."""
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


# MERGED effects/degrade.py: A good photo made bad, always in the same way: the example photo for quality restoration.
# Pure. Each step is what happens to real photos, in the order in which it happens: a soft lens, too little light, the
# sensor's noise, coarse compression.

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
