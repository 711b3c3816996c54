"""The list of steps as HTML: each with its switch and buttons, where it runs, and how many calls are paid in all.

assets/js/recipe.js moves, switches and removes: in the page's own list, from which this is drawn anew. Pure; every
text is escaped here.
"""

from html import escape

from ...errors import MissingKey
from ...recipes import Recipe, RecipeStep, dump_recipe
from ...routes import TargetResolver
from ...words import translate
from .naming import effect_name, short_name


def listed(recipe: Recipe, example: Recipe, routes: TargetResolver, language: str) -> str:
    """The list. example: what an empty one offers."""
    if not recipe.steps:
        return f'<div class="no-steps"><p>{_say("empty", language)}</p>{begin_with(example, language)}</div>'
    rows = "".join(_row(place, step, recipe, routes, language) for place, step in enumerate(recipe.steps))
    return f"""<ol class="steps" aria-label="{_say("title", language)}">{rows}</ol>
<p class="calls" role="status">{escape(calls(recipe, routes, language))}</p>"""


def begin_with(example: Recipe, language: str) -> str:
    """A button that puts `example` in the list's place."""
    return f"""<button type="button" class="plain" data-act="example" data-recipe="{escape(dump_recipe(example))}">
{_say("example", language)}</button>"""


def calls(recipe: Recipe, routes: TargetResolver, language: str) -> str:
    """How many steps are paid calls, and to whom."""
    live = [step.endpoint.provider for step in recipe.enabled_steps if routes.is_live(step.endpoint.provider)]
    names = (translate(f"providers.{provider}.name", language) for provider in dict.fromkeys(live))
    vendors = translate("recipe.between", language).join(names)
    if not recipe.enabled_steps:
        return translate("recipe.calls_nothing_on", language)
    return translate(f"recipe.calls{'' if live else '_none'}", language, count=len(live), vendors=vendors)


def _row(place: int, step: RecipeStep, recipe: Recipe, routes: TargetResolver, language: str) -> str:
    name, effect, most = short_name(step, language), effect_name(step, language), len(recipe.steps)
    facts = {"step": place + 1, "of": most, "name": name}

    def button(act: str, sign: str, *, off: bool = False) -> str:
        label = _say(f"{act}_step", language, **facts)
        disabled = " disabled" if off else ""
        return f'<button type="button" data-act="{act}" aria-label="{label}" title="{label}"{disabled}>{sign}</button>'

    switch = _say("switch", language, **facts)
    below = " · ".join(([] if name.startswith(effect) else [effect]) + [_where(step, routes, language)])
    live = routes.is_live(step.endpoint.provider)
    pays = f' data-pays="{step.endpoint.provider}"' if step.enabled and live else ""
    return f"""<li class="step{"" if step.enabled else " off"}" data-step="{place}"{pays}>
<button type="button" role="switch" data-act="toggle" aria-label="{switch}" aria-checked="{str(step.enabled).lower()}">
</button>
<div><b>{escape(name)}</b><small>{escape(below)}</small></div>
{button("up", "↑", off=place == 0)}{button("down", "↓", off=place == most - 1)}{button("remove", "✕")}</li>"""


def _where(step: RecipeStep, routes: TargetResolver, language: str) -> str:
    if not step.enabled:
        return translate("recipe.off", language)
    provider = step.endpoint.provider
    try:
        mode = routes.resolve(provider).mode
    except MissingKey:
        mode = "keyless"
    return translate(f"recipe.where_{mode}", language, provider=translate(f"providers.{provider}.name", language))


def _say(key: str, language: str, **facts: object) -> str:
    return escape(translate(f"recipe.{key}", language, **facts))
