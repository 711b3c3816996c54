"""A run in words: its panel, its settings, who made it. Plain text: whoever renders it escapes it."""

from ... import templates
from ...offline.faults import FAULTS
from ...spec import Control, ShapeMenu, Strength, TemplateGallery
from ...tables import load_shapes
from ...words import get_texts, translate
from .entries import Entry


def panel(entry: Entry, language: str) -> str:
    """The name of its panel."""
    return translate(f"panels.{entry.endpoint.id}.tab", language)


def settings(entry: Entry, language: str) -> str:
    """Its settings in one line, for instance "Slim jaw · Strength 0.5"; "" for a run that has none."""
    if entry.fault is not None:
        return _fault(entry.fault, language)
    values = entry.values
    return " · ".join(
        _setting(control, values[control.name], language)
        for control in entry.endpoint.controls
        if control.name in values
    )


def name(entry: Entry, language: str) -> str:
    """Panel and settings in one line."""
    return " · ".join(filter(None, (panel(entry, language), settings(entry, language))))


def names(left: Entry, right: Entry, language: str) -> tuple[str, str]:
    """Short names that tell the two apart: what both have in common is left out where something else remains."""
    told = [[panel(entry, language), settings(entry, language), source(entry, language)] for entry in (left, right)]
    differing = [at for at in range(3) if told[0][at] != told[1][at]] or [1]
    short = [" · ".join(parts[at] for at in differing if parts[at]) or parts[0] for parts in told]
    if short[0] == short[1]:
        return translate("history.first", language, name=short[0]), translate("history.second", language, name=short[1])
    return short[0], short[1]


def source(entry: Entry, language: str) -> str:
    """Live and whose, offline, or the lab."""
    return translate(f"history.{entry.mode}", language, provider=provider(entry, language))


def provider(entry: Entry, language: str) -> str:
    """The vendor's name."""
    return translate(f"providers.{entry.endpoint.provider}.name", language)


def _setting(control: Control, value: object, language: str) -> str:
    text = str(value)
    if isinstance(control, Strength) and isinstance(value, float):
        return f"{translate(f'controls.{control.name}.label', language)} {value:g}"
    if isinstance(control, TemplateGallery):
        found = (info for info in templates.list_templates() if text == info.id or text in info.aliases)
        return next((info.name[language] for info in found), text)
    if isinstance(control, ShapeMenu):
        known = (shape for shape in load_shapes() if str(shape.id) == text)
        return next((translate(f"shapes.{shape.key}.name", language) for shape in known), text)
    options = get_texts(language)["options"].get(control.name, {})
    return str(options.get(text.replace(".", "_"), text))


def _fault(fault: str, language: str) -> str:
    if fault in FAULTS:
        return translate(f"faults.{fault}", language)
    return fault or translate("lab.well", language)
