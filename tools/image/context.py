"""What .dockerignore lets into the build, by Docker's rules: the last pattern that matches decides."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path


def let_in(path: str, patterns: Sequence[str]) -> bool:
    """Whether the project's `path` is part of the build; patterns are .dockerignore's lines."""
    allowed = True
    parts = path.split("/")
    for line in patterns:
        pattern = line.lstrip("!")
        anywhere = pattern.removeprefix("**/")
        inside = any(fnmatch("/".join(parts[: end + 1]), anywhere) for end in range(len(parts)))
        if inside or (pattern != anywhere and any(fnmatch(part, anywhere) for part in parts)):
            allowed = line.startswith("!")
    return allowed


def files(project: Path, name: str) -> Iterator[Path]:
    """The files at or below the project's `name` that are let in, relative to the project."""
    patterns = (project / ".dockerignore").read_text("utf-8").split()
    found = [project / name] if (project / name).is_file() else sorted((project / name).rglob("*"))
    for path in found:
        inside = path.relative_to(project)
        if path.is_file() and let_in(inside.as_posix(), patterns):
            yield inside
