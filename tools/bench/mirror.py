"""The magic mirror: frames a second at 480p through its route, JPEG both ways, with a face that moves."""

import math
import secrets
import statistics
from dataclasses import dataclass
from itertools import cycle

import cv2
import httpx
import numpy as np

from meitu_demo.imaging import codec
from meitu_demo.imaging.astronaut import load_astronaut

from .ratio import Row, seconds
from .server import OURS, serving

FRAMES = 40
AIM_FPS = 8.0
SHAPES = "8:0.6,7:0.5,14:0.4"


@dataclass(frozen=True, slots=True)
class Rate:
    """What one visitor gets on the machine as it is: frames a second, and the 95th percentile in milliseconds."""

    fps: float
    p95_ms: float


def film() -> list[bytes]:
    """Frames of 640×480 in which the astronaut sways, comes closer and goes away."""
    found = []
    for number in range(FRAMES):
        turn = 2 * math.pi * number / FRAMES
        scale = 1.05 + 0.2 * math.sin(turn)
        matrix = np.array([[scale, 0, 50 + 40 * math.cos(turn)], [0, scale, -10 + 10 * math.sin(2 * turn)]])
        frame = cv2.warpAffine(load_astronaut(), matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)
        found.append(codec.encode(np.asarray(frame, np.uint8), 85))
    return found


def measure(runs: int = 3 * FRAMES) -> tuple[Row, Rate]:
    """The row, a frame through the route against decoding and encoding it, and the rate from the same frames."""
    frames = film()
    headers = {"content-type": "image/jpeg", "x-mirror": secrets.token_hex(16)}
    pairs = []
    with serving(OURS) as (url, _, _), httpx.Client(base_url=url, headers=headers, timeout=60) as client:

        def through(frame: bytes) -> None:
            answer = client.post(f"mirror?shapes={SHAPES}", content=frame).raise_for_status()
            if answer.headers["x-sight"] != "face":
                raise RuntimeError("the face was not found")

        for frame in frames[:5]:
            through(frame)
        for frame, _ in zip(cycle(frames), range(runs), strict=False):
            plain = seconds(lambda data=frame: codec.encode(codec.decode(data), 85))
            pairs.append((plain, seconds(lambda data=frame: through(data))))
    ratio = statistics.median(done / base for base, done in pairs)
    base_s, done_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    times = sorted(done for _, done in pairs)
    row = Row("mirror: a frame of 480p, three shapes", "decoding and encoding it", base_s, done_s, ratio, 15)
    return row, Rate(len(times) / sum(times), times[int(0.95 * len(times))] * 1e3)
