"""State of a recipe's run: the click, the progress with a photo, and texts for the steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.model import CallTarget, Credentials, PhotoChange
from ...domain.recipe import RecipeStep
from ...domain.translations import describe_service, translate
from ...service import Caller
from ..context import Context
from ..result.facts import Maker
from ..result.pictures import PictureUrls


def get_effect_name(step: RecipeStep, language: str) -> str:
    """The effect's name, as on its tab."""
    return translate(f"panels.{step.endpoint.id}.tab", language)


def describe_step(step: RecipeStep, language: str) -> str:
    """The step's settings, for instance "Bigger eyes 0.4"; with the effect's name first if they do not suggest it."""
    controls = step.endpoint.controls
    is_self_explanatory = any(control.names_the_effect for control in controls)
    value_texts = [control.describe_value(step.values[control.name], language) for control in controls]
    return " ".join(value_texts if is_self_explanatory else [get_effect_name(step, language), *value_texts])


@dataclass(frozen=True, slots=True)
class StepResult:
    """A finished step. call_id: see `SingleFlight.submit`. html: its result view."""

    step: RecipeStep
    call_id: int
    maker: Maker
    elapsed_s: float
    pictures: PictureUrls
    remark: str
    html: Markup = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecipeProgress:
    """How far a recipe has come with a photo. The pictures themselves are in the picture store.

    photo_path: of the upload. original_token: of the photo as the first step sent it, after `changes`. failed_step,
    failed_call_id: the next step, if its call failed.
    """

    photo_path: str = ""
    original_token: str = ""
    changes: tuple[PhotoChange, ...] = ()
    step_results: tuple[StepResult, ...] = ()
    failed_call_id: int = FORCE_NONE
    failed_step: RecipeStep | None = None

    def can_resume(self, photo_path: str, steps: Sequence[RecipeStep]) -> bool:
        """Whether the finished steps are the first of `steps`, with this photo."""
        done_steps = [finished.step for finished in self.step_results]
        return bool(photo_path) and photo_path == self.photo_path and done_steps == list(steps[: len(done_steps)])

    def append_result(self, step_result: StepResult) -> "RecipeProgress":
        """The progress with one more finished step."""
        return replace(
            self, step_results=(*self.step_results, step_result), failed_call_id=FORCE_NONE, failed_step=None
        )

    def call_id_at(self, index: int) -> int:
        """The id of the call of the step at `index`; FORCE_NONE if there was none."""
        return self.step_results[index].call_id if index < len(self.step_results) else FORCE_NONE


@dataclass(frozen=True, slots=True)
class RecipeRequest:
    """One click. recipe_text: the page's list of steps. consents, payers: by vendor.

    action: "run" from the start; "again", repeating every paid call; "retry" from the step that failed; "pay", the same
    if that may cost a second call; "offline", the same on the offline engine; "fetch", downloading the picture of the
    step that failed, without a call.
    """

    action: str
    caller: Caller
    language: str
    photo: Any
    recipe_text: Any
    consents: Mapping[str, bool]
    visitor_keys: Mapping[str, Credentials] | None
    payers: Mapping[str, str]
    previous_progress: RecipeProgress | None


@dataclass(slots=True)
class RecipeRun:
    """One run. handles: of all its calls. target, handle: of the current step."""

    context: Context
    request: RecipeRequest
    steps: Sequence[RecipeStep] = ()
    progress: RecipeProgress = field(default_factory=RecipeProgress)
    handles: list[CallHandle] = field(default_factory=list)
    target: CallTarget | None = None
    handle: CallHandle | None = None

    @property
    def language(self) -> str:
        return self.request.language

    @property
    def step_index(self) -> int:
        """The index of the next step; the number of steps once all are done."""
        return len(self.progress.step_results)

    @property
    def is_stopped(self) -> bool:
        """Whether the person stopped the run, even between two steps: that stops all handles of the session."""
        return any(handle.abandoned for handle in self.handles)

    @property
    def step_label(self) -> str:
        """The current step in words, such as "Step 2 of 3, Face Fuse: "; "" if all are done."""
        if self.step_index >= len(self.steps):
            return ""
        name = get_effect_name(self.steps[self.step_index], self.language)
        return translate("recipe.place", self.language, step=self.step_index + 1, of=len(self.steps), name=name)

    def describe_service(self, vendor_id: str) -> str:
        """The name of who answers in the current step; the vendor's before its target is known."""
        return describe_service(vendor_id, self.target.service if self.target else "", self.language)

    def load_picture(self, token: str) -> bytes | None:
        """One of the session's pictures; None if it was deleted."""
        return self.context.pictures.get_owned(self.request.caller.session_id, token)
