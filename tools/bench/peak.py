"""Peak resident memory of each effect on a 12 MP photo, each in a subprocess."""

import resource
import subprocess
import sys

MAX_PEAK_MB = 1536


def measure_peaks() -> dict[str, int]:
    """Peak MB by endpoint, including Python, libraries, models, photo and result."""
    from meitu_demo.endpoints import CATALOGUE

    command = [sys.executable, "-m", "tools.bench.peak"]
    return {name: int(subprocess.check_output([*command, name], stderr=subprocess.DEVNULL)) for name in CATALOGUE}


def _measure_peak(name: str) -> int:
    import cv2

    from meitu_demo.endpoints import CATALOGUE
    from meitu_demo.engine.sample_photos import load_astronaut

    endpoint = CATALOGUE[name]
    photo = cv2.resize(load_astronaut(), (3464, 3464), interpolation=cv2.INTER_CUBIC)
    endpoint.render_offline(photo, endpoint.validate({}))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    print(_measure_peak(sys.argv[1]))
