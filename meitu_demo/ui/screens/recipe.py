"""The Recipe tab: a photo, a list of effects, one button, and the result of each step."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio
import gradio as gr
from markupsafe import Markup

from ...domain.errors import RecipeRejected
from ...domain.recipe import parse_recipe
from ...endpoints import CATALOGUE
from ...engine import previews
from ..caller import get_shown_payer, identify_caller
from ..context import Context
from ..events import APPEND_ACTION_JS, PRIVATE_EVENT, check_action
from ..panel import consent, controls, examples
from ..panel.panel import SessionInputs, build_photo_input, wire_stop_button
from ..panel.preview import build_preview, wire_drawing
from ..panel.shared_photo import ScreenComponents
from ..panel.template_picker import TemplateOptions
from ..recipe import editor, runner, views
from ..recipe.state import RecipeRequest, describe_step
from ..result import result_view
from ..texts import PageTranslations, detect_language

ACTION_LABELS = {"stop": "result.stop", "again": "recipe.again", **views.ACTION_LABELS}


def build(
    context: Context,
    texts: PageTranslations,
    picks: TemplateOptions,
    session: SessionInputs,
    masthead: gr.HTML,
    tab: gr.Tab,
) -> ScreenComponents:
    """Lay out the screen and wire its events; call inside `tab`. session: the tab's id and the visitor's keys."""
    with gr.Row():
        with gr.Column(scale=5, min_width=300, elem_classes=["inputs-column", "photo-row", "example-astronaut"]):
            photo, received = build_photo_input(context, "recipe", texts, session)
            examples.build_examples("recipe", "recipe", "astronaut", texts)
            step_list = editor.build_editor(context, texts, picks, session[1], masthead)
            with gr.Column(elem_classes="consents"):
                consent_boxes = consent.build_consent_boxes("recipe", context.service.targets, texts)
            run_button = gr.Button(
                texts.get_text("panels.recipe.run"), variant="primary", elem_id="recipe-run", elem_classes="run"
            )
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            preview_html = build_preview("recipe")
            result_html = controls.build_result_view(texts, "recipe", "recipe")
            actions = controls.build_action_buttons(texts, "recipe", ACTION_LABELS)
            recipe_run = gr.State(None, time_to_live=context.settings.keep_minutes * 60)

    async def run(request: gr.Request, *values: Any) -> AsyncIterator[tuple[Any, Any]]:
        async for update in act(request, *values, "run"):
            yield update

    async def act(request: gr.Request, *values: Any) -> AsyncIterator[tuple[Any, Any]]:
        photo, step_list, *consent_ticks, tab, visitor_keys, previous_run, action = values
        consents = {vendor_id: tick is True for vendor_id, tick in zip(consent_boxes, consent_ticks, strict=True)}
        click = RecipeRequest(
            check_action(action, ACTION_LABELS),
            identify_caller(request, tab),
            detect_language(request),
            photo,
            step_list,
            consents,
            visitor_keys,
            {vendor: get_shown_payer(request, vendor) for vendor in consent_boxes},
            previous_run,
        )
        async for update, reached_run in runner.stream_recipe(context, click):
            yield update, reached_run or gr.skip()

    inputs_of_run = [photo, step_list, *consent_boxes.values(), *session, recipe_run]
    wiring: dict[str, Any] = {
        "outputs": [result_html, recipe_run], "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT,
    }  # fmt: skip
    run_button.click(run, inputs_of_run, **wiring)
    actions.click(act, [*inputs_of_run, session[0]], js=APPEND_ACTION_JS, **wiring)
    wire_stop_button(context, actions, session)

    wire_drawing(preview_html, "recipe", partial(_draw_preview, context), [photo, step_list, session[0]])
    boxes = list(dict.fromkeys(consent_boxes.values()))
    names = [str(box.elem_id).removesuffix("-consent") for box in boxes]
    gr.on(
        [photo.change, step_list.change, tab.select], None, [photo, step_list, *boxes], boxes,
        js=f"(...values) => window.recipeChanged({names}, ...values)", **PRIVATE_EVENT,
    )  # fmt: skip
    return ScreenComponents("recipe", photo, result_html, (received,))


async def _draw_preview(context: Context, request: gr.Request, payload: Any, text: Any, tab_id: Any) -> Markup:
    """What the offline engine makes of the photo, with all steps that are switched on."""
    language, caller = detect_language(request), identify_caller(request, tab_id)
    if not payload:
        return result_view.empty_state("recipe", language)
    steps = parse_recipe(text, CATALOGUE).enabled_steps
    if not steps:
        raise RecipeRejected("recipe_nothing_on")
    source = await context.read_upload(payload, caller)
    effects = [(step.endpoint, step.values) for step in steps]
    async with context.service.engine_slot(caller):
        preview = await anyio.to_thread.run_sync(previews.render_photo_preview, effects, source)
    return result_view.render_preview(preview, " · ".join(describe_step(step, language) for step in steps), language)
