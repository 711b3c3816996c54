"""`Control`, the base class of all kinds, and `Widgets`, what a screen must offer to draw them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from ...redaction.secrets import redact
from ..errors import ValueRejected
from ..translations import translate

JsonSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One row of a dropdown. text_name: the name of its text on the page. describe: that text in a language."""

    value: str
    text_name: str
    describe: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class AcceptedValues:
    """What a control takes, for the reference page.

    is_code: the texts are values as the wire has them. section: the part of the page that lists them. accepts_others:
    an ID that is not listed passes as well.
    """

    texts: tuple[str, ...]
    is_code: bool = False
    section: str = ""
    accepts_others: bool = False


class Widgets(Protocol):
    """The input elements of a screen. Each method returns the screen's component for the control `name`."""

    def slider(self, name: str, *, low: float, high: float, step: float, default: float) -> Any:
        """A number from `low` to `high`."""

    def dropdown(self, name: str, options: Sequence[Option], *, default: str) -> Any:
        """One of `options`."""

    def gallery(self, name: str, *, default: str) -> Any:
        """A template's ID, picked by its picture or typed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control(ABC):
    """One setting of an endpoint. required: an API client must name it."""

    name: str
    wire_name: str
    default: Any
    required: bool = False
    sheet_kinds: ClassVar[tuple[str, ...]] = ()  # contact sheets that show all of its values
    names_the_effect: ClassVar[bool] = False  # its value's name says what is done, without the endpoint's name

    @property
    @abstractmethod
    def api_type(self) -> Any:
        """The type that the API documents."""

    @property
    def default_text(self) -> str:
        """The default as text."""
        return str(self.default)

    @abstractmethod
    def validate(self, value: object) -> Any:
        """The value as the wire wants it. Raises ValueRejected."""

    @abstractmethod
    def build_schema(self, extra_options: Sequence[str] = ()) -> JsonSchema:
        """The JSON schema for MCP. extra_options: template IDs that the owner's settings add."""

    @abstractmethod
    def list_accepted(self, language: str) -> AcceptedValues:
        """What the control takes, in words."""

    @abstractmethod
    def draw(self, widgets: Widgets) -> Any:
        """The screen's component, made with `widgets`."""

    def describe_value(self, value: object, language: str) -> str:
        """A value in few words, such as "0.4" or "Slim jaw": for the name of a recipe's step."""
        return str(value)

    def describe_setting(self, value: object, language: str) -> str:
        """A value that can stand without the control's label, such as "Strength 0.4": for the history."""
        return self.describe_value(value, language)

    def _describe_parameter(self) -> str:
        return translate(f"api.{self.name}", "en")

    def _default_schema(self) -> JsonSchema:
        return {} if self.required else {"default": self.default}

    def _reject(self, value: object, allowed: str) -> ValueRejected:
        return ValueRejected(control=self.name, value=redact(to_text(value))[:64], allowed=allowed)


def format_options(options: Sequence[str]) -> str:
    """All options, or the first and the last of a long list."""
    return f"{options[0]} … {options[-1]}" if len(options) > 8 else ", ".join(options)


def to_text(value: object) -> str:
    """`value` as text; "" for a number so long that Python refuses to write it out."""
    try:
        return str(value)
    except ValueError:
        return ""
