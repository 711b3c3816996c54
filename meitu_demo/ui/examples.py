"""The photos to begin with: the astronaut and a degraded copy of it. Files are made at first use."""

import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from ..effects.degrade import degrade
from ..imaging import codec
from ..imaging.astronaut import astronaut
from ..spec import Image

THUMBNAIL = 96  # px


@cache
def example_file(name: str) -> str:
    """Path of the example photo `name`: astronaut or degraded."""
    return _write(f"{name}.jpg", degrade(astronaut()) if name == "degraded" else astronaut())


def own_copy(name: str, uploads: Path) -> Path:
    """The example photo `name` as if somebody had uploaded it: nobody else's goes when they delete theirs."""
    folder = uploads.resolve() / secrets.token_urlsafe(24)
    folder.mkdir(parents=True)
    return Path(shutil.copy(example_file(name), folder))


@cache
def thumbnail() -> str:
    """Path of its face, small, for a button; the same for both, so that a page costs no degrading."""
    face = astronaut()[20:260, 110:350]
    size = (THUMBNAIL, THUMBNAIL)
    return _write("thumbnail.jpg", np.asarray(cv2.resize(face, size, interpolation=cv2.INTER_AREA), np.uint8))


def _write(name: str, pixels: Image) -> str:
    path = _folder() / name
    whole = path.with_name(secrets.token_hex(8))  # many may ask for the first time at once: nobody finds half a file
    whole.write_bytes(codec.encode(pixels))
    whole.replace(path)
    return str(path)


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="meitu_demo_examples_"))
