"""Inspects a built root: its size, build tools, and modules without byte code."""

import subprocess
from pathlib import Path

BUILD_TOOLS = ("pip", "pip3", "uv", "uvx", "gcc", "cc", "g++", "make", "ld", "as", "git", "curl", "wget")
BIN_DIRS = ("usr/bin", "usr/local/bin", "usr/sbin", "bin", "sbin", "opt/venv/bin", "root/.local/bin")


def measure_sizes(root: Path) -> dict[str, float]:
    """Megabytes on disk, in all and of the parts."""
    parts = {
        "in all": root,
        "dependencies (/opt/venv)": root / "opt/venv",
        "the app with its assets (/app)": root / "app",
        "Python (/usr/local)": root / "usr/local",
    }
    return {name: _measure_megabytes(path) for name, path in parts.items()}


def find_build_tools(root: Path) -> list[str]:
    """Paths of programs and packages that can build or download."""
    found = [f"{folder}/{tool}" for folder in BIN_DIRS for tool in BUILD_TOOLS if (root / folder / tool).exists()]
    libraries = [path for path in root.rglob("site-packages/*") if path.name in ("pip", "uv", "setuptools", "wheel")]
    return found + [path.relative_to(root).as_posix() for path in libraries]


def find_uncompiled_modules(root: Path) -> list[str]:
    """Modules without byte code, which Python would compile at every start."""
    missing = []
    for folder in ("opt/venv", "app", "usr/local/lib"):
        for path in (root / folder).rglob("*.py"):
            if not list((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc")):
                missing.append(path.relative_to(root).as_posix())
    return missing


def _measure_megabytes(path: Path) -> float:
    output = subprocess.run(["du", "-sk", str(path)], capture_output=True, text=True, check=True).stdout
    return int(output.split()[0]) / 1024
