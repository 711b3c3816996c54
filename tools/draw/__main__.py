"""``python -m tools.draw [id …] [--shrink 4] [--spp 16] [--out FOLDER]``: draw all templates, or the named ones."""

import argparse
import importlib
import pkgutil
import time
from pathlib import Path

import cv2

from . import layers, templates

ASSETS = Path(__file__).parents[2] / "assets" / "templates"


def main() -> None:
    known = [m.name for m in pkgutil.iter_modules(templates.__path__)]
    parser = argparse.ArgumentParser(prog="python -m tools.draw", description=__doc__)
    parser.add_argument("ids", nargs="*", default=known)
    parser.add_argument("--shrink", type=float, default=1.0, help="draw smaller, for trying")
    parser.add_argument("--spp", type=int, default=48, help="light paths per pixel")
    parser.add_argument("--out", type=Path, default=ASSETS)
    given = parser.parse_args()
    for name in given.ids:
        start = time.perf_counter()
        module = importlib.import_module(f"{templates.__name__}.{name}")
        stage, backdrop, look = module.build()
        found = layers.passes(stage, given.spp, given.shrink)
        drawn = layers.compose(stage, found, backdrop, look, given.shrink)
        drawn["pixels_per_cm"] = stage.camera.scale / given.shrink
        layers.save(given.out / name, drawn)
        cv2.imwrite(str(given.out / name / "shown.png"), drawn["preview"][..., ::-1]) if given.out != ASSETS else None
        print(f"{name}: {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
