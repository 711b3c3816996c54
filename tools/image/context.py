"""Applies .dockerignore by Docker's rules: the last matching pattern decides."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path


def is_included(path: str, patterns: Sequence[str]) -> bool:
    """Whether `path` is part of the build context. patterns: the lines of .dockerignore."""
    included = True
    parts = path.split("/")
    for line in patterns:
        pattern = line.lstrip("!")
        base_pattern = pattern.removeprefix("**/")
        matched = any(fnmatch("/".join(parts[: end + 1]), base_pattern) for end in range(len(parts)))
        if matched or (pattern != base_pattern and any(fnmatch(part, base_pattern) for part in parts)):
            included = line.startswith("!")
    return included


def list_files(project: Path, name: str) -> Iterator[Path]:
    """Included files at or below `name`, relative to the project."""
    patterns = (project / ".dockerignore").read_text("utf-8").split()
    paths = [project / name] if (project / name).is_file() else sorted((project / name).rglob("*"))
    for path in paths:
        relative = path.relative_to(project)
        if path.is_file() and is_included(relative.as_posix(), patterns):
            yield relative
