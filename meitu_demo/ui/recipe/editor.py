"""The list of steps on the page: drawn anew from the page's own text at each change; adding a step, loading a recipe.

The list lives in the page, as the text of a hidden field, and in its tab over a reload. It is checked here each time it
is used; what does not fit is told, and leaves the list as it was.
"""

from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from ...endpoints import CATALOGUE
from ...errors import DemoError
from ...explain import explain
from ...recipes import MAX_RECIPE_BYTES, build_step, dump_recipe, parse_recipe
from ...words import translate
from ..context import Context
from ..events import PRIVATE
from ..panel import controls
from ..texts import Texts, language_of
from . import steps
from .naming import short_name

# Big eyes, slim jaw, restoration: what a newcomer sees done.
EXAMPLE = """{"recipe": 1, "steps": [
  {"endpoint": "facial_aesthetics", "values": {"shape_type": "8", "strength": 0.4}},
  {"endpoint": "facial_aesthetics", "values": {"shape_type": "7", "strength": 0.3}},
  {"endpoint": "quality_restoration"}]}"""
SAVE = "listed => window.saveRecipe(listed)"
KEEP, KEPT = "(listed, own) => [window.keepRecipe(listed), own]", "listed => window.keptRecipe() ?? listed"
LOADED = "(_, listed) => [window.recipeText ?? '', listed]"


def build(
    context: Context, texts: Texts, picks: controls.TemplatePicks, own: gr.components.Component, masthead: gr.HTML
) -> gr.Textbox:
    """Lay the list out, with what adds to it, and wire it; returns the field that holds it.

    own: the visitor's keys, which decide where a step runs; when they change, `masthead` does.
    """
    example = parse_recipe(EXAMPLE, CATALOGUE)
    listed = gr.Textbox(dump_recipe(example), visible="hidden", elem_id="recipe-listed")
    shown = gr.HTML(
        texts.render("recipe-listed", lambda language: steps.listed(example, example, context.routes, language)),
        elem_id="recipe-list", elem_classes="bare", apply_default_css=False,
    )  # fmt: skip
    told = gr.HTML(elem_id="recipe-told", elem_classes="bare", apply_default_css=False)
    with gr.Accordion(texts.word("recipe.add_title"), open=False, elem_id="recipe-add"):
        adding = _adding(texts, picks)
        add = gr.Button(texts.word("recipe.add"), size="sm", elem_id="recipe-add-step")
    with gr.Row(elem_classes="files"):
        save = gr.Button(texts.word("recipe.save"), size="sm", elem_id="recipe-save")
        load = gr.Button(texts.word("recipe.load"), size="sm", elem_id="recipe-load")
    loaded, text = gr.Button(visible="hidden", elem_id="recipe-loaded"), gr.Textbox(visible=False)

    def draw(request: gr.Request, text: Any, own: Any) -> str:
        language = language_of(request)
        try:
            return steps.listed(parse_recipe(text, CATALOGUE), example, context.routes.with_visitor_keys(own), language)
        except DemoError as error:  # kept in the tab since a time when it fitted
            return f"{_amiss(error, language)}<div class='no-steps'>{steps.begin_with(example, language)}</div>"

    def append(request: gr.Request, text: Any, effect: Any, *values: Any) -> tuple[Any, str]:
        language = language_of(request)
        try:
            recipe = parse_recipe(text, CATALOGUE)
            place = len(recipe.steps) + 1
            step = build_step(effect, _values_of(effect, values), CATALOGUE, number=place)
            longer = dump_recipe(recipe.append_step(step))
        except DemoError as error:
            return gr.skip(), _amiss(error, language)
        return longer, _done("added", language, step=place, name=short_name(step, language))

    def take(request: gr.Request, text: Any, _: Any) -> tuple[Any, str]:
        language = language_of(request)
        try:
            recipe = parse_recipe(text, CATALOGUE)
        except DemoError as error:
            return gr.skip(), _amiss(error, language)
        return dump_recipe(recipe), _done("loaded", language, count=len(recipe.steps))

    raw: dict[str, Any] = {"preprocess": False, **PRIVATE}
    gr.on([listed.change, masthead.change], draw, [listed, own], shown, trigger_mode="always_last", js=KEEP, **raw)
    gr.on([gr.context.Context.root_block.load], None, listed, listed, js=KEPT, **PRIVATE)  # type: ignore[union-attr]
    add.click(append, [listed, *adding], [listed, told], **raw)
    loaded.click(take, [text, listed], [listed, told], js=LOADED, **raw)
    save.click(None, listed, None, js=SAVE, **PRIVATE)
    load.click(None, None, None, js=f"() => window.chooseRecipe({MAX_RECIPE_BYTES})", **PRIVATE)
    return listed


def _adding(texts: Texts, picks: controls.TemplatePicks) -> list[gr.components.Component]:
    """The choice of an effect, then the controls of all, of which assets/css/recipe.css shows the chosen one's."""
    names = [(texts.word(f"panels.{name}.tab"), name) for name in CATALOGUE]
    effect = gr.Radio(names, value=names[-1][1], label=texts.word("recipe.effect"), elem_id="recipe-effect")
    found: list[gr.components.Component] = [effect]
    for place, endpoint in enumerate(CATALOGUE.values(), 1):
        with gr.Column(elem_classes=["effect", f"effect-{place}"]):
            named = replace(endpoint, id=f"recipe_{endpoint.id}")  # for the names of the elements
            found += controls.build(named, texts, picks)
            if not endpoint.controls:
                nothing = texts.render("recipe-no-settings", partial(_line, "no_settings"))
                gr.HTML(nothing, elem_classes="bare", apply_default_css=False)
    return found


def _values_of(effect: Any, values: tuple[Any, ...]) -> dict[str, Any]:
    """Those of the chosen effect, among the values of all controls."""
    given = iter(values)
    named = {
        name: {control.name: next(given, None) for control in endpoint.controls} for name, endpoint in CATALOGUE.items()
    }
    return named.get(effect, {}) if isinstance(effect, str) else {}


def _line(key: str, language: str) -> str:
    return f'<p class="intro">{escape(translate(f"recipe.{key}", language))}</p>'


def _done(key: str, language: str, **facts: object) -> str:
    return f'<p class="intro" role="status">{escape(translate(f"recipe.{key}", language, **facts))}</p>'


def _amiss(error: DemoError, language: str) -> str:
    said = explain(error, language, is_billable=False)
    return f"""<div class="amiss" role="alert"><h3>{escape(said.title)}</h3><p>{escape(said.why)}</p>
<p>{escape(said.fix)}</p></div>"""
