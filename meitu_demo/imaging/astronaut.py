"""The project's own real photos, two that are free.

The astronaut is a NASA portrait in the public domain (Eileen Collins, 1993). The coffee was photographed by Rachel
Michetti and given away (CC0). Both files are scikit-image's copies.
"""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from ..spec import Image

PHOTOS = Path(__file__).resolve().parents[2] / "assets" / "photos"
ASTRONAUT = PHOTOS / "astronaut.png"


@cache
def astronaut() -> Image:
    """Its pixels, (512, 512, 3); read-only."""
    return _pixels(ASTRONAUT)


@cache
def coffee() -> Image:
    """A picture without a face, (400, 600, 3); read-only."""
    return _pixels(PHOTOS / "coffee.png")


def _pixels(path: Path) -> Image:
    with Picture.open(path) as opened:
        pixels = np.array(opened.convert("RGB"))
    pixels.flags.writeable = False
    return pixels
