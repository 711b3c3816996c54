"""``make quality``: measures and contact sheets of all effects, and one line at the end that sums up."""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("GLOG_minloglevel", "2")

from . import OUTPUT, aesthetics, avatar_sheet, fuse_sheet, restoration
from .people import people


def main() -> int:
    """Run every tool; 1 when one of them fell short."""
    arguments = argparse.ArgumentParser(prog="python -m tools.quality", description=__doc__)
    arguments.add_argument("--photos", type=Path, help="a folder of photos to look at instead of the astronaut")
    folder = arguments.parse_args().photos
    shown = people(folder)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    failed = {"aesthetics": aesthetics.main(shown if folder else None), "restoration": restoration.main()}
    short = [name for name, code in failed.items() if code != 0]
    sheets = [OUTPUT / "fuse.jpg", OUTPUT / "avatar.jpg"]
    fuse_sheet.draw(shown, sheets[0])
    avatar_sheet.draw(shown, sheets[1])
    verdict = f"fell short: {', '.join(short)}" if short else "every bar holds"
    print(f"quality: {verdict}; tables and contact sheets to look at in {OUTPUT}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
