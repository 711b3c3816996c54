"""A click on the recipe's button, and how far the run behind it has come: what its steps and its screens share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.model import CallTarget, Credentials, PhotoChange
from ...domain.recipe import RecipeStep
from ...domain.translations import translate
from ..caller import Caller
from ..context import Context
from ..result.facts import Maker
from ..result.result_view import PictureUrls

# MERGED ui/recipe/naming.py: What a step is called: its effect, and what was chosen for it.


def get_effect_name(step: RecipeStep, language: str) -> str:
    """As on the effect's own tab."""
    return translate(f"panels.{step.endpoint.id}.tab", language)


def describe_step(step: RecipeStep, language: str) -> str:
    """What was chosen, for instance "Bigger eyes 0.4"; after the effect's name where that says nothing by itself."""
    controls = step.endpoint.controls
    is_self_explanatory = any(control.names_the_effect for control in controls)
    value_texts = [control.describe_value(step.values[control.name], language) for control in controls]
    return " ".join(value_texts if is_self_explanatory else [get_effect_name(step, language), *value_texts])


# MERGED ui/recipe/course.py: How far a recipe has come with a photo: what a session keeps of it between two clicks.
# Names of pictures and settings only; the pictures are the store's, and go when the session's go.


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step that is done. number: of its call, see `Desk.submit`. view: all that is shown of it, as HTML."""

    step: RecipeStep
    call_id: int
    maker: Maker
    elapsed_s: float
    pictures: PictureUrls
    remark: str
    html: Markup = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecipeProgress:
    """photo: the upload's path. original: the token of the photo as it went into the first step, and `changes` to it.

    failed: the number of the call that the step after the finished ones ended in.
    """

    photo_path: str = ""
    original_token: str = ""
    changes: tuple[PhotoChange, ...] = ()
    step_results: tuple[StepResult, ...] = ()
    failed_call_id: int = FORCE_NONE

    def can_resume(self, photo_path: str, steps: Sequence[RecipeStep]) -> bool:
        """Whether it is the beginning of `steps` with this photo."""
        done_steps = [finished.step for finished in self.step_results]
        return bool(photo_path) and photo_path == self.photo_path and done_steps == list(steps[: len(done_steps)])

    def append_result(self, step_result: StepResult) -> "RecipeProgress":
        """One step further."""
        return replace(self, step_results=(*self.step_results, step_result), failed_call_id=FORCE_NONE)

    def call_id_at(self, index: int) -> int:
        """The number of the call that the step at `place` was, if there was one."""
        return self.step_results[index].call_id if index < len(self.step_results) else FORCE_NONE


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
        return describe_position(
            self.step_index, self.steps, get_effect_name(self.steps[self.step_index], self.language), self.language
        )

    def get_vendor_name(self, provider: str) -> str:
        """The vendor's name."""
        return translate(f"providers.{provider}.name", self.language)

    def load_picture(self, token: str) -> bytes | None:
        """One of the session's pictures, while it is there."""
        return self.context.pictures.get_owned(self.request.caller.session_id, token)


def describe_position(index: int, steps: Sequence[RecipeStep], name: str, language: str) -> str:
    """For instance "Step 2 of 3, Face Fuse: "; plain text."""
    return translate("recipe.place", language, step=index + 1, of=len(steps), name=name)
