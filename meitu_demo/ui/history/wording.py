"""A run in words: its panel, its settings, who made it. Plain text: whoever renders it escapes it."""

from ...domain.model import Control, ShapeMenu, Strength, TemplateGallery
from ...domain.translations import get_texts, translate
from ...domain.vendor_codes import load_shapes
from ...engine import face_templates
from ...offline.faults import FAULTS
from .entries import Entry


def get_panel_name(entry: Entry, language: str) -> str:
    """The name of its panel."""
    return translate(f"panels.{entry.endpoint.id}.tab", language)


def describe_settings(entry: Entry, language: str) -> str:
    """Its settings in one line, for instance "Slim jaw · Strength 0.5"; "" for a run that has none."""
    if entry.fault is not None:
        return _describe_fault(entry.fault, language)
    values = entry.values
    return " · ".join(
        _describe_setting(control, values[control.name], language)
        for control in entry.endpoint.controls
        if control.name in values
    )


def describe_run(entry: Entry, language: str) -> str:
    """Panel and settings in one line."""
    return " · ".join(filter(None, (get_panel_name(entry, language), describe_settings(entry, language))))


def distinguish_runs(left: Entry, right: Entry, language: str) -> tuple[str, str]:
    """Short names that tell the two apart: what both have in common is left out where something else remains."""
    parts_by_run = [
        [get_panel_name(entry, language), describe_settings(entry, language), describe_source(entry, language)]
        for entry in (left, right)
    ]
    differing_indices = [at for at in range(3) if parts_by_run[0][at] != parts_by_run[1][at]] or [1]
    short_names = [" · ".join(parts[at] for at in differing_indices if parts[at]) or parts[0] for parts in parts_by_run]
    if short_names[0] == short_names[1]:
        return translate("history.first", language, name=short_names[0]), translate(
            "history.second", language, name=short_names[1]
        )
    return short_names[0], short_names[1]


def describe_source(entry: Entry, language: str) -> str:
    """Live and whose, offline, or the lab."""
    return translate(f"history.{entry.mode}", language, provider=provider(entry, language))


def provider(entry: Entry, language: str) -> str:
    """The vendor's name."""
    return translate(f"providers.{entry.endpoint.provider}.name", language)


def _describe_setting(control: Control, value: object, language: str) -> str:
    text = str(value)
    if isinstance(control, Strength) and isinstance(value, float):
        return f"{translate(f'controls.{control.name}.label', language)} {value:g}"
    if isinstance(control, TemplateGallery):
        matching_names = (info for info in face_templates.list_templates() if text == info.id or text in info.aliases)
        return next((info.name[language] for info in matching_names), text)
    if isinstance(control, ShapeMenu):
        matching_shapes = (shape for shape in load_shapes() if str(shape.id) == text)
        return next((translate(f"shapes.{shape.key}.name", language) for shape in matching_shapes), text)
    options = get_texts(language)["options"].get(control.name, {})
    return str(options.get(text.replace(".", "_"), text))


def _describe_fault(fault: str, language: str) -> str:
    if fault in FAULTS:
        return translate(f"faults.{fault}", language)
    return fault or translate("lab.well", language)
