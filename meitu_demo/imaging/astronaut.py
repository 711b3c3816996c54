"""The project's own real photos, two that are free, as scikit-image brings them along.

The astronaut is a NASA portrait in the public domain (Eileen Collins, 1993). The coffee was photographed by Rachel
Michetti and given away (CC0). The library is looked up and not imported: its files are all that is wanted.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

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
