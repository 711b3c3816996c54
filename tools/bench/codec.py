"""How long a photo's way in takes, against OpenCV alone doing the same work on the same picture.

`rows()` gives what `make bench` prints: (name, ratio, aim), the ratio being the median over alternating runs, so that a
busy machine slows both sides alike.
"""

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
from skimage.data import astronaut

from meitu_demo.imaging.codec import prepare
from meitu_demo.spec import ImageLimits

MEITU = ImageLimits(min_side=48, max_side=4096, max_bytes=2 * 1024 * 1024)
RUNS = 21


def camera_jpeg(width: int = 4032, height: int = 3024) -> bytes:
    """A JPEG like a phone's: the astronaut enlarged, with film grain a little coarser than a pixel (3.3 MB)."""
    grain = np.random.default_rng(7).normal(0, 1, (height, width)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
    grain *= 7 / grain.std()
    photo = cv2.resize(astronaut(), (width, width), interpolation=cv2.INTER_CUBIC)[:height]
    pixels = np.clip(photo + grain[..., None], 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def rows() -> list[tuple[str, float, float]]:
    """One row: 12 MP JPEG → ready for Meitu."""
    source = camera_jpeg()
    photo = prepare(source, MEITU).photo

    def baseline() -> None:
        pixels = cv2.imdecode(np.frombuffer(source, np.uint8), cv2.IMREAD_COLOR)
        small = cv2.resize(pixels, (photo.width, photo.height), interpolation=cv2.INTER_AREA)
        cv2.imencode(".jpg", small)

    return [("12 MP JPEG → ready for Meitu", _ratio(lambda: prepare(source, MEITU), baseline), 1.5)]


def _ratio(measured: Callable[[], object], baseline: Callable[[], object]) -> float:
    ratios = []
    for _ in range(RUNS):
        seconds = []
        for run in (baseline, measured):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        ratios.append(seconds[1] / seconds[0])
    return statistics.median(ratios)


if __name__ == "__main__":
    for name, ratio, aim in rows():
        print(f"{name}: {ratio:.2f} (aim ≤ {aim})")
