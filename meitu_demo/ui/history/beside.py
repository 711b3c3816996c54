"""Two results on one divider: one is brought into the other's frame, as a photo is into its result's."""

from dataclasses import replace
from functools import partial

from ...imaging import codec, cores
from ...imaging.compare import align_to_result
from ...service import CallResult
from ...spec import Photo
from ...store import PictureStore
from ..result.pictures import KEPT_PATH, held
from ..result.stage import Pictures
from .entries import Entry, Made


async def pair(store: PictureStore, left: Made, right: Made, owner: str) -> tuple[CallResult, Pictures] | None:
    """The two in place of before and after, and the outcome that gives the frame; None when one of them is gone.

    The frame is the right one's. Only where the left one alone shows the person in another frame than the photo, it is
    that: the photo reaches beyond it, and not the other way round.
    """
    found = [held(store, made.pictures.after) for made in (left, right)]
    if found[0] is None or found[1] is None:
        return None
    pictures = [_photo(data) for data in found if data]
    turned = left.outcome.endpoint.changes_framing and not right.outcome.endpoint.changes_framing
    frame, other = (left, right) if turned else (right, left)
    inner, outer = pictures if turned else pictures[::-1]
    reframed = _elsewhere(left, right)
    laid = await cores.run_in_worker(partial(align_to_result, outer, inner, changes_framing=reframed))
    url = other.pictures.after if laid is outer.data else f"{KEPT_PATH}/{store.put(laid, owner)}/beside.jpg"
    urls = (frame.pictures.after, url) if turned else (url, frame.pictures.after)
    return frame.outcome, replace(right.pictures, before=urls[0], after=urls[1])


def is_there(store: PictureStore, entry: Entry) -> bool:
    """Whether both pictures of a run can still be shown."""
    made = entry.made
    return bool(made and held(store, made.pictures.before) and held(store, made.pictures.after))


def _elsewhere(left: Made, right: Made) -> bool:
    """Whether the two may show the person in different places: then face is laid over face."""
    one, other = left.outcome, right.outcome
    alike = one.endpoint is other.endpoint and one.values == other.values
    return not alike and (one.endpoint.changes_framing or other.endpoint.changes_framing)


def _photo(data: bytes) -> Photo:
    return Photo(data, codec.sniff(data) or "", *codec.read_size(data))
