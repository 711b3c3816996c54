"""What is shown of a recipe's run: the stage, and a strip of its steps, each of which can be looked at by a click.

assets/js/recipe.js shows the view that is clicked. Pure; every text is escaped here.
"""

from collections.abc import Sequence
from html import escape

from ...domain.recipe import RecipeStep
from ...domain.translations import translate
from .course import RecipeProgress
from .naming import describe_step

SUMMARY_VIEW = "whole"


def render_running_strip(steps: Sequence[RecipeStep], progress: RecipeProgress, language: str) -> str:
    """The strip while steps are still to come: those that are done, the one at work, those that wait."""
    tiles = []
    for index, step in enumerate(steps):
        step_result = progress.step_results[index] if index < len(progress.step_results) else None
        state = "done" if step_result else "at-work" if index == len(progress.step_results) else "to-come"
        picture = _render_thumbnail(step_result.pictures.after) if step_result else '<i class="blank"></i>'
        tiles.append(
            f'<li class="tile {state}">{picture}<span>{escape(_build_label(index, step, language))}</span></li>'
        )
    return f'<ol class="strip" aria-label="{_translate_html("strip", language)}">{"".join(tiles)}</ol>'


def render_finished_strip(progress: RecipeProgress, summary: str, language: str) -> str:
    """The steps that are done, one of them in view. whole: the view of all of them together, if it is another."""
    step_results = progress.step_results
    if not step_results:
        return ""
    tiles = [
        (str(place), _build_label(place, one.step, language), one.pictures.after)
        for place, one in enumerate(step_results)
    ]
    views = {str(place): one.html for place, one in enumerate(step_results)}
    if summary:
        tiles.insert(0, (SUMMARY_VIEW, translate("recipe.whole", language), step_results[-1].pictures.after))
        views = {SUMMARY_VIEW: summary, **views}
    buttons = "".join(
        f'<button type="button" class="tile" data-view="{view}" aria-pressed="{str(not at).lower()}">'
        f"{_render_thumbnail(address)}<span>{escape(name)}</span></button>"
        for at, (view, name, address) in enumerate(tiles)
    )
    sections = "".join(
        f'<section class="view" data-view="{view}"{" hidden" if at else ""}>{views[view]}</section>'
        for at, (view, _, _) in enumerate(tiles)
    )
    strip = f'<div class="strip" role="group" aria-label="{_translate_html("strip", language)}">{buttons}</div>'
    return f'<div class="course">{strip if len(tiles) > 1 else ""}{sections}</div>'


def render_partial_result(progress: RecipeProgress, summary: str, actions: Sequence[str], language: str) -> str:
    """The same below a failure, and above it buttons that press the screen's own, which stand below everything.

    can: names of those.
    """
    strip_html = render_finished_strip(progress, summary, language)
    label_keys = {"retry": "recipe.retry", "offline": "result.run_offline"}
    buttons = "".join(
        f'<button type="button" class="plain" data-press="recipe-{name}">{escape(translate(label_keys[name], language))}'  # noqa: E501
        "</button>"
        for name in actions
    )
    row = f'<div class="after-here">{buttons}</div>' if buttons else ""
    return f'{row}<h3 class="kept">{_translate_html("kept", language)}</h3>{strip_html}' if strip_html else row


def describe_position(index: int, steps: Sequence[RecipeStep], name: str, language: str) -> str:
    """For instance "Step 2 of 3, Face Fuse: "; plain text."""
    return translate("recipe.place", language, step=index + 1, of=len(steps), name=name)


def _build_label(index: int, step: RecipeStep, language: str) -> str:
    return f"{index + 1} · {describe_step(step, language)}"


def _render_thumbnail(url: str) -> str:
    return f'<img src="{escape(url)}" alt="" draggable="false">'  # its name stands beside it


def _translate_html(key: str, language: str) -> str:
    return escape(translate(f"recipe.{key}", language))
