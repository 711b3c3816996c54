"""A run's two pictures and a thumbnail: rendered in a worker thread, stored in memory under unguessable tokens."""

from dataclasses import dataclass, field

from ...calls.pipeline import CallResult
from ...domain.model import Image, ImageLimits
from ...engine.imaging.comparison import align_to_result
from ...engine.imaging.faces import find_faces
from ...photos import codec
from ...runtime import cpu_slots
from ...runtime.picture_store import PictureStore
from . import export

PICTURE_PATH = "kept"
DOWNLOAD_PATH = "download"
DISPLACEMENT_PATH = "moved"
FaceBox = tuple[float, float, float, float]
THUMBNAIL_LIMITS = ImageLimits(min_side_px=1, max_side_px=160, max_bytes=60_000)


@dataclass(frozen=True, slots=True)
class PictureUrls:
    """URLs of one comparison, relative to the page, and the name under which the result is saved.

    displacement: of the displacement map, or "". thumbnail: of the result, or "". face_box: where the reshaped face is,
    as (x, y, width, height) in shares of the picture's sides; None if there is none to look at closely.
    """

    before: str
    after: str
    download: str
    file_name: str
    displacement: str = ""
    token: str = ""  # of the master in the store
    thumbnail: str = ""
    face_box: FaceBox | None = None


@dataclass(frozen=True, slots=True)
class RenderedPair:
    """Before, after and a small copy of after, as encoded pictures that are not stored yet."""

    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)
    face_box: FaceBox | None = None


async def render_pair(result: CallResult) -> RenderedPair:
    """After is the master with provenance marks; before is the photo as sent, aligned to it."""
    return await cpu_slots.run_in_worker(_render_pair, result)


def _render_pair(result: CallResult) -> RenderedPair:
    before = align_to_result(result.sent_photo, result.result_photo, changes_framing=result.endpoint.changes_framing)
    after = export.unlabelled(result)
    face_box = _locate_face(codec.decode(before)) if result.endpoint.changes_geometry else None
    return RenderedPair(before, after, codec.prepare(after, THUMBNAIL_LIMITS).photo.data, face_box)


def _locate_face(pixels: Image) -> FaceBox | None:
    """The box of the largest face, which is the one that is reshaped."""
    faces = find_faces(pixels)
    if not faces:
        return None
    (x0, y0, x1, y1), (height, width) = faces[0].box, pixels.shape[:2]
    return x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height


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
        face_box=pair.face_box,
    )


def load_picture(store: PictureStore, url: str) -> bytes | None:
    """The picture at a URL from `store_pair`; None once it was deleted."""
    return store.get(url.split("/")[1]) if url else None
