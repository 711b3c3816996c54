"""What a step is called: its effect, and what was chosen for it."""

from ...domain.model import Control, ShapeMenu, TemplateGallery
from ...domain.recipe import RecipeStep
from ...domain.translations import translate
from ...domain.vendor_codes import load_shapes
from ...engine import face_templates


def get_effect_name(step: RecipeStep, language: str) -> str:
    """As on the effect's own tab."""
    return translate(f"panels.{step.endpoint.id}.tab", language)


def describe_step(step: RecipeStep, language: str) -> str:
    """What was chosen, for instance "Bigger eyes 0.4"; after the effect's name where that says nothing by itself."""
    controls = step.endpoint.controls
    is_self_explanatory = any(isinstance(control, ShapeMenu | TemplateGallery) for control in controls)
    value_texts = [_describe_value(control, step.values[control.name], language) for control in controls]
    return " ".join(value_texts if is_self_explanatory else [get_effect_name(step, language), *value_texts])


def _describe_value(control: Control, value: object, language: str) -> str:
    if isinstance(control, ShapeMenu):
        return next(
            translate(f"shapes.{shape.key}.name", language) for shape in load_shapes() if str(shape.id) == value
        )
    if isinstance(control, TemplateGallery):
        known = (info for info in face_templates.list_templates() if value in (info.id, *info.aliases))
        return next((info.name[language] for info in known), str(value))
    return f"{value:g}" if isinstance(value, float) else str(value)
