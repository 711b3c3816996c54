"""Speed of preparing a photo, against the same steps with OpenCV alone."""

import cv2
import numpy as np

from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos.codec import prepare
from meitu_demo.vendors import VENDORS

from .ratio import Row, compare


def make_camera_jpeg(width: int = 4032, height: int = 3024) -> bytes:
    """A JPEG like a phone's, of 3.3 MB: the astronaut enlarged, with grain slightly coarser than a pixel."""
    grain = np.random.default_rng(7).normal(0, 1, (height, width)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
    grain *= 7 / grain.std()
    photo = cv2.resize(load_astronaut(), (width, width), interpolation=cv2.INTER_CUBIC)[:height]
    pixels = np.clip(photo + grain[..., None], 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def rows() -> list[Row]:
    """One row: from a 12 MP JPEG to a photo that Meitu accepts."""
    source = make_camera_jpeg()
    photo = prepare(source, VENDORS["meitu"].limits).photo

    def baseline() -> None:
        pixels = cv2.imdecode(np.frombuffer(source, np.uint8), cv2.IMREAD_COLOR)
        small = cv2.resize(pixels, (photo.width, photo.height), interpolation=cv2.INTER_AREA)
        cv2.imencode(".jpg", small)

    name, baseline_name = "12 MP JPEG → ready for Meitu", "OpenCV decode, area resize, encode"
    return [compare(name, lambda: prepare(source, VENDORS["meitu"].limits), baseline_name, baseline, max_ratio=1.5)]
