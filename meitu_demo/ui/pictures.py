"""Puts a run's two pictures where the page can show them: in memory, under names that cannot be guessed."""

from functools import partial

import anyio

from ..imaging.compare import matching
from ..service import Outcome
from ..store import PictureStore
from . import delivery
from .stage import Pictures

KEPT_PATH = "kept"
DOWNLOAD_PATH = "download"


async def keep_pictures(store: PictureStore, outcome: Outcome, name: str, owner: str) -> Pictures:
    """URLs of before and after. After is the marked master; before is the photo as sent, in the same shape.

    The download is the master as it leaves, made when it is asked for. owner: the session.
    """
    match = partial(matching, reframed=outcome.endpoint.reframes)
    before = await anyio.to_thread.run_sync(match, outcome.sent, outcome.result)
    master = store.put(await anyio.to_thread.run_sync(delivery.master, outcome), owner)
    return Pictures(
        before=f"{KEPT_PATH}/{store.put(before, owner)}/before.jpg",
        after=f"{KEPT_PATH}/{master}/{name}",
        download=f"{DOWNLOAD_PATH}/{master}/{name}",
        file_name=name,
    )
