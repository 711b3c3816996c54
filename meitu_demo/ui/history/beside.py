"""Two results on one divider: the left one is brought into the right one's frame, as a photo is into its result's."""

from dataclasses import replace

import anyio

from ...imaging import codec
from ...imaging.compare import matching
from ...spec import Photo
from ...store import PictureStore
from ..result.pictures import KEPT_PATH, held
from ..result.stage import Pictures
from .entries import Entry, Made


async def pair(store: PictureStore, left: Made, right: Made, owner: str) -> Pictures | None:
    """The right result's pictures with the left one in place of "before"; None when one of the two is gone."""
    found = [held(store, made.pictures.after) for made in (left, right)]
    if found[0] is None or found[1] is None:
        return None
    reframed = _elsewhere(left, right)
    laid = await anyio.to_thread.run_sync(lambda: matching(_photo(found[0]), _photo(found[1]), reframed=reframed))
    if laid is found[0]:
        return replace(right.pictures, before=left.pictures.after)
    return replace(right.pictures, before=f"{KEPT_PATH}/{store.put(laid, owner)}/beside.jpg")


def is_there(store: PictureStore, entry: Entry) -> bool:
    """Whether both pictures of a run can still be shown."""
    made = entry.made
    return bool(made and held(store, made.pictures.before) and held(store, made.pictures.after))


def _elsewhere(left: Made, right: Made) -> bool:
    """Whether the two may show the person in different places: then face is laid over face."""
    one, other = left.outcome, right.outcome
    alike = one.endpoint is other.endpoint and one.values == other.values
    return not alike and (one.endpoint.reframes or other.endpoint.reframes)


def _photo(data: bytes | None) -> Photo:
    assert data is not None
    return Photo(data, codec.sniff(data) or "", *codec.size_of(data))
