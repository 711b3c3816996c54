"""The Recipe tab: a photo, a list of effects, one button, and what comes of each step."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import gradio as gr

from ...endpoints import CATALOGUE
from ..context import Context
from ..events import PRIVATE
from ..panel import consent, controls, examples, places
from ..panel.one_photo import Shown
from ..panel.panel import SHOW_STAGE, Session, photo_input
from ..recipe import chain, editor
from ..recipe.course import Course
from ..recipe.running import Click
from ..texts import Texts, language_of
from ..visits import Visit

NEXT = {"stop": "result.stop", "again": "recipe.again", "retry": "recipe.retry", "offline": "result.run_offline"}
PROVIDERS = tuple(dict.fromkeys(endpoint.provider for endpoint in CATALOGUE.values()))


def build(context: Context, texts: Texts, picks: controls.TemplatePicks, session: Session, masthead: gr.HTML) -> Shown:
    """Lay the screen out and wire it; call inside its tab. session: the browser's tab, own keys."""
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="ask"):
            places.introduction(texts, "recipe")
            photo, received = photo_input(context, "recipe", texts, session)
            taken = examples.build(context, "recipe", "astronaut", texts, photo, session)
            listed = editor.build(context, texts, picks, session[1], masthead)
            with gr.Column(elem_classes="consents"):
                boxes = [_consent(context, provider, texts, photo) for provider in PROVIDERS]
            run_button = gr.Button(
                texts.word("panels.recipe.run"), variant="primary", elem_id="recipe-run", elem_classes="run"
            )
        with gr.Column(scale=7, min_width=300, elem_classes="answer"):
            shown = places.stage_of(texts, "recipe", "recipe")
            with gr.Row(elem_classes="after"):
                buttons = {
                    name: gr.Button(texts.word(word), elem_id=f"recipe-{name}", elem_classes=name)
                    for name, word in NEXT.items()
                }
            course = gr.State(None, time_to_live=context.settings.keep_minutes * 60)

    def begin(kind: str) -> Any:
        async def run(request: gr.Request, *given: Any) -> AsyncIterator[tuple[Any, Any]]:
            photo, listed, *ticked, tab, own, before = given
            consents = {provider: tick is True for provider, tick in zip(PROVIDERS, ticked, strict=True)}
            click = Click(
                kind, Visit.of(request, tab), language_of(request), photo, listed, consents, own, before or Course()
            )
            async for update, reached in chain.watch(context, click):
                yield update, reached or gr.skip()

        return run

    wiring: dict[str, Any] = {
        "inputs": [photo, listed, *boxes, *session, course], "outputs": [shown, course],
        "preprocess": False, "concurrency_limit": None, **PRIVATE,
    }  # fmt: skip
    run_button.click(begin("run"), **wiring)
    run_button.click(None, js=SHOW_STAGE.format("recipe-stage"), **PRIVATE)
    for name in ("again", "retry", "offline"):
        buttons[name].click(begin(name), **wiring)

    def stop_waiting(request: gr.Request, tab: Any) -> None:
        context.desk.stop_waiting(Visit.of(request, tab).session)

    buttons["stop"].click(stop_waiting, session[:1], None, **PRIVATE)
    return Shown("recipe", photo, shown, (received, *taken))


def _consent(context: Context, provider: str, texts: Texts, photo: gr.Image) -> gr.Checkbox:
    """The box for one vendor; to be seen where the list has a step that goes there."""
    endpoint = next(endpoint for endpoint in CATALOGUE.values() if endpoint.provider == provider)
    named = replace(endpoint, id=f"recipe_{provider}")  # for the names of the elements
    box = consent.build(named, context.settings, texts)
    consent.ask_anew(named.slug, photo, box)
    return box
