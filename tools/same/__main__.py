"""``python -m tools.same record FOLDER`` · ``compare FOLDER`` · ``--only api,http``. Exit code 1 on a difference."""

import argparse
import difflib
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path

from .plain import ROOT

SECTIONS = ("texts", "api", "http", "wire", "ledger", "log", "settings", "offline_server")
MAX_LINES = 60  # of a file's diff
MAX_WIDTH = 400  # characters of a line


def main() -> int:
    """0 when all was recorded, or is the same; 1 on a difference; 2 when a section could not be recorded."""
    parser = argparse.ArgumentParser(prog="python -m tools.same", description=__doc__)
    parser.add_argument("command", choices=["record", "compare"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    given = parser.parse_args()
    names = given.only.split(",")
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}")
    if (ROOT / ".env").exists():
        parser.error(f"{ROOT / '.env'} would decide what is recorded; move it away")
    baseline = given.folder.resolve()
    if given.command == "record":
        return 2 if _record(names, baseline, baseline) else 0
    with tempfile.TemporaryDirectory(prefix="recorder-") as fresh:
        failed = _record(names, Path(fresh), baseline)
        different = sum([_differences(name, baseline / name, Path(fresh) / name) for name in names])
    print(f"{different} files differ, {len(failed)} sections failed" if different or failed else "The same.")
    return 1 if different or failed else 0


def _record(names: list[str], folder: Path, baseline: Path) -> list[str]:
    """Record those sections; returns the names of those that failed."""
    failed = []
    for name in names:
        begun, word = time.monotonic(), "recorded"
        (folder / name).mkdir(parents=True, exist_ok=True)
        try:
            # Into the first folder; in the second, the baseline's, lies what older code has left.
            import_module(f".section_{name}", __package__).record(folder / name, baseline / name)
        except Exception:
            traceback.print_exc()
            failed.append(name)
            word = "FAILED"
        print(f"{name}: {word} in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return failed


def _differences(name: str, old: Path, new: Path) -> int:
    """Print a diff for each file of a section; returns how many differ."""
    different = 0
    for file in sorted({path.name for folder in (old, new) for path in folder.glob("*") if path.is_file()}):
        found = [folder / file for folder in (old, new)]
        before, after = (path.read_text("utf-8").splitlines() if path.exists() else [] for path in found)
        lines = list(difflib.unified_diff(before, after, f"{name}/{file} before", f"{name}/{file} now", lineterm=""))
        if lines:
            different += 1
            print("\n".join(line[:MAX_WIDTH] for line in lines[:MAX_LINES]))
            print(f"… and {len(lines) - MAX_LINES} lines more\n" if len(lines) > MAX_LINES else "")
    print(f"{name}: {f'{different} files differ' if different else 'the same'}", flush=True)
    return different


if __name__ == "__main__":
    sys.exit(main())
