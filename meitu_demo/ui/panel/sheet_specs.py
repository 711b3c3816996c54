"""The three contact sheets (shapes, strengths, templates): their cells, texts and HTML. Pure functions.

Pictures are data URLs, so the server stores none and serves none.
"""

import itertools
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
from ...engine import contact_sheets, face_templates
from ...engine.contact_sheets import FaceCrop
from ..html import encode_data_url, render

RenderThumbnails = Callable[[FaceCrop], Iterator[bytes | None]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. values: the controls' values after a click, by name. caption: below the picture."""

    values: Mapping[str, str | float]
    caption: str
    alt_text: str


@dataclass(frozen=True, slots=True)
class CellGroup:
    """Cells of one part of the face. part: one of FACE_PARTS, or "" where nothing is grouped; title: its name or "".

    has_original: the first cell is the photo itself, to which the others are compared.
    """

    part: str
    title: str
    cells: tuple[Cell, ...]
    has_original: bool = False


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A contact sheet without its pictures.

    slug: the panel's. kind: shapes, strengths or templates. values: the controls' current values, by name, in their
    order. title, note: lines above the cells.
    """

    slug: str
    kind: str
    values: Mapping[str, object]
    title: str
    note: str
    groups: tuple[CellGroup, ...]


def render_sheet(sheet: ContactSheet, pictures: Sequence[bytes | None], language: str) -> Markup:
    """The sheet with its first `pictures`, JPEGs. A cell without a picture is empty and disabled."""
    urls = itertools.chain((encode_data_url(picture) for picture in pictures), itertools.repeat(""))
    groups = []
    for group in sheet.groups:
        cells = [
            {"cell": cell, "url": url, "values": _encode_values(sheet, cell), "is_selected": _is_selected(sheet, cell)}
            for cell, url in zip(group.cells, urls, strict=False)
        ]
        groups.append((group, cells, cells[0]["url"] if group.has_original else ""))
    is_busy = len(pictures) < sum(len(group.cells) for group in sheet.groups)
    return render("contact_sheet.sheet", language, sheet=sheet, groups=groups, is_busy=is_busy)


def _encode_values(sheet: ContactSheet, cell: Cell) -> str:
    """The cell's values as a JSON list in the order of the controls; null where a click changes nothing."""
    return json.dumps([cell.values.get(name) for name in sheet.values])


def _is_selected(sheet: ContactSheet, cell: Cell) -> bool:
    return all(sheet.values[name] == value for name, value in cell.values.items())


def render_queued_sheet(sheet: ContactSheet, wait_s: int | None, language: str) -> Markup:
    """The empty sheet while the call waits for the offline engine. wait_s: the estimate, if there is one."""
    key = "steps.queue" if wait_s else "steps.queue_unknown"
    return render_sheet(replace(sheet, note=translate(key, language, seconds=wait_s)), (), language)


def render_sheet_error(error: BaseException, language: str) -> Markup:
    """Why there is no sheet, and what to do, in one line."""
    return render("contact_sheet.error", explained=explain(error, language, is_billable=False))


def plan_sheet(
    endpoint: Endpoint, kind: str, values: Mapping[str, Any], language: str
) -> tuple[ContactSheet, RenderThumbnails]:
    """The sheet for the controls' `values`, and the function that draws its pictures. kind: see `ContactSheet`."""
    params: dict[str, object] = {}
    groups: tuple[CellGroup, ...]
    render_thumbnails: RenderThumbnails
    if kind == "templates":
        groups, render_thumbnails = (_build_template_group(language),), contact_sheets.render_templates
    elif kind == "strengths":
        shape = load_shapes()[int(values["shape_type"])]
        params = {"number": shape.id, "name": get_shape_name(shape, language)}
        groups = (_build_strength_group(shape, language),)
        render_thumbnails = partial(contact_sheets.render_strengths, shape_type=shape.id)
    else:
        groups, render_thumbnails = _build_shape_groups(language), contact_sheets.render_shapes
    title = translate(f"sheets.{kind}_title", language, **params)
    note = translate(f"sheets.{kind}_note", language)
    ordered = {control.name: values[control.name] for control in endpoint.controls}
    return ContactSheet(endpoint.slug, kind, ordered, title, note, groups), render_thumbnails


def get_shape_name(shape: Shape, language: str) -> str:
    """The shape's name."""
    return translate(f"shapes.{shape.key}.name", language)


def describe_strength(shape: Shape, strength: float, language: str) -> str:
    """The alternative text of a face with this shape."""
    params = {"number": shape.id, "name": get_shape_name(shape, language), "strength": f"{strength:g}"}
    return translate("sheets.strength_alt", language, **params)


def _build_shape_groups(language: str) -> tuple[CellGroup, ...]:
    groups = []
    for part, shapes in itertools.groupby(load_shapes(), key=lambda shape: shape.part):
        cells = [_build_original_cell(language)]
        for shape in shapes:
            values: dict[str, str | float] = {"shape_type": str(shape.id), "strength": 1.0}
            caption = f"{shape.id} · {get_shape_name(shape, language)}"
            cells.append(Cell(values, caption, translate(f"shapes.{shape.key}.effect", language)))
        groups.append(CellGroup(part, translate(f"sheets.parts.{part}", language), tuple(cells), has_original=True))
    return tuple(groups)


def _build_original_cell(language: str) -> Cell:
    return Cell({"strength": 0.0}, translate("result.before", language), translate("result.before_alt", language))


def _build_strength_group(shape: Shape, language: str) -> CellGroup:
    cells = [
        Cell(
            {"shape_type": str(shape.id), "strength": strength},
            f"{strength:g}",
            describe_strength(shape, strength, language),
        )
        for strength in contact_sheets.STRENGTHS[1:]
    ]
    return CellGroup(shape.part, "", (_build_original_cell(language), *cells), has_original=True)


def _build_template_group(language: str) -> CellGroup:
    names = [(info, info.name[language]) for info in face_templates.list_templates()]
    cells = tuple(
        Cell({"template_id": info.wire_id}, name, translate("sheets.template_alt", language, name=name))
        for info, name in names
    )
    return CellGroup("", "", cells)
