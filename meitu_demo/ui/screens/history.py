"""The history's tab: a session's runs on the left; on the right the chosen one, or two results side by side.

Which are chosen, the page knows (assets/js/history.js) and says with each event. They are looked up in the session that
asks, so that a key of anybody else's is no key.
"""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import gradio as gr

from ...words import translate
from ..context import Context
from ..events import PRIVATE
from ..history import beside, wording
from ..history.entries import Entry
from ..history.listing import is_free, listing
from ..panel.one_photo import Shown
from ..panel.panel import Session
from ..result import stage
from ..texts import Texts, language_of
from ..visits import Visit
from .lab import faults_of

LATEST = "latest"  # instead of a key: the newest result there is
ACTIONS = {"rerun": "again", "open": "open", "put": "beside_latest", "single": "single"}


def build(
    context: Context, texts: Texts, session: Session, panels: Sequence[Shown], tab: gr.Tab
) -> Callable[[gr.events.Dependency], object]:
    """Lay it out in `tab` and wire it; call inside that. Returns what has the list made anew after another event.

    session: the browser's tab first. panels: whose controls "run again" sets.
    """
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="ask"):
            intro = texts.render("history-intro", lambda language: stage.introduction("history", language))
            gr.HTML(intro, elem_classes="bare", apply_default_css=False)
            listed = gr.HTML(elem_id="history-list", elem_classes="bare", apply_default_css=False)
        with gr.Column(scale=7, min_width=300, elem_classes="answer"):
            shown = gr.HTML(
                texts.render("history-empty", lambda language: stage.invitation("history", language)),
                elem_id="history-stage", elem_classes="bare", apply_default_css=False, js_on_load=stage.SCRIPT,
            )  # fmt: skip
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
        return listing(runs, there, entry.key, token, minutes, language), _single(context, owner, entry, language)

    async def show(request: gr.Request, name: Any, key: Any, other: Any) -> str:
        owner, language = Visit.of(request, name).session, language_of(request)
        entry = context.history.find(owner, key)
        if entry is None:
            return _expired(context, language)
        return (
            await _pair(context, owner, entry, other, language) if other else _single(context, owner, entry, language)
        )

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
    buttons["put"].click(show, outputs=shown, **wiring(f"name => [name, ...window.putBeside('{LATEST}')]"))
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


def _single(context: Context, owner: str, entry: Entry, language: str) -> str:
    """One run: before and after, its explanation, or the word that its pictures are gone."""
    can = ["rerun" if is_free(entry) else "open"]
    if entry.failure:
        return stage.offering(stage.explanation(entry.failure, language), can)
    if not entry.made or not beside.is_there(context.pictures, entry):
        return stage.offering(_told("gone_title", "gone_text", language), can)
    latest = _latest(context, owner)
    if latest and latest.key != entry.key:
        can.append("put")
    provider = wording.provider(entry, language)
    facts = _facts("", wording.name(entry, language), entry, language) + stage.sent(entry.made.outcome, language)
    return stage.offering(
        stage.comparison(entry.made.outcome, entry.made.pictures, provider, language, facts_instead=facts), can
    )


async def _pair(context: Context, owner: str, entry: Entry, other: object, language: str) -> str:
    """The chosen run on the left, another or the latest on the right."""
    right = _latest(context, owner) if other == LATEST else context.history.find(owner, other)
    if right is None:
        return _expired(context, language)
    can = ["single", "rerun" if is_free(entry) else "open"]
    found = entry.made and right.made and await beside.pair(context.pictures, entry.made, right.made, owner)
    if not found:
        return stage.offering(_told("gone_title", "one_gone_text", language), can)
    names = wording.names(entry, right, language)
    if right == _latest(context, owner):
        names = names[0], translate("history.current", language, name=names[1])
    outcome, pictures = found
    facts = _facts("left", names[0], entry, language) + _facts("right", names[1], right, language)
    shown = stage.comparison(outcome, pictures, "", language, names=names, facts_instead=facts)
    return stage.offering(shown, can)


def _facts(side: str, name: str, entry: Entry, language: str) -> str:
    """Name and facts of a result. side: left or right, where there are two."""
    assert entry.made
    told = stage.facts(entry.made.outcome, entry.made.pictures, wording.provider(entry, language), language)
    where = f"<b>{escape(translate(f'history.{side}', language))}</b> " if side else ""
    return f'<div class="side" role="status"><p>{where}{escape(name)}</p>{told}</div>'


def _latest(context: Context, owner: str) -> Entry | None:
    """The newest result whose pictures are there."""
    return next((run for run in context.history.runs(owner) if beside.is_there(context.pictures, run)), None)


def _expired(context: Context, language: str) -> str:
    return _told("expired_title", "expired_text", language, minutes=context.settings.keep_minutes)


def _told(title: str, text: str, language: str, **facts: object) -> str:
    said = [escape(translate(f"history.{key}", language, **facts)) for key in (title, text)]
    return f'<div class="stage invitation" role="status"><div><h3>{said[0]}</h3><p>{said[1]}</p></div></div>'
