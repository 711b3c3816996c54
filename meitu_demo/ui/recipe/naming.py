"""What a step is called: its effect, and what was chosen for it."""

from ... import templates
from ...recipes import RecipeStep
from ...spec import Choice, Control, ShapeMenu, TemplateGallery
from ...tables import shapes
from ...words import translate


def effect_name(step: RecipeStep, language: str) -> str:
    """As on the effect's own tab."""
    return translate(f"panels.{step.endpoint.id}.tab", language)


def short_name(step: RecipeStep, language: str) -> str:
    """What was chosen, for instance "Bigger eyes 0.4"; the effect's name where there is nothing to choose."""
    chosen = [_chosen(control, step.values[control.name], language) for control in step.endpoint.controls]
    return " ".join(chosen) or effect_name(step, language)


def _chosen(control: Control, value: object, language: str) -> str:
    if not isinstance(control, Choice):
        return f"{value:g}" if isinstance(value, int | float) else str(value)
    if isinstance(control, ShapeMenu):
        return next(translate(f"shapes.{shape.key}.name", language) for shape in shapes() if str(shape.id) == value)
    if isinstance(control, TemplateGallery):
        known = (info for info in templates.all_templates() if value in (info.id, *info.aliases))
        return next((info.name[language] for info in known), str(value))
    return translate(f"options.{control.name}.{str(value).replace('.', '_')}", language)
