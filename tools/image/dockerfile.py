"""Parses a Dockerfile into stages. Supports the instructions that this project's Dockerfile uses; rejects others."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

INSTRUCTIONS = (
    "RUN", "COPY", "ENV", "WORKDIR", "USER", "LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD",
)  # fmt: skip
VARIABLE_PATTERN = re.compile(r"\$\{?(\w+)\}?")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. flags: its leading ``--name=value``. arguments: the rest, on one line."""

    keyword: str
    arguments: str
    flags: dict[str, str] = field(default_factory=dict)

    def parse_command(self) -> tuple[str, ...]:
        """The JSON list of CMD or ``HEALTHCHECK … CMD``. Raises ValueError for another form."""
        words = json.loads(self.arguments.removeprefix("CMD "))
        if not isinstance(words, list):
            raise ValueError(f"{self.keyword} must be a list of words")
        return tuple(map(str, words))

    def split_arguments(self) -> list[str]:
        """The arguments, split as a shell would."""
        return shlex.split(self.arguments)


@dataclass(frozen=True, slots=True)
class Stage:
    """A FROM with its instructions."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]


def parse(text: str) -> tuple[Stage, ...]:
    """The stages of a Dockerfile. Raises ValueError for an unknown instruction."""
    stages: list[tuple[str, str, list[Instruction]]] = []
    for line in _join_lines(text):
        keyword, _, arguments = line.partition(" ")
        if keyword == "FROM":
            base, _, name = arguments.partition(" AS ")
            stages.append((base.strip(), name.strip() or str(len(stages)), []))
            continue
        if keyword not in INSTRUCTIONS or not stages:
            raise ValueError(f"not known here: {line[:60]}")
        flags = {}
        while found := re.match(r"--([a-z-]+)=(\S+)\s+", arguments):
            flags[found[1]] = found[2]
            arguments = arguments[found.end() :]
        stages[-1][2].append(Instruction(keyword, arguments, flags))
    return tuple(Stage(base, name, tuple(steps)) for base, name, steps in stages)


def expand_variables(text: str, environ: dict[str, str]) -> str:
    """`text` with ``$NAME`` and ``${NAME}`` replaced; empty if undefined."""
    return VARIABLE_PATTERN.sub(lambda found: environ.get(found[1], ""), text)


def _join_lines(text: str) -> Iterator[str]:
    """Instructions, each on one line, without comments."""
    line = ""
    for raw in text.splitlines():
        if raw.lstrip().startswith("#") or not raw.strip():
            continue
        line += raw.strip()
        if line.endswith("\\"):
            line = line[:-1].rstrip() + " "
            continue
        yield line
        line = ""
