"""The button "Delete my data": deletes a session's data, then counts again and reports the result."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import gradio as gr

from ...domain.translations import translate
from ..caller import identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT
from ..header import render_header
from ..html import UNSTYLED, render
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
        message_html = gr.HTML(elem_id="delete-data-message", **UNSTYLED)

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
                text=describe_deletion(inventory_before, inventory_after, language),
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


def describe_deletion(inventory_before: Inventory, inventory_after: Inventory, language: str) -> str:
    """What was deleted, if there was anything; then what is left."""
    parts_before, parts_after = (_list_parts(inventory, language) for inventory in (inventory_before, inventory_after))
    deleted = translate("delete_data.deleted", language, parts=parts_before) if parts_before else ""
    remainder = translate("delete_data.left" if parts_after else "delete_data.nothing", language, parts=parts_after)
    return " ".join(filter(None, (deleted, remainder)))


def _list_parts(inventory: Inventory, language: str) -> str:
    """The counts above zero, in words."""
    counts = {kind: count for kind, count in asdict(inventory).items() if count}
    texts = [translate(f"delete_data.kinds.{kind}", language, count=count) for kind, count in counts.items()]
    return translate("delete_data.between", language).join(texts)
