"""The list of steps on the page: drawn anew from the page's own text at each change; adding a step, loading a recipe.

The list lives in the page, as the text of a hidden field, and in its tab over a reload. It is checked here each time it
is used; what does not fit is told, and leaves the list as it was.
"""

from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from ...calls.targets import TargetResolver
from ...domain.errors import DemoError, MissingKey
from ...domain.explanations import explain
from ...domain.recipe import MAX_RECIPE_BYTES, Recipe, RecipeStep, build_step, dump_recipe, parse_recipe
from ...domain.translations import translate
from ...endpoints import CATALOGUE
from ..context import Context
from ..events import PRIVATE_EVENT
from ..gradio_patches.internal_state import page_load_trigger
from ..panel import controls
from ..texts import PageTranslations, detect_language
from .state import describe_step, get_effect_name

# MERGED ui/recipe/steps.py: The list of steps as HTML: each with its switch and buttons, where it runs, and how many
# calls are paid in all. assets/js/recipe.js moves, switches and removes: in the page's own list, from which this is
# drawn anew. Pure; every text is escaped here.


def render_steps(recipe: Recipe, example: Recipe, resolver: TargetResolver, language: str) -> str:
    """The list. example: what an empty one offers."""
    if not recipe.steps:
        return f'<div class="no-steps"><p>{_translate_html("empty", language)}</p>{render_example_button(example, language)}</div>'  # noqa: E501
    rows = "".join(_render_step(place, step, recipe, resolver, language) for place, step in enumerate(recipe.steps))
    return f"""<ol class="steps" aria-label="{_translate_html("title", language)}">{rows}</ol>
<p class="calls" role="status">{escape(describe_paid_calls(recipe, resolver, language))}</p>"""


def render_example_button(example: Recipe, language: str) -> str:
    """A button that puts `example` in the list's place."""
    return f"""<button type="button" class="plain" data-act="example" data-recipe="{escape(dump_recipe(example))}">
{_translate_html("example", language)}</button>"""


def describe_paid_calls(recipe: Recipe, resolver: TargetResolver, language: str) -> str:
    """How many steps are paid calls, and to whom."""
    live_vendors = [step.endpoint.provider for step in recipe.enabled_steps if resolver.is_live(step.endpoint.provider)]
    names = (translate(f"providers.{provider}.name", language) for provider in dict.fromkeys(live_vendors))
    vendors = translate("recipe.between", language).join(names)
    if not recipe.enabled_steps:
        return translate("recipe.calls_nothing_on", language)
    return translate(
        f"recipe.calls{'' if live_vendors else '_none'}", language, count=len(live_vendors), vendors=vendors
    )


def _render_step(index: int, step: RecipeStep, recipe: Recipe, resolver: TargetResolver, language: str) -> str:
    name, effect, step_count = describe_step(step, language), get_effect_name(step, language), len(recipe.steps)
    params = {"step": index + 1, "of": step_count, "name": name}

    def render_button(action: str, symbol: str, *, is_disabled: bool = False) -> str:
        label = _translate_html(f"{action}_step", language, **params)
        disabled = " disabled" if is_disabled else ""
        return f'<button type="button" data-act="{action}" aria-label="{label}" title="{label}"{disabled}>{symbol}</button>'  # noqa: E501

    switch = _translate_html("switch", language, **params)
    subtitle = " · ".join(([] if name.startswith(effect) else [effect]) + [_describe_target(step, resolver, language)])
    is_live = resolver.is_live(step.endpoint.provider)
    paid_attribute = f' data-pays="{step.endpoint.provider}"' if step.enabled and is_live else ""
    return f"""<li class="step{"" if step.enabled else " off"}" data-step="{index}"{paid_attribute}>
<button type="button" role="switch" data-act="toggle" aria-label="{switch}" aria-checked="{str(step.enabled).lower()}">
</button>
<div><b>{escape(name)}</b><small>{escape(subtitle)}</small></div>
{render_button("up", "↑", is_disabled=index == 0)}{render_button("down", "↓", is_disabled=index == step_count - 1)}{render_button("remove", "✕")}</li>"""  # noqa: E501


def _describe_target(step: RecipeStep, resolver: TargetResolver, language: str) -> str:
    if not step.enabled:
        return translate("recipe.off", language)
    provider = step.endpoint.provider
    try:
        mode = resolver.resolve(provider).mode
    except MissingKey:
        mode = "keyless"
    return translate(f"recipe.where_{mode}", language, provider=translate(f"providers.{provider}.name", language))


def _translate_html(key: str, language: str, **params: object) -> str:
    return escape(translate(f"recipe.{key}", language, **params))


# Big eyes, slim jaw, restoration: what a newcomer sees done.
EXAMPLE_RECIPE = """{"recipe": 1, "steps": [
  {"endpoint": "facial_aesthetics", "values": {"shape_type": "8", "strength": 0.4}},
  {"endpoint": "facial_aesthetics", "values": {"shape_type": "7", "strength": 0.3}},
  {"endpoint": "quality_restoration"}]}"""
SAVE_JS = "listed => window.saveRecipe(listed)"
PERSIST_JS, RESTORE_JS = "(listed, own) => [window.keepRecipe(listed), own]", "listed => window.keptRecipe() ?? listed"
READ_FILE_JS = "(_, listed) => [window.recipeText ?? '', listed]"


