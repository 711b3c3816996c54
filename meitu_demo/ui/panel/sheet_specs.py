"""A sheet as HTML: a place for each picture from the start, so that nothing jumps while they come. Pure.

A cell is a button; what a click on it does, assets/js/sheets.js says. Pictures travel in the page itself, as data: no
address leads to them, and nothing of them is kept here.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any

from ...domain.errors import DemoError
from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...domain.vendor_codes import Shape, load_shapes
from ...engine import contact_sheets, face_templates
from ...engine.contact_sheets import FaceCrop


@dataclass(frozen=True, slots=True)
class Cell:
    """One place. value: what the control gets when it is chosen. caption: below the picture. says: what it shows."""

    value: str | float
    caption: str
    alt_text: str


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """What is drawn. slug: the panel's. kind: shapes, strengths or templates. at: the number of the control that a
    choice sets. chosen: its value now. title, note: lines above.
    """

    slug: str
    kind: str
    control_index: int
    selected_value: object
    title: str
    note: str
    cells: tuple[Cell, ...]


def render_sheet(sheet: ContactSheet, pictures: Sequence[bytes | None]) -> str:
    """The sheet with its first `pictures`, JPEGs; where there is no such picture, the place stays empty."""
    cells = "".join(
        _render_cell(sheet, cell, pictures[number] if number < len(pictures) else None)
        for number, cell in enumerate(sheet.cells)
    )
    is_busy = "true" if len(pictures) < len(sheet.cells) else "false"
    return f"""<details class="sheet {sheet.kind}" open data-slug="{sheet.slug}" data-at="{sheet.control_index}">
<summary>{escape(sheet.title)}</summary><p>{escape(sheet.note)}</p>
<ol aria-busy="{is_busy}">{cells}</ol></details>"""


def _render_cell(sheet: ContactSheet, cell: Cell, picture: bytes | None) -> str:
    """A button, which can be used once its picture is there."""
    image = _render_image(picture, cell.alt_text) if picture else "<i></i>"
    pressed = "true" if cell.value == sheet.selected_value else "false"
    value = escape(json.dumps(cell.value))
    disabled_attribute = "" if picture else " disabled"
    return (
        f'<li><button type="button" data-value="{value}" aria-pressed="{pressed}"{disabled_attribute}>'
        f"{image}<span>{escape(cell.caption)}</span></button></li>"
    )


def render_queued_sheet(sheet: ContactSheet, wait_s: int | None, language: str) -> str:
    """The empty sheet of somebody who waits for the offline engine, about so many seconds if that is known."""
    key = "steps.queue" if wait_s else "steps.queue_unknown"
    return render_sheet(replace(sheet, note=translate(key, language, seconds=wait_s)), ())


def render_sheet_error(error: BaseException, language: str) -> str:
    """Why there is no sheet, and what to do, in one line."""
    explained = explain(error, language, is_billable=False)
    return f'<p class="sheet-told" role="alert"><b>{escape(explained.title)}</b> {escape(explained.fix)}</p>'


def render_preview(picture: bytes, alt_text: str, language: str) -> str:
    """The picture beside the controls, and who drew it."""
    return _render_preview_figure(_render_image(picture, alt_text), language)


def render_empty_preview(language: str, error: DemoError | None = None) -> str:
    """Its place, while there is none."""
    text = explain(error, language, is_billable=False).title if error else translate("sheets.preview_empty", language)
    return _render_preview_figure(f"<p>{escape(text)}</p>", language)


def _render_preview_figure(content_html: str, language: str) -> str:
    caption = escape(translate("sheets.preview", language))
    return f'<figure class="look"><div>{content_html}</div><figcaption>{caption}</figcaption></figure>'


def _render_image(picture: bytes, alt_text: str) -> str:
    """A JPEG, which is there in the same moment as its place."""
    source = f"data:image/jpeg;base64,{b64encode(picture).decode()}"
    return f'<img src="{source}" alt="{escape(alt_text)}" decoding="sync" draggable="false">'


# MERGED ui/panel/plans.py: Which sheets there are: the words of each, the control that a choice sets, and who draws it.
# Pure.


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
