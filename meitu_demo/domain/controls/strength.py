"""`Strength`: a number in a range."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..translations import translate
from .control import AcceptedValues, Control, JsonSchema, Widgets, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength(Control):
    """A number from `low` to `high`."""

    default: float
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05

    @property
    def api_type(self) -> Any:
        return float

    def validate(self, value: object) -> float:
        """The value as a finite number in range. Raises ValueRejected."""
        try:
            number = float(to_text(value)) if not isinstance(value, bool) else math.nan
        except ValueError:
            number = math.nan
        if not self.low <= number <= self.high:
            raise self._reject(value, f"{self.low:g}..{self.high:g}")
        return number

    def build_schema(self, extra_options: Sequence[str] = (), *, is_live: bool = False) -> JsonSchema:
        limits = {"minimum": self.low, "maximum": self.high}
        return {"type": "number", **limits, **self._default_schema(), "description": self._describe_parameter()}

    def list_accepted(self, language: str) -> AcceptedValues:
        return AcceptedValues((translate("reference.range", language, low=self.low, high=self.high),))

    def draw(self, widgets: Widgets) -> Any:
        return widgets.slider(self.name, low=self.low, high=self.high, step=self.step, default=self.default)

    def describe_value(self, value: object, language: str) -> str:
        """The number without trailing zeros."""
        return f"{value:g}" if isinstance(value, float) else str(value)

    def describe_setting(self, value: object, language: str) -> str:
        """The control's label and the number."""
        label = translate(f"controls.{self.name}.label", language)
        return f"{label} {value:g}" if isinstance(value, float) else str(value)
