"""A run's two pictures: made in a worker thread, then kept in memory under names that cannot be guessed."""

from dataclasses import dataclass, field

import anyio

from ...imaging.compare import matching
from ...service import Outcome
from ...store import PictureStore
from . import delivery
from .stage import Pictures

KEPT_PATH = "kept"
DOWNLOAD_PATH = "download"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Before and after as encoded pictures, nowhere kept yet."""

    before: bytes = field(repr=False)
    after: bytes = field(repr=False)


async def draw(outcome: Outcome) -> Drawn:
    """After is the marked master; before is the photo as sent, in the same shape."""
    return await anyio.to_thread.run_sync(_draw, outcome)


def _draw(outcome: Outcome) -> Drawn:
    before = matching(outcome.sent, outcome.result, reframed=outcome.endpoint.reframes)
    return Drawn(before, delivery.master(outcome))


def keep(store: PictureStore, drawn: Drawn, name: str, owner: str) -> Pictures:
    """Their URLs. The download is the master as it leaves, made when it is asked for. owner: the session."""
    master = store.put(drawn.after, owner)
    return Pictures(
        before=f"{KEPT_PATH}/{store.put(drawn.before, owner)}/before.jpg",
        after=f"{KEPT_PATH}/{master}/{name}",
        download=f"{DOWNLOAD_PATH}/{master}/{name}",
        file_name=name,
        token=master,
    )
