"""Measures the cost of decoding one file from stdin, in a process of its own so that nothing else is measured."""

import json
import resource
import sys
import time
from pathlib import Path

import pillow_heif  # noqa: F401  (loaded at the first HEIC, once in a process)

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec

STATUS = Path("/proc/self/status")


def read_resident_bytes(row: str) -> int:
    """Resident bytes of this process: row "VmRSS" now, "VmHWM" the maximum; without /proc always the maximum."""
    if not STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines() if line.startswith(row))


if __name__ == "__main__":
    data = sys.stdin.buffer.read()
    before = read_resident_bytes("VmRSS")
    start = time.process_time()  # the file's cost, not the machine's load
    try:
        codec.prepare(data, ImageLimits(48, 4096, 2_000_000))
        outcome = "picture"
    except ImageRejected as error:
        outcome = error.slug
    elapsed = time.process_time() - start
    print(json.dumps([outcome, elapsed * 1000, (read_resident_bytes("VmHWM") - before) / 1e6]))
