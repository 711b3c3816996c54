"""Section texts: every text of both languages by its key, and the tables of data, wherever their files lie."""

import tomllib
from pathlib import Path
from typing import Any

from .plain import ROOT, digest, write

KINDS = {".json", ".css", ".js", ".svg", ".webp", ".png", ".jpg", ".toml"}
ELSEWHERE = {"tests", "tools", "build", "docs"}


def record(folder: Path, baseline: Path) -> None:
    """A file for each TOML of the package; of other data, names and digests."""
    found = [path for path in sorted(ROOT.rglob("*")) if path.suffix in KINDS and _is_ours(path)]
    for path in found:
        if path.suffix == ".toml":
            lines = _flat(tomllib.loads(path.read_text("utf-8")))
            write(folder / f"{path.stem}.txt", "\n".join(sorted(lines) if path.stem in ("en", "zh") else lines))
    others = [path for path in found if path.suffix != ".toml"]
    files = sorted(f"{'/'.join(path.parts[-2:])} {digest(path.read_bytes())}" for path in others)
    write(folder / "files.txt", "\n".join(files))


def _is_ours(path: Path) -> bool:
    first, *rest = path.relative_to(ROOT).parts
    return bool(rest) and not first.startswith(".") and first not in ELSEWHERE


def _flat(value: Any, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _flat(inner, f"{name}.{key}" if name else key)]
    if isinstance(value, list):
        return [line for number, inner in enumerate(value) for line in _flat(inner, f"{name}[{number}]")]
    return [f"{name} = {value!r}"]