def build_editor(
    context: Context,
    texts: PageTranslations,
    template_options: controls.TemplateOptions,
    visitor_keys: gr.components.Component,
    masthead: gr.HTML,
) -> gr.Textbox:
    """Lay the list out, with what adds to it, and wire it; returns the field that holds it.

    own: the visitor's keys, which decide where a step runs; when they change, `masthead` does.
    """
    example = parse_recipe(EXAMPLE_RECIPE, CATALOGUE)
    recipe_field = gr.Textbox(dump_recipe(example), visible="hidden", elem_id="recipe-listed")
    steps_html = gr.HTML(
        texts.render("recipe-listed", lambda language: render_steps(example, example, context.targets, language)),
        elem_id="recipe-list", elem_classes="bare", apply_default_css=False,
    )  # fmt: skip
    message_html = gr.HTML(elem_id="recipe-told", elem_classes="bare", apply_default_css=False)
    with gr.Accordion(texts.get_text("recipe.add_title"), open=False, elem_id="recipe-add"):
        step_inputs = _build_step_inputs(texts, template_options)
        add_button = gr.Button(texts.get_text("recipe.add"), size="sm", elem_id="recipe-add-step")
    with gr.Row(elem_classes="files"):
        save_button = gr.Button(texts.get_text("recipe.save"), size="sm", elem_id="recipe-save")
        load_button = gr.Button(texts.get_text("recipe.load"), size="sm", elem_id="recipe-load")
    loaded_button, text = gr.Button(visible="hidden", elem_id="recipe-loaded"), gr.Textbox(visible=False)

    def render_list(request: gr.Request, text: Any, visitor_keys: Any) -> str:
        language = detect_language(request)
        try:
            return render_steps(
                parse_recipe(text, CATALOGUE), example, context.targets.with_visitor_keys(visitor_keys), language
            )
        except DemoError as error:  # kept in the tab since a time when it fitted
            return f"{_render_error(error, language)}<div class='no-steps'>{render_example_button(example, language)}</div>"  # noqa: E501

    def append_step(request: gr.Request, text: Any, effect: Any, *values: Any) -> tuple[Any, str]:
        language = detect_language(request)
        try:
            recipe = parse_recipe(text, CATALOGUE)
            number = len(recipe.steps) + 1
            step = build_step(effect, _select_values(effect, values), CATALOGUE, number=number)
            extended_text = dump_recipe(recipe.append_step(step))
        except DemoError as error:
            return gr.skip(), _render_error(error, language)
        return extended_text, _render_status("added", language, step=number, name=describe_step(step, language))

    def load_recipe(request: gr.Request, text: Any, _: Any) -> tuple[Any, str]:
        language = detect_language(request)
        try:
            recipe = parse_recipe(text, CATALOGUE)
        except DemoError as error:
            return gr.skip(), _render_error(error, language)
        return dump_recipe(recipe), _render_status("loaded", language, count=len(recipe.steps))

    wiring: dict[str, Any] = {"preprocess": False, **PRIVATE_EVENT}
    gr.on(
        [recipe_field.change, masthead.change],
        render_list,
        [recipe_field, visitor_keys],
        steps_html,
        trigger_mode="always_last",
        js=PERSIST_JS,
        **wiring,
    )
    gr.on([page_load_trigger()], None, recipe_field, recipe_field, js=RESTORE_JS, **PRIVATE_EVENT)
    add_button.click(append_step, [recipe_field, *step_inputs], [recipe_field, message_html], **wiring)
    loaded_button.click(load_recipe, [text, recipe_field], [recipe_field, message_html], js=READ_FILE_JS, **wiring)
    save_button.click(None, recipe_field, None, js=SAVE_JS, **PRIVATE_EVENT)
    load_button.click(None, None, None, js=f"() => window.chooseRecipe({MAX_RECIPE_BYTES})", **PRIVATE_EVENT)
    return recipe_field


def _build_step_inputs(
    texts: PageTranslations, template_options: controls.TemplateOptions
) -> list[gr.components.Component]:
    """The choice of an effect, then the controls of all, of which assets/css/recipe.css shows the chosen one's."""
    names = [(texts.get_text(f"panels.{name}.tab"), name) for name in CATALOGUE]
    effect = gr.Radio(names, value=names[-1][1], label=texts.get_text("recipe.effect"), elem_id="recipe-effect")
    components: list[gr.components.Component] = [effect]
    for number, endpoint in enumerate(CATALOGUE.values(), 1):
        with gr.Column(elem_classes=["effect", f"effect-{number}"]):
            prefixed_endpoint = replace(endpoint, id=f"recipe_{endpoint.id}")  # for the names of the elements
            components += controls.build_controls(prefixed_endpoint, texts, template_options)
            if not endpoint.controls:
                empty_html = texts.render("recipe-no-settings", partial(_render_intro, "no_settings"))
                gr.HTML(empty_html, elem_classes="bare", apply_default_css=False)
    return components


def _select_values(effect: Any, values: tuple[Any, ...]) -> dict[str, Any]:
    """Those of the chosen effect, among the values of all controls."""
    value_iterator = iter(values)
    values_by_endpoint = {
        name: {control.name: next(value_iterator, None) for control in endpoint.controls}
        for name, endpoint in CATALOGUE.items()
    }
    return values_by_endpoint.get(effect, {}) if isinstance(effect, str) else {}


def _render_intro(key: str, language: str) -> str:
    return f'<p class="intro">{escape(translate(f"recipe.{key}", language))}</p>'


def _render_status(key: str, language: str, **params: object) -> str:
    return f'<p class="intro" role="status">{escape(translate(f"recipe.{key}", language, **params))}</p>'


def _render_error(error: DemoError, language: str) -> str:
    explained = explain(error, language, is_billable=False)
    return f"""<div class="amiss" role="alert"><h3>{escape(explained.title)}</h3><p>{escape(explained.why)}</p>
<p>{escape(explained.fix)}</p></div>"""
