"""The history's tab: a session's runs on the left; on the right the chosen one, or two results side by side.

Which are chosen, the page knows (assets/js/history.js) and says with each event. They are looked up in the session that
asks, so that a key of anybody else's is no key.
"""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from ..context import Context
from ..events import PRIVATE
from ..history import beside, views
from ..history.entries import Entry
from ..history.listing import listing
from ..panel import places
from ..panel.one_photo import Shown
from ..panel.panel import Session
from ..result import stage
from ..texts import Texts, language_of
from ..visits import Visit
from .lab import faults_of

ACTIONS = {"rerun": "again", "open": "open", "put": "beside_latest", "single": "single"}


def build(
    context: Context, texts: Texts, session: Session, panels: Sequence[Shown], tab: gr.Tab
) -> Callable[[gr.events.Dependency], object]:
    """Lay it out in `tab` and wire it; call inside that. Returns what has the list made anew after another event.

    session: the browser's tab first. panels: whose controls "run again" sets.
    """
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="ask"):
            places.introduction(texts, "history")
            listed = gr.HTML(elem_id="history-list", elem_classes="bare", apply_default_css=False)
        with gr.Column(scale=7, min_width=300, elem_classes="answer"):
            shown = places.stage_of(texts, "history", "history")
            with gr.Row(elem_classes="after"):
                buttons = {
                    name: gr.Button(texts.word(f"history.{word}"), elem_id=f"history-{name}", elem_classes=name)
                    for name, word in ACTIONS.items()
                }
    choose = gr.Button(visible="hidden", elem_id="history-choose")
    chosen, other = gr.Textbox(visible=False), gr.Textbox(visible=False)

    async def open_tab(request: gr.Request, name: Any, key: Any, other: Any) -> tuple[str, str]:
        owner, language = Visit.of(request, name).session, language_of(request)
        runs = context.history.runs(owner)
        if not runs:
            return listing((), (), "", "", 0, language), stage.invitation("history", language)
        entry = context.history.find(owner, key) or runs[0]
        there = {run.key for run in runs if beside.is_there(context.pictures, run)}
        token, minutes = context.history.token(owner), context.settings.keep_minutes
        return listing(runs, there, entry.key, token, minutes, language), views.single(context, owner, entry, language)

    async def show(request: gr.Request, name: Any, key: Any, other: Any) -> str:
        owner, language = Visit.of(request, name).session, language_of(request)
        entry = context.history.find(owner, key)
        if entry is None:
            return views.expired(context, language)
        if other:
            return await views.pair(context, owner, entry, other, language)
        return views.single(context, owner, entry, language)

    targets = [panel for panel in panels if panel.inputs]

    async def fill(request: gr.Request, name: Any, key: Any, other: Any) -> list[Any]:
        entry = context.history.find(Visit.of(request, name).session, key)
        found = {panel.name: [gr.skip() for _ in panel.inputs] for panel in targets}
        if entry is not None:
            where = "failure_lab" if entry.fault is not None else entry.endpoint.id
            if where in found:
                found[where] = _settings(entry, language_of(request))
        return [value for panel in targets for value in found[panel.name]]

    def wiring(script: str) -> dict[str, Any]:
        return {"inputs": [session[0], chosen, other], "js": script, "preprocess": False, **PRIVATE}

    tab.select(open_tab, outputs=[listed, shown], **wiring("name => [name, ...window.runsChosen()]"))
    # Whoever clicks on faster than pictures come sees the last one that they chose.
    choose.click(show, outputs=shown, trigger_mode="always_last", **wiring("name => [name, ...window.runsChosen()]"))
    buttons["single"].click(show, outputs=shown, **wiring("name => [name, ...window.putBeside('')]"))
    buttons["put"].click(show, outputs=shown, **wiring(f"name => [name, ...window.putBeside('{views.LATEST}')]"))
    controls = [control for panel in targets for control in panel.inputs]
    for action in ("rerun", "open"):  # the panel is opened first: what has never been seen takes no values
        filled = buttons[action].click(
            fill, outputs=controls, **wiring("async name => [name, ...await window.openItsPanel()]")
        )
        filled.then(None, js=f"() => window.{action}Run()", **PRIVATE)
    return lambda event: event.then(open_tab, outputs=[listed, shown], **wiring("name => [name, '', '']"))


def _settings(entry: Entry, language: str) -> list[Any]:
    """Values for the controls of its panel, in their order; those that were refused stay as they are."""
    if entry.fault is not None:
        faults = faults_of(entry.endpoint.provider, language)
        known = entry.fault in {value for _, value in faults}
        return [entry.endpoint.id, gr.Dropdown(faults, value=entry.fault if known else "")]
    return [entry.values.get(control.name, gr.skip()) for control in entry.endpoint.controls]
