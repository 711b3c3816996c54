"""A sheet as HTML: a place for each picture from the start, so that nothing jumps while they come. Pure.

A cell is a button; what a click on it does, assets/js/sheets.js says. Pictures travel in the page itself, as data: no
address leads to them, and nothing of them is kept here.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from ...errors import DemoError
from ...explain import explain
from ...words import translate


@dataclass(frozen=True, slots=True)
class Cell:
    """One place. value: what the control gets when it is chosen. caption: below the picture. says: what it shows."""

    value: str | float
    caption: str
    says: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn. slug: the panel's. kind: shapes, strengths or templates. at: the number of the control that a
    choice sets. chosen: its value now. title, note: lines above.
    """

    slug: str
    kind: str
    at: int
    chosen: object
    title: str
    note: str
    cells: tuple[Cell, ...]


def render(sheet: Sheet, pictures: Sequence[bytes | None]) -> str:
    """The sheet with its first `pictures`, JPEGs; where there is no such picture, the place stays empty."""
    cells = "".join(
        _cell(sheet, cell, pictures[number] if number < len(pictures) else None)
        for number, cell in enumerate(sheet.cells)
    )
    busy = "true" if len(pictures) < len(sheet.cells) else "false"
    return f"""<details class="sheet {sheet.kind}" open data-slug="{sheet.slug}" data-at="{sheet.at}">
<summary>{escape(sheet.title)}</summary><p>{escape(sheet.note)}</p>
<ol aria-busy="{busy}">{cells}</ol></details>"""


def _cell(sheet: Sheet, cell: Cell, picture: bytes | None) -> str:
    """A button, which can be used once its picture is there."""
    image = _image(picture, cell.says) if picture else "<i></i>"
    pressed = "true" if cell.value == sheet.chosen else "false"
    value = escape(json.dumps(cell.value))
    usable = "" if picture else " disabled"
    return (
        f'<li><button type="button" data-value="{value}" aria-pressed="{pressed}"{usable}>'
        f"{image}<span>{escape(cell.caption)}</span></button></li>"
    )


def in_line(sheet: Sheet, seconds: int | None, language: str) -> str:
    """The empty sheet of somebody who waits for the offline engine, about so many seconds if that is known."""
    key = "steps.queue" if seconds else "steps.queue_unknown"
    return render(replace(sheet, note=translate(key, language, seconds=seconds)), ())


def told(error: BaseException, language: str) -> str:
    """Why there is no sheet, and what to do, in one line."""
    explained = explain(error, language, is_billable=False)
    return f'<p class="sheet-told" role="alert"><b>{escape(explained.title)}</b> {escape(explained.fix)}</p>'


def preview(picture: bytes, says: str, language: str) -> str:
    """The picture beside the controls, and who drew it."""
    return _look(_image(picture, says), language)


def no_preview(language: str, error: DemoError | None = None) -> str:
    """Its place, while there is none."""
    text = explain(error, language, is_billable=False).title if error else translate("sheets.preview_empty", language)
    return _look(f"<p>{escape(text)}</p>", language)


def _look(inside: str, language: str) -> str:
    caption = escape(translate("sheets.preview", language))
    return f'<figure class="look"><div>{inside}</div><figcaption>{caption}</figcaption></figure>'


def _image(picture: bytes, says: str) -> str:
    """A JPEG, which is there in the same moment as its place."""
    source = f"data:image/jpeg;base64,{b64encode(picture).decode()}"
    return f'<img src="{source}" alt="{escape(says)}" decoding="sync" draggable="false">'
