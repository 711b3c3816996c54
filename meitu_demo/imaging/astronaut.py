"""The project's own real photo: a portrait of the astronaut Eileen Collins by NASA, in the public domain."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from ..spec import Image

FILE = Path(__file__).resolve().parents[2] / "assets" / "astronaut.png"


@cache
def astronaut() -> Image:
    """Its pixels, (512, 512, 3); read-only."""
    with Picture.open(FILE) as opened:
        pixels = np.array(opened.convert("RGB"))
    pixels.flags.writeable = False
    return pixels
