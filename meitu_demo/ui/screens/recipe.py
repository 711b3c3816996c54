"""The Recipe tab: a photo, a list of effects, one button, and the result of each step."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import gradio as gr

from ...endpoints import CATALOGUE
from ..caller import get_shown_payer, identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT
from ..panel import consent, controls, examples
from ..panel.panel import SCROLL_TO_RESULT_JS, SessionInputs, build_photo_input
from ..panel.shared_photo import ScreenComponents
from ..recipe import editor, runner, views
from ..recipe.state import RecipeRequest
from ..texts import PageTranslations, detect_language

ACTION_LABELS = {"stop": "result.stop", "again": "recipe.again", **views.ACTION_LABELS}
VENDOR_IDS = tuple(dict.fromkeys(endpoint.vendor_id for endpoint in CATALOGUE.values()))


def build(
    context: Context,
    texts: PageTranslations,
    picks: controls.TemplateOptions,
    session: SessionInputs,
    masthead: gr.HTML,
) -> ScreenComponents:
    """Lay out the screen and wire its events; call inside its tab. session: the tab's id and the visitor's keys."""
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes=["inputs-column", "photo-row", "example-astronaut"]):
            photo, received = build_photo_input(context, "recipe", texts, session)
            examples.build_examples("recipe", "recipe", "astronaut", texts)
            step_list = editor.build_editor(context, texts, picks, session[1], masthead)
            with gr.Column(elem_classes="consents"):
                consent_boxes = [_build_consent_box(context, vendor_id, texts, photo) for vendor_id in VENDOR_IDS]
            run_button = gr.Button(
                texts.get_text("panels.recipe.run"), variant="primary", elem_id="recipe-run", elem_classes="run"
            )
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            result_html = controls.build_result_view(texts, "recipe", "recipe")
            with gr.Row(elem_classes="result-actions"):
                buttons = {
                    name: gr.Button(texts.get_text(word), elem_id=f"recipe-{name}", elem_classes=name)
                    for name, word in ACTION_LABELS.items()
                }
            recipe_run = gr.State(None, time_to_live=context.settings.keep_minutes * 60)

    def create_handler(action: str) -> Any:
        async def run(request: gr.Request, *arguments: Any) -> AsyncIterator[tuple[Any, Any]]:
            photo, step_list, *consent_ticks, tab, visitor_keys, previous_run = arguments
            consents = {vendor_id: tick is True for vendor_id, tick in zip(VENDOR_IDS, consent_ticks, strict=True)}
            click = RecipeRequest(
                action,
                identify_caller(request, tab),
                detect_language(request),
                photo,
                step_list,
                consents,
                visitor_keys,
                {vendor: get_shown_payer(request, vendor) for vendor in VENDOR_IDS},
                previous_run,
            )
            async for update, reached_run in runner.stream_recipe(context, click):
                yield update, reached_run or gr.skip()

        return run

    wiring: dict[str, Any] = {
        "inputs": [photo, step_list, *consent_boxes, *session, recipe_run], "outputs": [result_html, recipe_run],
        "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT,
    }  # fmt: skip
    run_button.click(create_handler("run"), **wiring)
    run_button.click(None, js=SCROLL_TO_RESULT_JS.format("recipe-stage"), **PRIVATE_EVENT)
    for name in ("again", *views.ACTION_LABELS):
        buttons[name].click(create_handler(name), **wiring)

    def stop_waiting(request: gr.Request, tab: Any) -> None:
        context.service.stop_waiting(identify_caller(request, tab).session_id)

    buttons["stop"].click(stop_waiting, session[:1], None, **PRIVATE_EVENT)
    return ScreenComponents("recipe", photo, result_html, (received,))


def _build_consent_box(context: Context, vendor_id: str, texts: PageTranslations, photo: gr.Image) -> gr.Checkbox:
    """The consent box for one vendor; the style sheet shows it if a step goes to that vendor."""
    endpoint = next(endpoint for endpoint in CATALOGUE.values() if endpoint.vendor_id == vendor_id)
    consent_endpoint = replace(endpoint, id=f"recipe_{vendor_id}")  # for the element ids
    box = consent.build_consent_box(consent_endpoint, context.service.targets, texts)
    consent.reset_consent_on_new_photo(consent_endpoint.slug, photo, box)
    return box
