"""A run's two pictures and a thumbnail: rendered in a worker thread, stored in memory under unguessable tokens."""

from dataclasses import dataclass, field

from ...calls.pipeline import CallResult
from ...domain.model import ImageLimits
from ...engine.imaging.comparison import align_to_result
from ...photos import codec
from ...runtime import cpu_slots
from ...runtime.picture_store import PictureStore
from . import export

PICTURE_PATH = "kept"
DOWNLOAD_PATH = "download"
DISPLACEMENT_PATH = "moved"
THUMBNAIL_LIMITS = ImageLimits(min_side_px=1, max_side_px=160, max_bytes=60_000)


@dataclass(frozen=True, slots=True)
class PictureUrls:
    """URLs of one comparison, relative to the page, and the name under which the result is saved.

    displacement: of the displacement map, or "". thumbnail: of the result, or "".
    """

    before: str
    after: str
    download: str
    file_name: str
    displacement: str = ""
    token: str = ""  # of the master in the store
    thumbnail: str = ""


@dataclass(frozen=True, slots=True)
class RenderedPair:
    """Before, after and a small copy of after, as encoded pictures that are not stored yet."""

    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)


async def render_pair(result: CallResult) -> RenderedPair:
    """After is the master with provenance marks; before is the photo as sent, aligned to it."""
    return await cpu_slots.run_in_worker(_render_pair, result)


def _render_pair(result: CallResult) -> RenderedPair:
    before = align_to_result(result.sent_photo, result.result_photo, changes_framing=result.endpoint.changes_framing)
    after = export.unlabelled(result)
    return RenderedPair(before, after, codec.prepare(after, THUMBNAIL_LIMITS).photo.data)


def store_pair(store: PictureStore, pair: RenderedPair, file_name: str, session: str) -> PictureUrls:
    """The URLs of the stored pictures. The download is the master with its label, rendered on request."""
    before_token, after_token = store.put(pair.before, session), store.put(pair.after, session)
    return PictureUrls(
        before=f"{PICTURE_PATH}/{before_token}/before.jpg",
        after=f"{PICTURE_PATH}/{after_token}/{file_name}",
        download=f"{DOWNLOAD_PATH}/{after_token}/{file_name}",
        file_name=file_name,
        displacement=f"{DISPLACEMENT_PATH}/{before_token}/{after_token}",
        token=after_token,
        thumbnail=f"{PICTURE_PATH}/{store.put(pair.thumbnail, session)}/small.jpg",
    )


def load_picture(store: PictureStore, url: str) -> bytes | None:
    """The picture at a URL from `store_pair`; None once it was deleted."""
    return store.get(url.split("/")[1]) if url else None
