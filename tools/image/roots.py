"""A bare Debian root with a Python in /usr/local: what stands in for ``python:3.12-slim-…``, which is just that.

Without an engine no image can be fetched. Debian comes from debootstrap; the Python is a build of the same minor
version that this machine has, thinned out as the official image is: no tests, no byte code, pip alone beside it.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

# What the official slim image has of Debian beyond the minimum: certificates, names, zones, and Python's own libraries.
DEBIAN_PACKAGES = (
    "ca-certificates netbase tzdata libssl3t64 libffi8 libsqlite3-0 libbz2-1.0 liblzma5 libreadline8t64 zlib1g"
)
DEBIAN_PACKAGES += " libncursesw6 libuuid1"
BASE_IMAGE_PATTERN = re.compile(r"python:(3\.\d+)-slim-([a-z]+)")


def build_base_root(base: str, folder: Path, python: str | None = None) -> Path:
    """The root for `base`, made once in `folder`. Raises ValueError for another kind of base, or without a Python."""
    found = BASE_IMAGE_PATTERN.fullmatch(base)
    if found is None:
        raise ValueError(f"a base such as python:3.12-slim-trixie is wanted, not {base}")
    version, suite = found.groups()
    root, partial_root = folder / base.replace(":", "-"), folder / "half-made"
    if root.exists():
        return root
    if shutil.which("debootstrap") is None:
        raise ValueError("debootstrap is missing: apt-get install debootstrap")
    python_home = _find_python_home(version, python)
    shutil.rmtree(partial_root, ignore_errors=True)
    include_option = "--include=" + DEBIAN_PACKAGES.replace(" ", ",")
    subprocess.run(
        ["debootstrap", "--variant=minbase", include_option, suite, str(partial_root)], check=True, stdout=sys.stderr
    )
    for unneeded in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(partial_root / unneeded)  # as debian:…-slim
    _copy_python(python_home, partial_root / "usr/local", version)
    subprocess.run(["chroot", str(partial_root), "ldconfig"], check=True)
    partial_root.rename(root)
    return root


def _find_python_home(version: str, python: str | None) -> Path:
    """Where a Python `version` of this machine lives, whose libraries are its own and not the system's."""
    pyenv_pythons = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    for candidate in (python, f"python{version}", *map(str, pyenv_pythons)):
        if candidate is None or shutil.which(candidate) is None:
            continue
        code = "import sys; print('%d.%d' % sys.version_info[:2], sys.base_prefix)"
        output = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False).stdout
        found, _, prefix = output.strip().partition(" ")
        if found == version and prefix != "/usr":
            return Path(prefix)
    raise ValueError(f"a Python {version} of its own folder is wanted here (PYTHON=…), built or from a version manager")


def _copy_python(home: Path, local: Path, version: str) -> None:
    def list_ignored(folder: str, names: list[str]) -> set[str]:
        ignored = {"__pycache__", "test", "tests", "idle_test"} | {name for name in names if name.endswith(".a")}
        if folder.endswith("site-packages"):
            ignored |= {name for name in names if not name.startswith("pip")}
        if folder == str(home / "lib"):
            ignored |= {name for name in names if "python" not in name}
        return ignored

    for part in ("bin", "lib"):
        shutil.copytree(home / part, local / part, symlinks=True, ignore=list_ignored, dirs_exist_ok=True)
    for script in (local / "bin").iterdir():  # their first line names the Python that they came from
        if not script.is_symlink() and script.read_bytes()[:2] == b"#!":
            _, _, body = script.read_text("utf-8").partition("\n")
            script.write_text(f"#!/usr/local/bin/python{version}\n{body}", "utf-8")
    if not (local / "bin/python").exists():
        (local / "bin/python").symlink_to("python3")
