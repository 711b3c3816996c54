"""The kinds of control that an endpoint can declare: one class a kind.

A control reads its value, describes itself in words, documents itself for the API and for MCP, and draws itself with
the `Widgets` of a screen. A new kind is a new file here with a subclass of `Control`: nothing else asks for the class.
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
