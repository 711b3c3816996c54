"""`Control`, the base class of all kinds, and `Widgets`, the protocol of a screen that draws them."""

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
    """One row of a dropdown. text_name: unique name of its text on the page. describe: the text in a given language."""

    value: str
    text_name: str
    describe: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class AcceptedValues:
    """The values that a control accepts, for the reference page.

    is_code: the texts are wire values. section: the part of the page that lists them. accepts_others: IDs that are not
    listed are accepted as well.
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
        """A template's ID, chosen by its picture or typed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control(ABC):
    """One setting of an endpoint. required: an API client must give it."""

    name: str
    wire_name: str
    default: Any
    required: bool = False
    sheet_kinds: ClassVar[tuple[str, ...]] = ()  # contact sheets that show all of its values
    has_pictures: ClassVar[bool] = False  # it is shown as a gallery, which takes room
    names_the_effect: ClassVar[bool] = False  # the text of its value describes the effect without the endpoint's name

    @property
    @abstractmethod
    def api_type(self) -> Any:
        """The type that the API documents."""

    @abstractmethod
    def validate(self, value: object) -> Any:
        """The value as it is sent to the vendor. Raises ValueRejected."""

    @abstractmethod
    def build_schema(self, extra_options: Sequence[str] = (), *, is_live: bool = False) -> JsonSchema:
        """The JSON schema for MCP.

        extra_options: template IDs that the owner's settings add. is_live: for calls to the vendor, which knows no
        template of the offline engine's own.
        """

    @abstractmethod
    def list_accepted(self, language: str) -> AcceptedValues:
        """The values that the control accepts, as texts."""

    @abstractmethod
    def draw(self, widgets: Widgets) -> Any:
        """The screen's component, made with `widgets`."""

    def describe_value(self, value: object, language: str) -> str:
        """A short text for a value, such as "0.4" or "Slim jaw", for the name of a recipe's step."""
        return str(value)

    def describe_setting(self, value: object, language: str) -> str:
        """A text for a value that needs no label, such as "Strength 0.4", for the history."""
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
    """`value` as text; "" for an integer with more digits than Python converts."""
    try:
        return str(value)
    except ValueError:
        return ""
