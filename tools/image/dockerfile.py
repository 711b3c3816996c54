"""Reads a Dockerfile into stages of steps: as much of the language as ours needs, and an error for the rest."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

VERBS = ("RUN", "COPY", "ENV", "WORKDIR", "USER", "LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD")
VARIABLE = re.compile(r"\$\{?(\w+)\}?")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: `flags` are its leading ``--name=value``, `rest` is what stands behind them, on one line."""

    verb: str
    rest: str
    flags: dict[str, str] = field(default_factory=dict)

    def command(self) -> tuple[str, ...]:
        """Of CMD, or of what stands behind ``HEALTHCHECK … CMD``: its JSON list. Raises ValueError for another form."""
        words = json.loads(self.rest.removeprefix("CMD "))
        if not isinstance(words, list):
            raise ValueError(f"{self.verb} must be a list of words")
        return tuple(map(str, words))

    def words(self) -> list[str]:
        """The rest, split as a shell would."""
        return shlex.split(self.rest)


@dataclass(frozen=True, slots=True)
class Stage:
    """A FROM with its steps."""

    base: str
    name: str
    steps: tuple[Step, ...]


def read(text: str) -> tuple[Stage, ...]:
    """The stages of a Dockerfile. Raises ValueError for an instruction or a flag that is not known here."""
    stages: list[tuple[str, str, list[Step]]] = []
    for line in _joined(text):
        verb, _, rest = line.partition(" ")
        if verb == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append((base.strip(), name.strip() or str(len(stages)), []))
            continue
        if verb not in VERBS or not stages:
            raise ValueError(f"not known here: {line[:60]}")
        flags = {}
        while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[found[1]] = found[2]
            rest = rest[found.end() :]
        stages[-1][2].append(Step(verb, rest, flags))
    return tuple(Stage(base, name, tuple(steps)) for base, name, steps in stages)


def filled(text: str, environ: dict[str, str]) -> str:
    """`text` with ``$NAME`` and ``${NAME}`` as the stage's environment has them."""
    return VARIABLE.sub(lambda found: environ.get(found[1], ""), text)


def _joined(text: str) -> Iterator[str]:
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
