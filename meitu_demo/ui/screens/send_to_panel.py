"""The menu below a result that makes it the photo of another panel.

The browser sends the token of the stored result, which is valid only in its session. One hidden button serves all
results on the page; assets/js/send_to_panel.js clicks it.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...domain.errors import ImageRejected
from ...domain.explanations import explain
from ...domain.translations import translate
from ...photos import codec
from ..caller import identify_caller
from ..context import Context
from ..error_toasts import as_toasts
from ..events import PRIVATE_EVENT
from ..html import UNSTYLED, render
from ..panel.shared_photo import ScreenComponents
from ..result.facts import DESTINATION_SCREENS, FILE_SUFFIXES
from ..texts import detect_language

# Reads what was clicked from a variable of the script.
CLICKED_RESULT_JS = "(_, __, tab) => [window.panelChoice?.token ?? '', window.panelChoice?.target ?? '', tab]"


def build(context: Context, panels: Sequence[ScreenComponents], tab_field: gr.components.Component) -> None:
    """The hidden button and the message about its outcome. panels: all screens. tab_field: the tab's id."""
    photos = {panel.name: panel.photo for panel in panels if panel.name in DESTINATION_SCREENS}
    token = target = tab_field  # a field of text, whose value the script replaces
    button = gr.Button(visible="hidden", elem_id="send-to-panel")
    message_html = gr.HTML(elem_id="send-to-panel-message", **UNSTYLED)

    async def send_to_panel(request: gr.Request, token: Any, target: Any, tab_id: Any) -> tuple[Any, ...]:
        language, caller = detect_language(request), identify_caller(request, tab_id)
        unchanged = {panel: gr.skip() for panel in photos}
        data = context.pictures.get_owned(caller.session_id, token)
        if data is None or not isinstance(target, str) or target not in photos:
            return _render_expired(language), *unchanged.values()
        file = f"result.{FILE_SUFFIXES.get(codec.sniff(data) or '', 'jpg')}"
        with as_toasts(request):
            path = await context.write_upload(caller, file, data)
        return _render_arrived(target, language), *(unchanged | {target: path}).values()

    send_event = button.click(
        send_to_panel, [token, target, tab_field], [message_html, *photos.values()], js=CLICKED_RESULT_JS, preprocess=False, **PRIVATE_EVENT  # noqa: E501
    )  # fmt: skip
    send_event.then(None, message_html, None, js="answer => window.openTargetPanel(answer)", **PRIVATE_EVENT)


def _render_arrived(target: str, language: str) -> Markup:
    text = translate("send_to_panel.arrived", language, name=translate(f"panels.{target}.tab", language))
    return render("screens.result_sent", target=target, text=text)


def _render_expired(language: str) -> Markup:
    explanation = explain(ImageRejected("result_gone"), language, is_billable=False)
    return render("screens.result_expired", language, explained=explanation)
