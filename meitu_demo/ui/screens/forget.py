""" "Delete everything of mine now”: deletes, then looks again and says what it found."""

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from ...words import translate
from ..context import Context
from ..events import PRIVATE
from ..guard.belongings import Left
from ..header import header
from ..panel.one_photo import Shown
from ..panel.panel import Session
from ..result import stage
from ..texts import Texts, language_of
from ..visits import Visit


def build(
    context: Context, texts: Texts, session: Session, masthead: gr.HTML, panels: Sequence[Shown]
) -> gr.events.Dependency:
    """A line at the foot of the page, and the event of its click. session: the browser's tab, own keys."""
    with gr.Row(elem_classes="foot"):
        button = gr.Button(texts.word("forget.button"), size="sm", elem_id="forget")
        told = gr.HTML(elem_id="forget-told", elem_classes="bare", apply_default_css=False)

    async def forget(request: gr.Request, tab: Any) -> tuple[Any, ...]:
        language, owner = language_of(request), Visit.of(request, tab).session
        before = await context.mine.look(owner)
        await context.mine.delete(owner)
        left = await context.mine.look(owner)
        empty = [value for panel in panels for value in (None, stage.invitation(panel.name, language))]
        return (
            f"<p role='status' data-left='{int(left.anything)}'>{escape(_words(before, left, language))}</p>",
            None,
            header(context.routes, language),
            *empty,
        )

    outputs = [told, session[1], masthead, *(part for panel in panels for part in (panel.photo, panel.stage))]
    return button.click(forget, session[:1], outputs, **PRIVATE)


def _words(before: Left, left: Left, language: str) -> str:
    def say(key: str, found: Left) -> str:
        facts = {"files": found.files, "pictures": found.pictures, "calls": found.calls, "runs": found.runs}
        return translate(f"forget.{key}", language, **facts)

    return f"{say('deleted', before)} {say('left', left) if left.anything else translate('forget.nothing', language)}"
