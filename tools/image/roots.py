"""Makes a Debian root with a Python in /usr/local, as a replacement for the base image ``python:3.12-slim-…``.

Debian comes from debootstrap. The Python is this machine's build of the same minor version, reduced as in the official
image: no tests, no byte code, and pip as the only package.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

# Packages of the official slim image beyond the minimum: certificates, protocol names, time zones, Python's libraries.
DEBIAN_PACKAGES = (
    "ca-certificates,netbase,tzdata,libssl3t64,libffi8,libsqlite3-0,libbz2-1.0,liblzma5,libreadline8t64,zlib1g,"
    "libncursesw6,libuuid1"
)
BASE_IMAGE_PATTERN = re.compile(r"python:(3\.\d+)-slim-([a-z]+)")


def build_base_root(base: str, folder: Path, python: str | None = None) -> Path:
    """The root for `base`, cached in `folder`. Raises ValueError for another kind of base, or if a tool is missing."""
    found = BASE_IMAGE_PATTERN.fullmatch(base)
    if found is None:
        raise ValueError(f"the base must be like python:3.12-slim-trixie, not {base}")
    version, suite = found.groups()
    root, partial_root = folder / base.replace(":", "-"), folder / "partial"
    if root.exists():
        return root
    if shutil.which("debootstrap") is None:
        raise ValueError("debootstrap is missing: apt-get install debootstrap")
    python_home = _find_python_home(version, python)
    shutil.rmtree(partial_root, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={DEBIAN_PACKAGES}", suite, str(partial_root)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    for unneeded in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(partial_root / unneeded)  # as debian:…-slim
    _copy_python(python_home, partial_root / "usr/local", version)
    subprocess.run(["chroot", str(partial_root), "ldconfig"], check=True)
    partial_root.rename(root)
    return root


def _find_python_home(version: str, python: str | None) -> Path:
    """The prefix of a Python `version` on this machine with its own libraries, not the system's."""
    pyenv_pythons = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    for candidate in (python, f"python{version}", *map(str, pyenv_pythons)):
        if candidate is None or shutil.which(candidate) is None:
            continue
        code = "import sys; print('%d.%d' % sys.version_info[:2], sys.base_prefix)"
        output = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False).stdout
        found, _, prefix = output.strip().partition(" ")
        if found == version and prefix != "/usr":
            return Path(prefix)
    raise ValueError(f"no Python {version} outside /usr: build one, or use a version manager, and set PYTHON=…")


def _copy_python(home: Path, local: Path, version: str) -> None:
    def list_ignored(folder: str, names: list[str]) -> set[str]:
        # With EXTERNALLY-MANAGED, which uv's Pythons have, pip would refuse the Dockerfile's steps.
        ignored = {"__pycache__", "test", "tests", "idle_test", "EXTERNALLY-MANAGED"}
        ignored |= {name for name in names if name.endswith(".a")}
        if folder.endswith("site-packages"):
            ignored |= {name for name in names if not name.startswith("pip")}
        if folder == str(home / "lib"):
            ignored |= {name for name in names if "python" not in name}
        return ignored

    for part in ("bin", "lib"):
        shutil.copytree(home / part, local / part, symlinks=True, ignore=list_ignored, dirs_exist_ok=True)
    for script in (local / "bin").iterdir():  # the first line names the original Python
        if not script.is_symlink() and script.read_bytes()[:2] == b"#!":
            _, _, body = script.read_text("utf-8").partition("\n")
            script.write_text(f"#!/usr/local/bin/python{version}\n{body}", "utf-8")
    if not (local / "bin/python").exists():
        (local / "bin/python").symlink_to("python3")
