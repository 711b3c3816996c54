"""A click on the recipe's button, and how far the run behind it has come: what its steps and its screens share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...desk import CallHandle
from ...recipes import RecipeStep
from ...spec import CallTarget, Credentials
from ...words import translate
from ..context import Context
from ..visits import Visit
from . import strip
from .course import Course
from .naming import effect_name


@dataclass(frozen=True, slots=True)
class Click:
    """What came with a click. listed: the page's list, as text. consents: by provider. before: the last run's course.

    kind: "run" from the start, "again" with every paid call made anew, "retry" from the step that failed, "offline" the
    same without the vendors.
    """

    kind: str
    visit: Visit
    language: str
    photo: Any
    listed: Any
    consents: Mapping[str, bool]
    own: Mapping[str, Credentials] | None
    before: Course


@dataclass(slots=True)
class Running:
    """One run. route, ticket: of the step at work."""

    context: Context
    click: Click
    steps: Sequence[RecipeStep] = ()
    course: Course = field(default_factory=Course)
    tickets: list[CallHandle] = field(default_factory=list)
    route: CallTarget | None = None
    ticket: CallHandle | None = None

    @property
    def language(self) -> str:
        """The page's."""
        return self.click.language

    @property
    def at(self) -> int:
        """The step that comes next; how many there are, once all are done."""
        return len(self.course.finished)

    @property
    def stopped(self) -> bool:
        """Also between two steps: all of a session's tickets are stopped together."""
        return any(ticket.abandoned for ticket in self.tickets)

    @property
    def place(self) -> str:
        """Which step is at work, in words; "" when none is."""
        if self.at >= len(self.steps):
            return ""
        return strip.place(self.at, self.steps, effect_name(self.steps[self.at], self.language), self.language)

    def vendor(self, provider: str) -> str:
        """The vendor's name."""
        return translate(f"providers.{provider}.name", self.language)

    def kept(self, token: str) -> bytes | None:
        """One of the session's pictures, while it is there."""
        return self.context.pictures.get_owned(self.click.visit.session, token)
