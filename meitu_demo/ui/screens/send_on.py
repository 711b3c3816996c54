"""A result as another panel's photo: what a click in the menu below a result does.

What travels is the token of the kept master, which is worth nothing outside the session that owns it. One hidden button
serves every result on the page; assets/js/send_on.js presses it.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ...errors import ImageRejected
from ...explain import explain
from ...imaging import codec
from ...words import translate
from ..context import Context
from ..events import PRIVATE
from ..guard import uploads
from ..panel.one_photo import Shown
from ..result.facts import TARGETS
from ..result.naming import SUFFIXES
from ..texts import language_of
from ..visits import Visit

# The script fills in what was clicked.
CLICKED = "(_, __, tab) => [window.sentOn?.token ?? '', window.sentOn?.target ?? '', tab]"


def build(context: Context, panels: Sequence[Shown], name: gr.components.Component) -> None:
    """The hidden button and the line that tells how it went. panels: all screens. name: the browser's tab."""
    photos = {panel.name: panel.photo for panel in panels if panel.name in TARGETS}
    token, target = (gr.Textbox(visible=False) for _ in range(2))
    button = gr.Button(visible="hidden", elem_id="send-on")
    told = gr.HTML(elem_id="sent-on", elem_classes="bare", apply_default_css=False)

    async def send(request: gr.Request, token: Any, target: Any, tab: Any) -> tuple[Any, ...]:
        language, session = language_of(request), Visit.of(request, tab).session
        untouched = {panel: gr.skip() for panel in photos}
        data = context.pictures.get_owned(session, token)
        if data is None or not isinstance(target, str) or target not in photos:
            return _gone(language), *untouched.values()
        file = f"result.{SUFFIXES.get(codec.sniff(data) or '', 'jpg')}"
        path = await anyio.to_thread.run_sync(uploads.hand_out, file, data)
        context.mine.note(session, Path(path))
        return _arrived(target, language), *(untouched | {target: path}).values()

    sent = button.click(
        send, [token, target, name], [told, *photos.values()], js=CLICKED, preprocess=False, **PRIVATE
    )  # fmt: skip
    sent.then(None, told, None, js="told => window.openSentOn(told)", **PRIVATE)


def _arrived(target: str, language: str) -> str:
    text = translate("send_on.arrived", language, name=translate(f"panels.{target}.tab", language))
    return f'<p class="sr-only" role="status" data-target="{target}">{escape(text)}</p>'


def _gone(language: str) -> str:
    said = explain(ImageRejected("result_gone"), language, is_billable=False)
    return f"""<div class="notice" role="alert"><p><b>{escape(said.title)}</b> {escape(said.why)} {escape(said.fix)}</p>
<button type="button" data-close>{escape(translate("send_on.close", language))}</button></div>"""
