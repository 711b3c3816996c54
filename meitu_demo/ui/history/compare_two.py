"""Compares two results with a divider: one is aligned to the other's frame, as a photo is to its result."""

from dataclasses import replace
from functools import partial

from ...calls.pipeline import CallResult
from ...domain.model import Photo
from ...engine.imaging.comparison import align_to_result
from ...photos import codec
from ...runtime import cpu_slots
from ...runtime.picture_store import PictureStore
from ..result.pictures import PICTURE_PATH, PictureUrls, load_picture
from .entries import Entry, Success


async def compare_two(
    store: PictureStore, left: Success, right: Success, session: str
) -> tuple[CallResult, PictureUrls] | None:
    """(the result that gives the frame, the URLs of both as before and after); None if a picture was deleted.

    The right result gives the frame, unless only the left endpoint changes the framing: then its frame is inside the
    photo's.
    """
    encoded_pictures = [load_picture(store, success.pictures.after) for success in (left, right)]
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
    """Whether both pictures of a run are still stored."""
    success = entry.success
    return bool(
        success and load_picture(store, success.pictures.before) and load_picture(store, success.pictures.after)
    )


def _needs_face_alignment(left: Success, right: Success) -> bool:
    """Whether the person may have different positions in the two, so that they must be aligned by the face."""
    left_result, right_result = left.result, right.result
    is_same_call = left_result.endpoint is right_result.endpoint and left_result.values == right_result.values
    return not is_same_call and (left_result.endpoint.changes_framing or right_result.endpoint.changes_framing)


def _build_photo(data: bytes) -> Photo:
    return Photo(data, codec.sniff(data) or "", *codec.read_size(data))
