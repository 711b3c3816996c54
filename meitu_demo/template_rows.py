"""The rows of ``data/templates.toml``: reads and checks them; decodes no picture. Only `templates` imports it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .imaging import astronaut

LANGUAGES = ("en", "zh")
TEMPLATE_COLUMNS = {"id", "kind", "aliases", "name", "mood"}

TemplateKind = Literal["drawn", "photo", "own"]


@dataclass(frozen=True, slots=True, eq=False)
class TemplateInfo:
    """What the gallery shows. `name` and `mood` are keyed by language; `preview` is an image file of 512 px or more."""

    id: str
    kind: TemplateKind
    name: Mapping[str, str]
    mood: Mapping[str, str]
    preview: Path
    aliases: tuple[str, ...] = ()

    @property
    def wire_id(self) -> str:
        """The ID that a call uses: the vendor's, where the template stands for one of those."""
        return self.aliases[0] if self.aliases else self.id


def load_template_rows(toml_file: Path, layers_dir: Path) -> tuple[TemplateInfo, ...]:
    """The rows of a templates.toml, checked. Raises ValueError that names file and row."""
    infos: list[TemplateInfo] = []
    used_ids: set[str] = set()
    for number, row in enumerate(tomllib.loads(toml_file.read_text("utf-8")).get("template", []), 1):
        location = f"{toml_file.name}, template {number}"
        if unknown_columns := set(row) - TEMPLATE_COLUMNS:
            raise ValueError(f"{location}: unknown {sorted(unknown_columns)}")
        if row.get("kind") not in ("drawn", "photo"):
            raise ValueError(f"{location}: kind must be drawn or photo")
        for column in ("name", "mood"):
            if set(row.get(column, ())) != set(LANGUAGES) or not all(row[column].values()):
                raise ValueError(f"{location}: {column} needs {LANGUAGES}")
        ids = (row.get("id"), *row.get("aliases", ()))
        if not all(isinstance(template_id, str) and template_id for template_id in ids) or used_ids.intersection(ids):
            raise ValueError(f"{location}: id and aliases must be words of their own, not {ids}")
        used_ids.update(ids)
        preview = astronaut.find_astronaut_file() if row["kind"] == "photo" else layers_dir / row["id"] / "preview.webp"
        if not preview.is_file():
            raise ValueError(f"{location}: no {preview.name}")
        infos.append(TemplateInfo(row["id"], row["kind"], row["name"], row["mood"], preview, tuple(ids[1:])))
    return tuple(infos)
