"""The button "Delete everything of mine now": deletes a session's data, then counts again and reports the result."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import gradio as gr

from ...domain.translations import translate
from ..caller import identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT
from ..header import render_header
from ..html import render
from ..panel.panel import SessionInputs
from ..panel.shared_photo import ScreenComponents
from ..result import result_view
from ..security.session_data import Inventory
from ..texts import PageTranslations, detect_language


def build(
    context: Context,
    texts: PageTranslations,
    session: SessionInputs,
    masthead: gr.HTML,
    panels: Sequence[ScreenComponents],
) -> gr.events.Dependency:
    """The button and its message at the foot of the page; returns the click event. session: tab id, keys."""
    with gr.Row(elem_classes="page-footer"):
        button = gr.Button(texts.get_text("delete_data.button"), size="sm", elem_id="delete-data")
        message_html = gr.HTML(elem_id="delete-data-message", elem_classes="unstyled", apply_default_css=False)

    async def delete_data(request: gr.Request, tab: Any) -> tuple[Any, ...]:
        language, session_id = detect_language(request), identify_caller(request, tab).session_id
        inventory_before = await context.session_data.inventory(session_id)
        await context.session_data.delete(session_id)
        inventory_after = await context.session_data.inventory(session_id)
        reset_values = [value for panel in panels for value in (None, result_view.empty_state(panel.name, language))]
        return (
            render(
                "screens.data_deleted",
                has_data=inventory_after.has_data,
                text=_describe_deletion(inventory_before, inventory_after, language),
            ),
            None,
            render_header(context.service.targets, language, has_login=bool(context.settings.login)),
            *reset_values,
        )

    outputs = [
        message_html,
        session[1],
        masthead,
        *(part for panel in panels for part in (panel.photo, panel.result_view)),
    ]
    return button.click(delete_data, session[:1], outputs, **PRIVATE_EVENT)


def _describe_deletion(inventory_before: Inventory, inventory_after: Inventory, language: str) -> str:
    def describe(key: str, inventory: Inventory) -> str:
        key = f"{key}_with_recordings" if inventory.recordings else key
        return translate(f"delete_data.{key}", language, **asdict(inventory))

    if inventory_after.has_data:
        remainder = describe("left", inventory_after)
    else:
        remainder = translate("delete_data.nothing", language)
    return f"{describe('deleted', inventory_before)} {remainder}"
