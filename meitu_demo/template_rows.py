"""The rows of ``data/templates.toml``: reads and checks them; decodes no picture. Only `templates` imports it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .imaging import astronaut

LANGUAGES = ("en", "zh")
COLUMNS = {"id", "kind", "aliases", "name", "mood"}

Kind = Literal["drawn", "photo", "own"]


@dataclass(frozen=True, slots=True, eq=False)
class TemplateInfo:
    """What the gallery shows. `name` and `mood` are keyed by language; `preview` is an image file of 512 px or more."""

    id: str
    kind: Kind
    name: Mapping[str, str]
    mood: Mapping[str, str]
    preview: Path
    aliases: tuple[str, ...] = ()

    @property
    def call_id(self) -> str:
        """The ID that a call uses: the vendor's, where the template stands for one of those."""
        return self.aliases[0] if self.aliases else self.id


def read_rows(rows: Path, layers: Path) -> tuple[TemplateInfo, ...]:
    """The rows of a templates.toml, checked. Raises ValueError that names file and row."""
    infos: list[TemplateInfo] = []
    taken: set[str] = set()
    for number, row in enumerate(tomllib.loads(rows.read_text("utf-8")).get("template", []), 1):
        where = f"{rows.name}, template {number}"
        if strange := set(row) - COLUMNS:
            raise ValueError(f"{where}: unknown {sorted(strange)}")
        if row.get("kind") not in ("drawn", "photo"):
            raise ValueError(f"{where}: kind must be drawn or photo")
        for words in ("name", "mood"):
            if set(row.get(words, ())) != set(LANGUAGES) or not all(row[words].values()):
                raise ValueError(f"{where}: {words} needs {LANGUAGES}")
        keys = (row.get("id"), *row.get("aliases", ()))
        if not all(isinstance(key, str) and key for key in keys) or taken.intersection(keys):
            raise ValueError(f"{where}: id and aliases must be words of their own, not {keys}")
        taken.update(keys)
        preview = astronaut.find_astronaut_file() if row["kind"] == "photo" else layers / row["id"] / "preview.webp"
        if not preview.is_file():
            raise ValueError(f"{where}: no {preview.name}")
        infos.append(TemplateInfo(row["id"], row["kind"], row["name"], row["mood"], preview, tuple(keys[1:])))
    return tuple(infos)
