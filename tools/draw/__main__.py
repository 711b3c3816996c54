"""``python -m tools.draw [id …] [--shrink 4] [--spp 16] [--out FOLDER]``: draw all templates, or the named ones.

Each template is drawn by a process of its own: now and then the path tracer dies of a segmentation fault (seen with
Mitsuba 3.9.1 in scenes with fibres; cause unknown). Then that template is drawn once more with the next seed.
"""

import argparse
import importlib
import pkgutil
import subprocess
import sys
import time
from pathlib import Path

from . import templates

ASSETS = Path(__file__).parents[2] / "assets" / "templates"
TRIES = 4


def draw(name: str, given: argparse.Namespace) -> None:
    from . import layers

    module = importlib.import_module(f"{templates.__name__}.{name}")
    stage, backdrop, look = module.build()
    found = layers.passes(stage, given.spp, given.shrink, given.seed)
    drawn = layers.compose(stage, found, backdrop, look, given.shrink)
    drawn["pixels_per_cm"] = stage.camera.scale / given.shrink
    layers.save(given.out / name, drawn)


def main() -> None:
    known = [module.name for module in pkgutil.iter_modules(templates.__path__)]
    parser = argparse.ArgumentParser(prog="python -m tools.draw", description=__doc__)
    parser.add_argument("ids", nargs="*", default=known)
    parser.add_argument("--shrink", type=float, default=1.0, help="draw smaller, for trying")
    parser.add_argument("--spp", type=int, default=32, help="light paths per pixel")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ASSETS)
    parser.add_argument("--here", action="store_true", help="in this process, one try")
    given = parser.parse_args()
    for name in given.ids:
        if given.here:
            draw(name, given)
            continue
        start = time.perf_counter()
        options = ["--shrink", str(given.shrink), "--spp", str(given.spp), "--out", str(given.out), "--here"]
        for seed in range(given.seed, given.seed + TRIES):
            command = [sys.executable, "-m", "tools.draw", name, *options, "--seed", str(seed)]
            if subprocess.run(command, check=False).returncode == 0:
                break
        else:
            sys.exit(f"{name}: failed {TRIES} times")
        print(f"{name}: {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
