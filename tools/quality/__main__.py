"""``make quality``: measures the effects and writes contact sheets; the last line is a summary."""

import argparse
import sys
from pathlib import Path

from . import OUTPUT, aesthetics, avatar, contact_sheets, restoration
from .people import load_people


def main() -> int:
    """Run all measurements; returns 1 if a limit is missed."""
    arguments = argparse.ArgumentParser(prog="python -m tools.quality", description=__doc__)
    arguments.add_argument("--photos", type=Path, help="a folder of photos to use instead of the astronaut")
    folder = arguments.parse_args().photos
    photos = load_people(folder)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    exit_codes = {
        "aesthetics": aesthetics.main(photos if folder else None),
        "avatar": avatar.main(photos),
        "restoration": restoration.main(photos),
    }
    failures = [name for name, code in exit_codes.items() if code != 0]
    contact_sheets.write_fuse_sheet(photos, OUTPUT / "fuse.jpg")
    verdict = f"fell short: {', '.join(failures)}" if failures else "every bar holds"
    print(f"quality: {verdict}; tables and contact sheets to look at in {OUTPUT}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
