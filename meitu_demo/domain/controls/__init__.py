"""The kinds of control that an endpoint can declare, one class each.

A control validates its value, describes itself, documents itself for the API and for MCP, and draws itself with the
`Widgets` of a screen. A new kind is a subclass of `Control` in a new module here; no other code checks the class.
"""

from .choice import Choice, ShapeMenu, TemplateGallery
from .control import AcceptedValues, Control, Option, Widgets, format_options
from .strength import Strength

__all__ = [
    "AcceptedValues",
    "Choice",
    "Control",
    "Option",
    "ShapeMenu",
    "Strength",
    "TemplateGallery",
    "Widgets",
    "format_options",
]
