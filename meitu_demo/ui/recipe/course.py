"""How far a recipe has come with a photo: what a session keeps of it between two clicks.

Names of pictures and settings only; the pictures are the store's, and go when the session's go.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...calls.single_flight import FORCE_NONE
from ...domain.model import PhotoChange
from ...domain.recipe import RecipeStep
from ..result.facts import Maker
from ..result.stage import PictureUrls


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step that is done. number: of its call, see `Desk.submit`. view: all that is shown of it, as HTML."""

    step: RecipeStep
    call_id: int
    maker: Maker
    elapsed_s: float
    pictures: PictureUrls
    remark: str
    html: str = field(repr=False)


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
