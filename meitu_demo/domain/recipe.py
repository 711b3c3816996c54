"""Recipes: several effects in order, saved and loaded as JSON.

    {"recipe": 1, "steps": [{"endpoint": "face_fuse", "values": {"template_id": "lion"}, "on": true}]}

A recipe never contains a photo. It comes from a file or the browser, so it is untrusted, and validated each time that
it is read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..redaction.secrets import redact
from .errors import RecipeRejected, ValueRejected
from .model import Endpoint, Values

RECIPE_VERSION = 1
MAX_STEPS = 8
MAX_RECIPE_BYTES = 16 * 1024
Catalogue = Mapping[str, Endpoint]


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One effect with its validated values. enabled: whether a run includes it ("on" in JSON)."""

    endpoint: Endpoint
    values: Values = field(repr=False)  # typed by a person: may contain a key
    enabled: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The step as it is saved in JSON."""
        return {"endpoint": self.endpoint.id, "values": dict(self.values), "on": self.enabled}


@dataclass(frozen=True, slots=True)
class Recipe:
    """At most MAX_STEPS steps, in the order in which they run."""

    steps: tuple[RecipeStep, ...] = ()

    @property
    def enabled_steps(self) -> tuple[RecipeStep, ...]:
        """The steps that a run includes."""
        return tuple(step for step in self.steps if step.enabled)

    def append_step(self, step: RecipeStep) -> "Recipe":
        """The recipe with one more step at the end. Raises RecipeRejected beyond MAX_STEPS."""
        _check_step_count(len(self.steps) + 1)
        return Recipe((*self.steps, step))


def dump_recipe(recipe: Recipe) -> str:
    """`recipe` as indented JSON."""
    document = {"recipe": RECIPE_VERSION, "steps": [step.to_dict() for step in recipe.steps]}
    return json.dumps(document, ensure_ascii=False, indent=2)


def parse_recipe(text: object, catalogue: Catalogue) -> Recipe:
    """Parse and validate `text`, which may be anything. Raises RecipeRejected with the step and what is wrong."""
    if not isinstance(text, str):
        raise RecipeRejected("recipe_unreadable")
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_RECIPE_BYTES:
        raise RecipeRejected("recipe_too_large", limit_kb=MAX_RECIPE_BYTES // 1024)
    document = _parse_json(text)
    if not isinstance(document, dict) or document.keys() != {"recipe", "steps"}:
        raise RecipeRejected("recipe_unreadable")
    version = document["recipe"]
    if isinstance(version, bool) or version != RECIPE_VERSION:
        raise RecipeRejected("recipe_version", found=_shorten(version), known=RECIPE_VERSION)
    steps = document["steps"]
    if not isinstance(steps, list):
        raise RecipeRejected("recipe_unreadable")
    _check_step_count(len(steps))
    return Recipe(tuple(_parse_step(number, step, catalogue) for number, step in enumerate(steps, 1)))


def build_step(
    endpoint_id: object, values: object, catalogue: Catalogue, *, number: int, enabled: object = True
) -> RecipeStep:
    """A validated step. number: its position from 1, for the error. Raises RecipeRejected."""
    endpoint = catalogue.get(endpoint_id) if isinstance(endpoint_id, str) else None
    if endpoint is None:
        raise RecipeRejected("recipe_unknown_effect", step=number, effect=_shorten(endpoint_id))
    if not isinstance(values, dict) or not isinstance(enabled, bool):
        raise RecipeRejected("recipe_step", step=number)
    try:
        return RecipeStep(endpoint, endpoint.validate(values), enabled)
    except ValueRejected as error:
        raise RecipeRejected("recipe_value", step=number, **error.facts) from None


def _parse_step(number: int, step: object, catalogue: Catalogue) -> RecipeStep:
    if not isinstance(step, dict) or not {"endpoint"} <= step.keys() <= {"endpoint", "values", "on"}:
        raise RecipeRejected("recipe_step", step=number)
    return build_step(step["endpoint"], step.get("values", {}), catalogue, number=number, enabled=step.get("on", True))


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):  # ValueError: not JSON, or a number with more digits than Python reads
        raise RecipeRejected("recipe_unreadable") from None


def _check_step_count(steps: int) -> None:
    if steps > MAX_STEPS:
        raise RecipeRejected("recipe_too_long", steps=steps, limit=MAX_STEPS)


def _shorten(value: object) -> str:
    """At most 40 characters of `value` for an explanation; "" for lists and objects."""
    return redact(str(value))[:40] if isinstance(value, str | int | float) else ""
