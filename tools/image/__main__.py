"""``python -m tools.image`` (make chroot), as root: builds the image in build/image and checks it."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from . import build, trial

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Returns 0 if the image was built and all checks passed, otherwise 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    parser.add_argument("--folder", type=Path, default=PROJECT / "build" / "image", help="where it is built")
    parser.add_argument("--python", default=os.environ.get("PYTHON"), help="a Python of the image's version")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("chroot and mounts are root's: run this as root, in a machine or container of your own.", file=sys.stderr)
        return 1
    arguments.folder.mkdir(parents=True, exist_ok=True)
    try:
        image = build.build(PROJECT, arguments.folder.resolve(), arguments.python)
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"Not built: {error}", file=sys.stderr)
        return 1
    return 0 if trial.run_checks(image, arguments.folder) else 1


if __name__ == "__main__":
    sys.exit(main())
