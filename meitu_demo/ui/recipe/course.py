"""How far a recipe has come with a photo: what a session keeps of it between two clicks.

Names of pictures and settings only; the pictures are the store's, and go when the session's go.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...desk import FORCE_NONE
from ...recipes import RecipeStep
from ...spec import PhotoChange
from ..result.facts import Maker
from ..result.stage import Pictures


@dataclass(frozen=True, slots=True)
class Finished:
    """A step that is done. number: of its call, see `Desk.submit`. view: all that is shown of it, as HTML."""

    step: RecipeStep
    number: int
    maker: Maker
    elapsed_s: float
    pictures: Pictures
    remark: str
    view: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Course:
    """photo: the upload's path. original: the token of the photo as it went into the first step, and `changes` to it.

    failed: the number of the call that the step after the finished ones ended in.
    """

    photo: str = ""
    original: str = ""
    changes: tuple[PhotoChange, ...] = ()
    finished: tuple[Finished, ...] = ()
    failed: int = FORCE_NONE

    def carries(self, photo: str, steps: Sequence[RecipeStep]) -> bool:
        """Whether it is the beginning of `steps` with this photo."""
        done = [finished.step for finished in self.finished]
        return bool(photo) and photo == self.photo and done == list(steps[: len(done)])

    def with_finished(self, finished: Finished) -> "Course":
        """One step further."""
        return replace(self, finished=(*self.finished, finished), failed=FORCE_NONE)

    def number_at(self, place: int) -> int:
        """The number of the call that the step at `place` was, if there was one."""
        return self.finished[place].number if place < len(self.finished) else FORCE_NONE
