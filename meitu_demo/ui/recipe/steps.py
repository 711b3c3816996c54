"""The list of steps as HTML: each with its switch and buttons, where it runs, and how many calls are paid in all.

assets/js/recipe.js moves, switches and removes: in the page's own list, from which this is drawn anew. Pure; every
text is escaped here.
"""

from html import escape

from ...calls.targets import TargetResolver
from ...domain.errors import MissingKey
from ...domain.recipe import Recipe, RecipeStep, dump_recipe
from ...domain.translations import translate
from .naming import describe_step, get_effect_name


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
