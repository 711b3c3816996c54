"""Peak resident memory of each effect on a 12 MP photo, and of the avatar on a small one, each in a subprocess."""

import subprocess
import sys
from pathlib import Path

MAX_PEAK_MB = 1536
MAX_AVATAR_PEAK_MB = 600  # of a small photo


def measure_peaks() -> dict[str, int]:
    """Peak MB by endpoint, including Python, libraries, models, photo and result."""
    from meitu_demo.endpoints import CATALOGUE

    return {name: measure_peak(name, 3464) for name in CATALOGUE}


def measure_peak(name: str, side_px: int) -> int:
    """Peak MB of endpoint `name` on a photo of `side_px` × `side_px`."""
    command = [sys.executable, "-m", "tools.bench.peak", name, str(side_px)]
    return int(subprocess.check_output(command, stderr=subprocess.DEVNULL))


def _measure_peak(name: str, side_px: int) -> int:
    import cv2

    from meitu_demo.endpoints import CATALOGUE
    from meitu_demo.engine.sample_photos import load_astronaut

    endpoint = CATALOGUE[name]
    photo = cv2.resize(load_astronaut(), (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    endpoint.render_offline(photo, endpoint.validate({}))
    # Not getrusage's figure: a new process takes over that of its parent.
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


if __name__ == "__main__":
    print(_measure_peak(sys.argv[1], int(sys.argv[2])))
