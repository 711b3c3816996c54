"""The two contact sheets (shapes, strengths): their cells, texts and HTML. Pure functions.

Pictures are data URLs, so the server stores none and serves none.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from markupsafe import Markup

from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...domain.vendor_codes import Shape, load_shapes
from ...engine import contact_sheets
from ...engine.contact_sheets import FaceCrop
from ..html import encode_data_url, render

RenderThumbnails = Callable[[FaceCrop], Iterator[bytes | None]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. value: the control's value after a click. caption: below the picture."""

    value: str | float
    caption: str
    alt_text: str


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A contact sheet without its pictures.

    slug: the panel's. kind: shapes or strengths. control_index: the control that a click sets.
    selected_value: the control's current value. title, note: lines above the cells.
    """

    slug: str
    kind: str
    control_index: int
    selected_value: object
    title: str
    note: str
    cells: tuple[Cell, ...]


def render_sheet(sheet: ContactSheet, pictures: Sequence[bytes | None]) -> Markup:
    """The sheet with its first `pictures`, JPEGs. A cell without a picture is empty and disabled."""
    urls = [encode_data_url(picture) for picture in pictures]
    urls += [""] * (len(sheet.cells) - len(urls))
    cells = [(cell, json.dumps(cell.value), url) for cell, url in zip(sheet.cells, urls, strict=False)]
    return render("contact_sheet.sheet", sheet=sheet, cells=cells, is_busy=len(pictures) < len(cells))


def render_queued_sheet(sheet: ContactSheet, wait_s: int | None, language: str) -> Markup:
    """The empty sheet while the call waits for the offline engine. wait_s: the estimate, if there is one."""
    key = "steps.queue" if wait_s else "steps.queue_unknown"
    return render_sheet(replace(sheet, note=translate(key, language, seconds=wait_s)), ())


def render_sheet_error(error: BaseException, language: str) -> Markup:
    """Why there is no sheet, and what to do, in one line."""
    return render("contact_sheet.error", explained=explain(error, language, is_billable=False))


def plan_sheet(
    endpoint: Endpoint, kind: str, values: Mapping[str, Any], language: str
) -> tuple[ContactSheet, RenderThumbnails]:
    """The sheet for the controls' `values`, and the function that draws its pictures. kind: see `ContactSheet`."""
    params: dict[str, object] = {}
    render_thumbnails: RenderThumbnails
    if kind == "strengths":
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
    """The shape's name."""
    return translate(f"shapes.{shape.key}.name", language)


def describe_strength(shape: Shape, strength: float, language: str) -> str:
    """The alternative text of a face with this shape."""
    params = {"number": shape.id, "name": get_shape_name(shape, language), "strength": f"{strength:g}"}
    return translate("sheets.strength_alt", language, **params)


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
        Cell(strength, f"{strength:g}", describe_strength(shape, strength, language))
        for strength in contact_sheets.STRENGTHS
    )
