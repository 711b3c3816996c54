"""``make quality``: measures and contact sheets of all effects, and one line at the end that sums up."""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("GLOG_minloglevel", "2")

from . import OUTPUT, aesthetics, avatar_sheet, fuse_sheet, restoration
from .people import load_people


def main() -> int:
    """Run every tool; 1 when one of them fell short."""
    arguments = argparse.ArgumentParser(prog="python -m tools.quality", description=__doc__)
    arguments.add_argument("--photos", type=Path, help="a folder of photos to look at instead of the astronaut")
    folder = arguments.parse_args().photos
    photos = load_people(folder)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    exit_codes = {"aesthetics": aesthetics.main(photos if folder else None), "restoration": restoration.main()}
    failures = [name for name, code in exit_codes.items() if code != 0]
    sheets = [OUTPUT / "fuse.jpg", OUTPUT / "avatar.jpg"]
    fuse_sheet.write_sheet(photos, sheets[0])
    avatar_sheet.write_sheet(photos, sheets[1])
    verdict = f"fell short: {', '.join(failures)}" if failures else "every bar holds"
    print(f"quality: {verdict}; tables and contact sheets to look at in {OUTPUT}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
