"""What is shown of a recipe's run: the stage, and a strip of its steps, each of which can be looked at by a click.

assets/js/recipe.js shows the view that is clicked. Pure; every text is escaped here.
"""

from collections.abc import Sequence
from html import escape

from ...recipes import RecipeStep
from ...words import translate
from .course import Course
from .naming import short_name

WHOLE = "whole"


def under_way(steps: Sequence[RecipeStep], course: Course, language: str) -> str:
    """The strip while steps are still to come: those that are done, the one at work, those that wait."""
    tiles = []
    for place, step in enumerate(steps):
        done = course.finished[place] if place < len(course.finished) else None
        state = "done" if done else "at-work" if place == len(course.finished) else "to-come"
        picture = _picture(done.pictures.after) if done else '<i class="blank"></i>'
        tiles.append(f'<li class="tile {state}">{picture}<span>{escape(_label(place, step, language))}</span></li>')
    return f'<ol class="strip" aria-label="{_say("strip", language)}">{"".join(tiles)}</ol>'


def looked_at(course: Course, whole: str, language: str) -> str:
    """The steps that are done, one of them in view. whole: the view of all of them together, if it is another."""
    finished = course.finished
    if not finished:
        return ""
    named = [(str(place), _label(place, one.step, language), one.pictures.after) for place, one in enumerate(finished)]
    views = {str(place): one.view for place, one in enumerate(finished)}
    if whole:
        named.insert(0, (WHOLE, translate("recipe.whole", language), finished[-1].pictures.after))
        views = {WHOLE: whole, **views}
    buttons = "".join(
        f'<button type="button" class="tile" data-view="{view}" aria-pressed="{str(not at).lower()}">'
        f"{_picture(address)}<span>{escape(name)}</span></button>"
        for at, (view, name, address) in enumerate(named)
    )
    sections = "".join(
        f'<section class="view" data-view="{view}"{" hidden" if at else ""}>{views[view]}</section>'
        for at, (view, _, _) in enumerate(named)
    )
    strip = f'<div class="strip" role="group" aria-label="{_say("strip", language)}">{buttons}</div>'
    return f'<div class="course">{strip if len(named) > 1 else ""}{sections}</div>'


def kept(course: Course, whole: str, can: Sequence[str], language: str) -> str:
    """The same below a failure, and above it buttons that press the screen's own, which stand below everything.

    can: names of those.
    """
    shown = looked_at(course, whole, language)
    words = {"retry": "recipe.retry", "offline": "result.run_offline"}
    buttons = "".join(
        f'<button type="button" class="plain" data-press="recipe-{name}">{escape(translate(words[name], language))}'
        "</button>"
        for name in can
    )
    row = f'<div class="after-here">{buttons}</div>' if buttons else ""
    return f'{row}<h3 class="kept">{_say("kept", language)}</h3>{shown}' if shown else row


def place(at: int, steps: Sequence[RecipeStep], name: str, language: str) -> str:
    """For instance "Step 2 of 3, Face Fuse: "; plain text."""
    return translate("recipe.place", language, step=at + 1, of=len(steps), name=name)


def _label(at: int, step: RecipeStep, language: str) -> str:
    return f"{at + 1} · {short_name(step, language)}"


def _picture(address: str) -> str:
    return f'<img src="{escape(address)}" alt="" draggable="false">'  # its name stands beside it


def _say(key: str, language: str) -> str:
    return escape(translate(f"recipe.{key}", language))
