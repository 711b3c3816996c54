"""The editor of a recipe's steps: their list as HTML, adding a step, saving and loading a recipe.

The recipe is the text of a hidden field; assets/js/recipe.js edits it and preserves it across a reload of the tab. It
is validated here each time that it is used; an invalid one is explained and leaves the list unchanged.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...calls.targets import TargetResolver
from ...domain.errors import DemoError, MissingKey
from ...domain.explanations import explain
from ...domain.recipe import MAX_RECIPE_BYTES, Recipe, RecipeStep, build_step, dump_recipe, parse_recipe
from ...domain.translations import describe_service, translate
from ...endpoints import CATALOGUE
from ..context import Context
from ..events import PRIVATE_EVENT
from ..gradio_patches.internal_state import page_load_trigger
from ..html import UNSTYLED, render
from ..panel import controls
from ..panel.examples import EXAMPLE_RECIPE
from ..panel.template_picker import TemplateOptions
from ..texts import PageTranslations, detect_language
from .state import describe_step, get_effect_name

EXAMPLE = parse_recipe(EXAMPLE_RECIPE, CATALOGUE)
SAVE_JS = "listed => window.saveRecipe(listed)"
PERSIST_JS, RESTORE_JS = "(listed, own) => [window.storeRecipe(listed), own]", "listed => window.loadRecipe() ?? listed"
READ_FILE_JS = "(_, listed) => [window.recipeText ?? '', listed]"


def render_steps(recipe: Recipe, resolver: TargetResolver, language: str) -> Markup:
    """The list of steps: switch and buttons of each, where it runs, and the paid calls."""
    if not recipe.steps:
        return render("recipe.no_steps", language, example=dump_recipe(EXAMPLE))
    rows = [_build_row(step, resolver, language) for step in recipe.steps]
    return render("recipe.steps", language, rows=rows, calls=describe_paid_calls(recipe, resolver, language))


def describe_paid_calls(recipe: Recipe, resolver: TargetResolver, language: str) -> str:
    """How many steps are paid calls, and to which vendors."""
    live_vendors = [
        step.endpoint.vendor_id for step in recipe.enabled_steps if resolver.is_live(step.endpoint.vendor_id)
    ]
    names = [describe_service(vendor_id, resolver.get_live_service(vendor_id), language) for vendor_id in live_vendors]
    vendors = translate("recipe.between", language).join(dict.fromkeys(names))  # two vendors may be one server
    if not recipe.enabled_steps:
        return translate("recipe.calls_nothing_on", language)
    if not live_vendors:
        return translate("recipe.calls_none_replay" if resolver.is_replay else "recipe.calls_none", language)
    return translate("recipe.calls", language, count=len(live_vendors), vendors=vendors)


def _build_row(step: RecipeStep, resolver: TargetResolver, language: str) -> dict[str, object]:
    name, effect = describe_step(step, language), get_effect_name(step, language)
    target = _describe_target(step, resolver, language)
    vendor_id = step.endpoint.vendor_id
    return {
        "name": name,
        "subtitle": target if name.startswith(effect) else f"{effect} · {target}",
        "enabled": step.enabled,
        "paid_vendor": vendor_id if step.enabled and resolver.is_live(vendor_id) else "",
    }


def _describe_target(step: RecipeStep, resolver: TargetResolver, language: str) -> str:
    if not step.enabled:
        return translate("recipe.off", language)
    vendor_id = step.endpoint.vendor_id
    service = resolver.get_live_service(vendor_id)
    try:
        mode = "replay" if resolver.is_replay else resolver.resolve(vendor_id).mode
    except MissingKey:
        mode = "keyless"
    return translate(f"recipe.where_{mode}", language, vendor=describe_service(vendor_id, service, language))


def build_editor(
    context: Context,
    texts: PageTranslations,
    template_options: TemplateOptions,
    visitor_keys: gr.components.Component,
    masthead: gr.HTML,
) -> gr.Textbox:
    """Lay out the editor and wire its events; returns the hidden field with the recipe.

    visitor_keys: decide where a step runs; a change of `masthead` shows that they have changed.
    """
    targets = context.service.targets
    recipe_field = gr.Textbox(dump_recipe(EXAMPLE), visible="hidden", elem_id="recipe-listed")
    steps_html = gr.HTML(
        texts.render("recipe-listed", lambda language: render_steps(EXAMPLE, targets, language)),
        elem_id="recipe-list", **UNSTYLED,
    )  # fmt: skip
    message_html = gr.HTML(elem_id="recipe-message", **UNSTYLED)
    with gr.Accordion(texts.get_text("recipe.add_title"), open=False, elem_id="recipe-add"):
        step_inputs = _build_step_inputs(texts, template_options)
        add_button = gr.Button(texts.get_text("recipe.add"), size="sm", elem_id="recipe-add-step")
    with gr.Row(elem_classes="files"):
        save_button = gr.Button(texts.get_text("recipe.save"), size="sm", elem_id="recipe-save")
        load_button = gr.Button(texts.get_text("recipe.load"), size="sm", elem_id="recipe-load")
    loaded_button = gr.Button(visible="hidden", elem_id="recipe-loaded")

    def render_list(request: gr.Request, text: Any, visitor_keys: Any) -> Markup:
        language = detect_language(request)
        try:
            return render_steps(parse_recipe(text, CATALOGUE), targets.with_visitor_keys(visitor_keys), language)
        except DemoError as error:  # stored in the tab by an older version
            explained = explain(error, language, is_billable=False)
            return render("recipe.invalid_list", language, explained=explained, example=dump_recipe(EXAMPLE))

    wiring: dict[str, Any] = {"preprocess": False, **PRIVATE_EVENT}
    gr.on(
        [recipe_field.change, masthead.change], render_list, [recipe_field, visitor_keys],
        steps_html, trigger_mode="always_last", js=PERSIST_JS, **wiring,
    )  # fmt: skip
    gr.on([page_load_trigger()], None, recipe_field, recipe_field, js=RESTORE_JS, **PRIVATE_EVENT)
    add_button.click(_append_step, [recipe_field, *step_inputs], [recipe_field, message_html], **wiring)
    text = recipe_field  # whose value the script replaces
    loaded_button.click(_load_recipe, [text, recipe_field], [recipe_field, message_html], js=READ_FILE_JS, **wiring)
    save_button.click(None, recipe_field, None, js=SAVE_JS, **PRIVATE_EVENT)
    load_button.click(None, None, None, js=f"() => window.openRecipeFile({MAX_RECIPE_BYTES})", **PRIVATE_EVENT)
    return recipe_field


def _append_step(request: gr.Request, text: Any, effect: Any, *values: Any) -> tuple[Any, str]:
    language = detect_language(request)
    try:
        recipe = parse_recipe(text, CATALOGUE)
        number = len(recipe.steps) + 1
        step = build_step(effect, _select_values(effect, values), CATALOGUE, number=number)
        extended_text = dump_recipe(recipe.append_step(step))
    except DemoError as error:
        return gr.skip(), _render_error(error, language)
    return extended_text, _render_status("added", language, step=number, name=describe_step(step, language))


def _load_recipe(request: gr.Request, text: Any, _: Any) -> tuple[Any, str]:
    language = detect_language(request)
    try:
        recipe = parse_recipe(text, CATALOGUE)
    except DemoError as error:
        return gr.skip(), _render_error(error, language)
    return dump_recipe(recipe), _render_status("loaded", language, count=len(recipe.steps))


def _build_step_inputs(texts: PageTranslations, template_options: TemplateOptions) -> list[gr.components.Component]:
    """A choice of effects, and the controls of all; assets/css/recipe.css shows those of the selected effect."""
    names = [(texts.get_text(f"panels.{name}.tab"), name) for name in CATALOGUE]
    effect = gr.Radio(names, value=names[-1][1], label=texts.get_text("recipe.effect"), elem_id="recipe-effect")
    components: list[gr.components.Component] = [effect]
    for number, endpoint in enumerate(CATALOGUE.values(), 1):
        with gr.Column(elem_classes=["effect", f"effect-{number}"]):
            prefixed_endpoint = replace(endpoint, id=f"recipe_{endpoint.id}")  # for the element ids
            components += controls.build_controls(prefixed_endpoint, texts, template_options)
            if not endpoint.controls:
                empty_html = texts.render("recipe-no-settings", partial(render, "recipe.no_settings"))
                gr.HTML(empty_html, **UNSTYLED)
    return components


def _select_values(effect: Any, values: tuple[Any, ...]) -> dict[str, Any]:
    """The values of the selected effect's controls, from the values of all controls."""
    value_iterator = iter(values)
    values_by_endpoint = {
        name: {control.name: next(value_iterator, None) for control in endpoint.controls}
        for name, endpoint in CATALOGUE.items()
    }
    return values_by_endpoint.get(effect, {}) if isinstance(effect, str) else {}


def _render_status(key: str, language: str, **params: object) -> Markup:
    return render("screens.status", text=translate(f"recipe.{key}", language, **params))


def _render_error(error: DemoError, language: str) -> Markup:
    return render("recipe.error", explained=explain(error, language, is_billable=False))
