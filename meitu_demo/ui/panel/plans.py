"""Which sheets there are: the words of each, the control that a choice sets, and who draws it. Pure."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ... import sheets, templates
from ...sheets import FaceCrop
from ...spec import Endpoint
from ...tables import Shape, load_shapes
from ...words import translate
from .sheet import Cell, Sheet

Draw = Callable[[FaceCrop], Iterator[bytes | None]]


def plan(endpoint: Endpoint, kind: str, values: Mapping[str, Any], language: str) -> tuple[Sheet, Draw]:
    """The sheet of this kind (shapes, strengths, templates) for the controls' `values`, and what draws its pictures."""
    facts: dict[str, object] = {}
    draw: Draw
    if kind == "templates":
        name, cells, draw = "template_id", _of_templates(language), sheets.render_templates
    elif kind == "strengths":
        shape = load_shapes()[int(values["shape_type"])]
        facts = {"number": shape.id, "name": shape_name(shape, language)}
        name, cells = "strength", _of_strengths(shape, language)
        draw = partial(sheets.render_strengths, shape_type=shape.id)
    else:
        name, cells, draw = "shape_type", _of_shapes(language), sheets.render_shapes
    at = [control.name for control in endpoint.controls].index(name)
    title, note = translate(f"sheets.{kind}_title", language, **facts), translate("sheets.note", language)
    return Sheet(endpoint.slug, kind, at, values[name], title, note, cells), draw


def shape_name(shape: Shape, language: str) -> str:
    """What it is called."""
    return translate(f"shapes.{shape.key}.name", language)


def preview_says(shape: Shape, strength: float, language: str) -> str:
    """What a picture of a face with this shape shows."""
    facts = {"number": shape.id, "name": shape_name(shape, language), "strength": f"{strength:g}"}
    return translate("sheets.preview_alt", language, **facts)


def _of_shapes(language: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            str(shape.id),
            f"{shape.id} · {shape_name(shape, language)}",
            translate(f"shapes.{shape.key}.effect", language),
        )
        for shape in load_shapes()
    )


def _of_strengths(shape: Shape, language: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(strength, f"{strength:g}", preview_says(shape, strength, language)) for strength in sheets.STRENGTHS
    )


def _of_templates(language: str) -> tuple[Cell, ...]:
    names = [(info, info.name[language]) for info in templates.list_templates()]
    return tuple(
        Cell(info.wire_id, name, translate("sheets.template_alt", language, name=name)) for info, name in names
    )
