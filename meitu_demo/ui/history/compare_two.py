"""Two results on one divider: one is brought into the other's frame, as a photo is into its result's."""

from dataclasses import replace
from functools import partial

from ...calls.pipeline import CallResult
from ...domain.model import Photo
from ...engine.imaging.comparison import align_to_result
from ...photos import codec
from ...runtime import cpu_slots
from ...runtime.picture_store import PictureStore
from ..result.pictures import PICTURE_PATH, load_picture
from ..result.result_view import PictureUrls
from .entries import Entry, Success


async def compare_two(
    store: PictureStore, left: Success, right: Success, session: str
) -> tuple[CallResult, PictureUrls] | None:
    """The two in place of before and after, and the outcome that gives the frame; None when one of them is gone.

    The frame is the right one's. Only where the left one alone shows the person in another frame than the photo, it is
    that: the photo reaches beyond it, and not the other way round.
    """
    encoded_pictures = [load_picture(store, made.pictures.after) for made in (left, right)]
    if encoded_pictures[0] is None or encoded_pictures[1] is None:
        return None
    photos = [_build_photo(data) for data in encoded_pictures if data]
    is_swapped = left.result.endpoint.changes_framing and not right.result.endpoint.changes_framing
    frame, other = (left, right) if is_swapped else (right, left)
    inner, outer = photos if is_swapped else photos[::-1]
    changes_framing = _needs_face_alignment(left, right)
    aligned = await cpu_slots.run_in_worker(partial(align_to_result, outer, inner, changes_framing=changes_framing))
    url = other.pictures.after if aligned is outer.data else f"{PICTURE_PATH}/{store.put(aligned, session)}/beside.jpg"
    urls = (frame.pictures.after, url) if is_swapped else (url, frame.pictures.after)
    return frame.result, replace(right.pictures, before=urls[0], after=urls[1])


def has_pictures(store: PictureStore, entry: Entry) -> bool:
    """Whether both pictures of a run can still be shown."""
    success = entry.success
    return bool(
        success and load_picture(store, success.pictures.before) and load_picture(store, success.pictures.after)
    )


def _needs_face_alignment(left: Success, right: Success) -> bool:
    """Whether the two may show the person in different places: then face is laid over face."""
    left_result, right_result = left.result, right.result
    is_same_call = left_result.endpoint is right_result.endpoint and left_result.values == right_result.values
    return not is_same_call and (left_result.endpoint.changes_framing or right_result.endpoint.changes_framing)


def _build_photo(data: bytes) -> Photo:
    return Photo(data, codec.sniff(data) or "", *codec.read_size(data))
