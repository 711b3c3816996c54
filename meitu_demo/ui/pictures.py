"""Puts a run's two pictures where the page can show them: in memory, under names that cannot be guessed."""

from functools import partial

import anyio

from ..imaging.compare import matching
from ..service import Outcome
from ..store import PictureStore
from .stage import Pictures

KEPT_PATH = "kept"


async def keep_pictures(store: PictureStore, outcome: Outcome, name: str) -> Pictures:
    """URLs of before and after. After is the vendor's own bytes; before is the photo as sent, in the same shape."""
    result = outcome.result
    match = partial(matching, reframed=outcome.endpoint.reframes)
    before = await anyio.to_thread.run_sync(match, outcome.sent, result)
    return Pictures(
        before=f"{KEPT_PATH}/{store.put(before)}/before.jpg",
        after=f"{KEPT_PATH}/{store.put(result.data)}/{name}",
        file_name=name,
    )
