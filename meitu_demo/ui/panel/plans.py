"""Which sheets there are: the words of each, the control that a choice sets, and who draws it. Pure."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ...domain.model import Endpoint
from ...domain.translations import translate
from ...domain.vendor_codes import Shape, load_shapes
from ...engine import contact_sheets, face_templates
from ...engine.contact_sheets import FaceCrop
from .sheet import Cell, ContactSheet

RenderThumbnails = Callable[[FaceCrop], Iterator[bytes | None]]


def plan_sheet(
    endpoint: Endpoint, kind: str, values: Mapping[str, Any], language: str
) -> tuple[ContactSheet, RenderThumbnails]:
    """The sheet of this kind (shapes, strengths, templates) for the controls' `values`, and what draws its pictures."""
    params: dict[str, object] = {}
    render_thumbnails: RenderThumbnails
    if kind == "templates":
        control_name, cells, render_thumbnails = (
            "template_id",
            _build_template_cells(language),
            contact_sheets.render_templates,
        )
    elif kind == "strengths":
        shape = load_shapes()[int(values["shape_type"])]
        params = {"number": shape.id, "name": get_shape_name(shape, language)}
        control_name, cells = "strength", _build_strength_cells(shape, language)
        render_thumbnails = partial(contact_sheets.render_strengths, shape_type=shape.id)
    else:
        control_name, cells, render_thumbnails = (
            "shape_type",
            _build_shape_cells(language),
            contact_sheets.render_shapes,
        )
    control_index = [control.name for control in endpoint.controls].index(control_name)
    title, note = translate(f"sheets.{kind}_title", language, **params), translate("sheets.note", language)
    return ContactSheet(endpoint.slug, kind, control_index, values[control_name], title, note, cells), render_thumbnails


def get_shape_name(shape: Shape, language: str) -> str:
    """What it is called."""
    return translate(f"shapes.{shape.key}.name", language)


def describe_preview(shape: Shape, strength: float, language: str) -> str:
    """What a picture of a face with this shape shows."""
    params = {"number": shape.id, "name": get_shape_name(shape, language), "strength": f"{strength:g}"}
    return translate("sheets.preview_alt", language, **params)


def _build_shape_cells(language: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            str(shape.id),
            f"{shape.id} · {get_shape_name(shape, language)}",
            translate(f"shapes.{shape.key}.effect", language),
        )
        for shape in load_shapes()
    )


def _build_strength_cells(shape: Shape, language: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(strength, f"{strength:g}", describe_preview(shape, strength, language))
        for strength in contact_sheets.STRENGTHS
    )


def _build_template_cells(language: str) -> tuple[Cell, ...]:
    names = [(info, info.name[language]) for info in face_templates.list_templates()]
    return tuple(
        Cell(info.wire_id, name, translate("sheets.template_alt", language, name=name)) for info, name in names
    )
