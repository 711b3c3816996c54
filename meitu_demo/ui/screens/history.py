"""The history tab: a session's runs on the left; on the right the selected one, or two results side by side.

assets/js/history.js stores the selection and sends it with each event. Runs are looked up only in the session of the
request, so the key of another session's run finds nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ...calls.run_log import report_failure
from ...domain.errors import ImageRejected
from ..caller import identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT, TRIGGER_JS
from ..history import views
from ..history.entries import Entry
from ..history.views import render_listing
from ..html import UNSTYLED
from ..panel import controls
from ..panel.panel import SessionInputs
from ..panel.shared_photo import ScreenComponents
from ..result import result_view
from ..result.run_stream import finish_run
from ..texts import PageTranslations, detect_language
from .failure_lab import list_faults

ACTION_LABELS = {
    "fetch": "result.fetch_again",
    "rerun": "history.again",
    "open": "history.open",
    "put": "history.compare_with_latest",
    "single": "history.single",
}
ACTION_EVENTS = {"fetch": "retry", "rerun": "edit", "open": "edit", "put": "select", "single": "select"}


@dataclass(frozen=True, slots=True)
class _Events:
    """The screen's events. Each gets the tab's id, the key of the selected run and that of a run beside it.

    panels: those with controls, in the order of `fill_controls`.
    """

    context: Context
    panels: Sequence[ScreenComponents]

    async def open_tab(self, request: gr.Request, tab_id: Any, run_key: Any, _: Any) -> tuple[str, str]:
        session_id, language = identify_caller(request, tab_id).session_id, detect_language(request)
        history = self.context.history
        runs = history.list_runs(session_id)
        if not runs:
            return render_listing((), (), "", "", 0, language), result_view.empty_state("history", language)
        entry = history.find(session_id, run_key) or runs[0]
        available_keys = {run.key for run in runs if views.has_pictures(self.context.pictures, run)}
        token, minutes = history.ensure_archive_token(session_id), self.context.settings.keep_minutes
        listing_html = render_listing(runs, available_keys, entry.key, token, minutes, language)
        return listing_html, views.render_single(self.context, session_id, entry, language)

    async def show_run(self, request: gr.Request, tab_id: Any, run_key: Any, other_key: Any) -> str:
        session_id, language = identify_caller(request, tab_id).session_id, detect_language(request)
        entry = self.context.history.find(session_id, run_key)
        if entry is None:
            return views.render_expired(self.context, language)
        if other_key:
            return await views.render_run_pair(self.context, session_id, entry, other_key, language)
        return views.render_single(self.context, session_id, entry, language)

    async def fetch_picture(self, request: gr.Request, tab_id: Any, run_key: Any, _: Any) -> tuple[Any, str]:
        caller, language = identify_caller(request, tab_id), detect_language(request)
        entry = self.context.history.find(caller.session_id, run_key)
        if entry is None:
            return gr.skip(), views.render_expired(self.context, language)
        try:
            handle = self.context.service.refetch(caller, entry.refetch_id)
            try:
                await finish_run(self.context, handle, caller, entry.fault)
            finally:
                handle.release()
        except Exception as error:  # every failure ends as an explanation on the screen
            explained = report_failure(error, language, endpoint=entry.endpoint.id)
            actions = ["open"] if isinstance(error, ImageRejected) else ["fetch", "open"]
            return gr.skip(), result_view.with_actions(result_view.render_explanation(explained, language), actions)
        return await self.open_tab(request, tab_id, "", "")

    async def fill_controls(self, request: gr.Request, tab_id: Any, run_key: Any, _: Any) -> list[Any]:
        entry = self.context.history.find(identify_caller(request, tab_id).session_id, run_key)
        values_by_panel = {panel.name: [gr.skip() for _ in panel.inputs] for panel in self.panels}
        panel_name = entry and ("failure_lab" if entry.fault is not None else entry.endpoint.id)
        if entry and panel_name in values_by_panel:
            values_by_panel[panel_name] = _get_control_values(entry, detect_language(request))
        return [value for panel in self.panels for value in values_by_panel[panel.name]]


def build(
    context: Context, texts: PageTranslations, session: SessionInputs, panels: Sequence[ScreenComponents], tab: gr.Tab
) -> Callable[[gr.events.Dependency], object]:
    """Lay out the screen and wire its events; call inside `tab`. Returns a function to update the list after an event.

    session: the tab's id first. panels: "run again" sets their controls.
    """
    with gr.Row():
        with gr.Column(scale=5, min_width=300, elem_classes="inputs-column"):
            controls.build_introduction(texts, "history")
            list_html = gr.HTML(elem_id="history-list", js_on_load=TRIGGER_JS, **UNSTYLED)
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            result_html = controls.build_result_view(texts, "history", "history")
            buttons = controls.build_action_buttons(texts, "history", ACTION_LABELS, ACTION_EVENTS)
    settable_panels = [panel for panel in panels if panel.inputs]
    events = _Events(context, settable_panels)

    def build_wiring(script: str) -> dict[str, Any]:
        run_key = other_key = session[0]  # a field of text, whose value the script replaces
        return {"inputs": [session[0], run_key, other_key], "js": script, "preprocess": False, **PRIVATE_EVENT}

    read_selection_js = "name => [name, ...window.readSelection()]"
    both_html = [list_html, result_html]
    tab.select(events.open_tab, outputs=both_html, **build_wiring(read_selection_js))
    # `always_last`: after several quick clicks, the run that was selected last is shown.
    gr.on(
        [list_html.input, buttons.select],
        events.show_run,
        outputs=result_html,
        trigger_mode="always_last",
        **build_wiring(f"name => [name, ...window.chooseView('{views.LATEST_KEY}')]"),
    )
    buttons.retry(events.fetch_picture, outputs=both_html, **build_wiring(read_selection_js))
    # The script opens the panel first: one that was never opened takes no values.
    fill_event = buttons.edit(
        events.fill_controls,
        outputs=[control for panel in settable_panels for control in panel.inputs],
        **build_wiring("async name => [name, ...await window.openRunPanel()]"),
    )
    fill_event.then(None, js="() => window.runPanelFilled()", **PRIVATE_EVENT)
    return lambda event: event.then(events.open_tab, outputs=both_html, **build_wiring("name => [name, '', '']"))


def _get_control_values(entry: Entry, language: str) -> list[Any]:
    """Values for the controls of the run's panel, in their order; gr.skip() for a value that was not stored."""
    if entry.fault is not None:
        faults = list_faults(entry.endpoint.vendor_id, language)
        is_known = entry.fault in {value for _, value in faults}
        return [entry.endpoint.id, gr.Dropdown(faults, value=entry.fault if is_known else "")]
    return [entry.values.get(control.name, gr.skip()) for control in entry.endpoint.controls]
