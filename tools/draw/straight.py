"""Make ``meitu_demo/data/straight_face.json`` (``python -m tools.draw.straight``): the canonical face from the front.

The reference page draws on it what each shape moves. Lengths are face widths from the bridge of the nose, y to the
chin: the axes of `effects.operations`.
"""

import json
from pathlib import Path

from .canonical import DATA

STRAIGHT = Path(__file__).parents[2] / "meitu_demo" / "data" / "straight_face.json"


def make() -> str:
    """The file's text."""
    points = json.loads(DATA.read_text())["points"]
    width = points[454][0] - points[234][0]
    flat = [[round(x / width, 4) + 0.0, round(-y / width, 4) + 0.0] for x, y, _ in points]
    return json.dumps({"unit": "face width", "points": flat}, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    STRAIGHT.write_text(make())
