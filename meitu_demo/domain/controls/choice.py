"""Controls that offer a list: a plain choice, templates shown as pictures, and facial shape types."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Protocol

from ..translations import get_texts, translate
from ..vendor_codes import Shape, load_shapes
from .control import AcceptedValues, Control, JsonSchema, Option, Widgets, format_options, to_text

MAX_CUSTOM_OPTION_CHARS = 64


class Template(Protocol):
    """A picture that a `TemplateGallery` offers."""

    @property
    def id(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def wire_id(self) -> str: ...
    @property
    def name(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Control):
    """A choice from a list.

    allows_custom: also accepts an ID that is not listed. is_numeric: the options are integers, and may be given as
    numbers.
    """

    options: tuple[str, ...]
    default: str
    allows_custom: bool = False
    is_numeric: bool = False

    @property
    def api_type(self) -> Any:
        """A numeric choice also takes the number as text."""
        return int | str if self.is_numeric else str

    def validate(self, value: object) -> str:
        """The option as text. Raises ValueRejected."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = to_text(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if text in self.options or (self.allows_custom and _is_id(text)):
            return text
        raise self._reject(value, format_options(self.options))

    def build_schema(self, extra_options: Sequence[str] = (), *, is_live: bool = False) -> JsonSchema:
        description = self._describe_parameter()
        options = [int(option) for option in self.options] if self.is_numeric else list(self.options)
        kind = "integer" if self.is_numeric else "string"
        return {"type": kind, "enum": options, "description": description, **self._default_schema()}

    def list_accepted(self, language: str) -> AcceptedValues:
        texts = tuple(translate(self._get_text_key(option), language) for option in self.options)
        return AcceptedValues(texts, accepts_others=self.allows_custom)

    def draw(self, widgets: Widgets) -> Any:
        keys = {option: self._get_text_key(option) for option in self.options}
        options = [Option(option, key, partial(translate, key)) for option, key in keys.items()]
        return widgets.dropdown(self.name, options, default=self.default)

    def describe_setting(self, value: object, language: str) -> str:
        """The option's text, or the value if it has none."""
        if self.names_the_effect:
            return self.describe_value(value, language)
        words = get_texts(language)["options"].get(self.name, {})
        return str(words.get(_to_key(str(value)), value))

    def _get_text_key(self, option: str) -> str:
        return f"options.{self.name}.{_to_key(option)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateGallery(Choice):
    """A choice shown as pictures. list_templates: returns the templates that the offline engine has."""

    list_templates: Callable[[], Sequence[Template]] = field(repr=False)
    has_pictures: ClassVar[bool] = True
    names_the_effect: ClassVar[bool] = True

    def build_schema(self, extra_options: Sequence[str] = (), *, is_live: bool = False) -> JsonSchema:
        """A pattern, because partners have private IDs; the description lists the known ones."""
        templates = self.list_templates()
        names = {} if is_live else {template.wire_id: template.name["en"] for template in templates}
        if is_live:
            extra_options = (*extra_options, *(template.wire_id for template in templates if template.aliases))
        ids = dict.fromkeys((*names, *extra_options))
        listed = "; ".join(f"{key} = {names[key]}" if key in names else key for key in ids)
        description = translate(f"mcp.{self.name}", "en", listed=listed)
        pattern = f"^[A-Za-z0-9_-]{{1,{MAX_CUSTOM_OPTION_CHARS}}}$"
        return {"type": "string", "pattern": pattern, "description": description, **self._default_schema()}

    def list_accepted(self, language: str) -> AcceptedValues:
        return AcceptedValues(self.options, is_code=True, accepts_others=self.allows_custom)

    def draw(self, widgets: Widgets) -> Any:
        """Pictures, and a text field for an ID."""
        return widgets.gallery(self.name, default=self.default)

    def describe_value(self, value: object, language: str) -> str:
        """The template's name; the ID itself if it is unknown."""
        known = (template for template in self.list_templates() if value in (template.id, *template.aliases))
        return next((template.name[language] for template in known), str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeMenu(Choice):
    """A choice of facial shape types, shown with number, name and effect."""

    sheet_kinds: ClassVar[tuple[str, ...]] = ("shapes", "strengths")
    names_the_effect: ClassVar[bool] = True

    def list_accepted(self, language: str) -> AcceptedValues:
        """A link to the reference page's section of shapes."""
        return AcceptedValues((translate("reference.see_shapes", language, last=self.options[-1]),), section="shapes")

    def draw(self, widgets: Widgets) -> Any:
        """A dropdown with number, name and effect."""
        shapes = load_shapes()
        options = [Option(str(shape.id), f"shape-{shape.id}", partial(_describe_shape, shape)) for shape in shapes]
        return widgets.dropdown(self.name, options, default=self.default)

    def describe_value(self, value: object, language: str) -> str:
        known = (shape for shape in load_shapes() if str(shape.id) == str(value))
        return next((translate(f"shapes.{shape.key}.name", language) for shape in known), str(value))

    def _describe_parameter(self) -> str:
        listed = "; ".join(f"{shape.id} = {_summarize_shape(shape)}" for shape in load_shapes())
        return translate(f"mcp.{self.name}", "en", listed=listed)


def _is_id(text: str) -> bool:
    is_short = 0 < len(text) <= MAX_CUSTOM_OPTION_CHARS
    return is_short and text.isascii() and text.replace("_", "").replace("-", "").isalnum()


def _to_key(option: str) -> str:
    return option.replace(".", "_")


def _describe_shape(shape: Shape, language: str) -> str:
    name, effect = (translate(f"shapes.{shape.key}.{part}", language) for part in ("name", "effect"))
    return translate("controls.shape_type.option", language, number=shape.id, name=name, effect=effect)


def _summarize_shape(shape: Shape) -> str:
    name, effect = (translate(f"shapes.{shape.key}.{part}", "en") for part in ("name", "effect"))
    return f"{name}: {effect[:1].lower()}{effect[1:].rstrip('.')}"
