"""A click on the recipe's button, and how far the run behind it has come: what its steps and its screens share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...calls.single_flight import CallHandle
from ...domain.model import CallTarget, Credentials
from ...domain.recipe import RecipeStep
from ...domain.translations import translate
from ..context import Context
from ..visits import Caller
from . import strip
from .course import RecipeProgress
from .naming import get_effect_name


@dataclass(frozen=True, slots=True)
class RecipeRequest:
    """What came with a click. listed: the page's list, as text. consents: by provider. before: the last run's course.

    kind: "run" from the start, "again" with every paid call made anew, "retry" from the step that failed, "offline" the
    same without the vendors.
    """

    action: str
    caller: Caller
    language: str
    photo: Any
    recipe_text: Any
    consents: Mapping[str, bool]
    visitor_keys: Mapping[str, Credentials] | None
    previous_progress: RecipeProgress


@dataclass(slots=True)
class RecipeRun:
    """One run. route, ticket: of the step at work."""

    context: Context
    request: RecipeRequest
    steps: Sequence[RecipeStep] = ()
    progress: RecipeProgress = field(default_factory=RecipeProgress)
    handles: list[CallHandle] = field(default_factory=list)
    target: CallTarget | None = None
    handle: CallHandle | None = None

    @property
    def language(self) -> str:
        """The page's."""
        return self.request.language

    @property
    def step_index(self) -> int:
        """The step that comes next; how many there are, once all are done."""
        return len(self.progress.step_results)

    @property
    def is_stopped(self) -> bool:
        """Also between two steps: all of a session's tickets are stopped together."""
        return any(ticket.abandoned for ticket in self.handles)

    @property
    def step_label(self) -> str:
        """Which step is at work, in words; "" when none is."""
        if self.step_index >= len(self.steps):
            return ""
        return strip.describe_position(
            self.step_index, self.steps, get_effect_name(self.steps[self.step_index], self.language), self.language
        )

    def get_vendor_name(self, provider: str) -> str:
        """The vendor's name."""
        return translate(f"providers.{provider}.name", self.language)

    def load_picture(self, token: str) -> bytes | None:
        """One of the session's pictures, while it is there."""
        return self.context.pictures.get_owned(self.request.caller.session_id, token)
