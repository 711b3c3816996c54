"""The project's own real photo: scikit-image's copy of a NASA portrait in the public domain (Eileen Collins, 1993)."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from ..spec import Image


def astronaut_file() -> Path:
    """Where it lies, found without importing the library. Raises FileNotFoundError when that is not installed."""
    spec = find_spec("skimage")
    path = Path(spec.origin).parent / "data" / "astronaut.png" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise FileNotFoundError("scikit-image with its astronaut is not installed")
    return path


@cache
def astronaut() -> Image:
    """Its pixels, (512, 512, 3); read-only."""
    with Picture.open(astronaut_file()) as opened:
        pixels = np.array(opened.convert("RGB"))
    pixels.flags.writeable = False
    return pixels
