"""The magic mirror: frames per second at 480p through its route, as JPEG, with a moving face."""

import math
import secrets
from itertools import cycle

import cv2
import httpx
import numpy as np

from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

from .ratio import Row, measure_seconds, summarize
from .server import DEMO_COMMAND, run_server

FRAME_COUNT = 40
MIN_FPS = 8.0
SHAPES_QUERY = "8:0.6,7:0.5,14:0.4"


def make_frames() -> list[bytes]:
    """JPEG frames of 640×480 in which the astronaut moves sideways and in depth."""
    frames = []
    for number in range(FRAME_COUNT):
        phase_rad = 2 * math.pi * number / FRAME_COUNT
        scale = 1.05 + 0.2 * math.sin(phase_rad)
        matrix = np.array([[scale, 0, 50 + 40 * math.cos(phase_rad)], [0, scale, -10 + 10 * math.sin(2 * phase_rad)]])
        frame = cv2.warpAffine(load_astronaut(), matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)
        frames.append(codec.encode(np.asarray(frame, np.uint8), 85))
    return frames


def measure(rounds: int = 3 * FRAME_COUNT) -> tuple[Row, float, float]:
    """Return (row, frames per second, p95 in ms). The row compares a request with decoding and encoding the frame."""
    frames = make_frames()
    headers = {"content-type": "image/jpeg", "x-mirror": secrets.token_hex(16)}
    pairs = []
    with run_server(DEMO_COMMAND) as (url, _, _), httpx.Client(base_url=url, headers=headers, timeout=60) as client:

        def send_frame(frame: bytes) -> None:
            answer = client.post(f"mirror?shapes={SHAPES_QUERY}", content=frame).raise_for_status()
            if answer.headers["x-sight"] != "face":
                raise RuntimeError("the face was not found")

        for frame in frames[:5]:
            send_frame(frame)
        for frame, _ in zip(cycle(frames), range(rounds), strict=False):
            codec_s = measure_seconds(lambda data=frame: codec.encode(codec.decode(data), 85))
            pairs.append((codec_s, measure_seconds(lambda data=frame: send_frame(data))))
    times = sorted(done for _, done in pairs)
    row = summarize("mirror: a frame of 480p, three shapes", "decoding and encoding it", pairs, 15)
    return row, len(times) / sum(times), times[int(0.95 * len(times))] * 1e3
