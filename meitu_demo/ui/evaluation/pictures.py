"""The pictures of an evaluation, each encoded once, as soon as its call has ended."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256

from ...calls.pipeline import CallResult
from ...domain.errors import ImageRejected
from ...evaluation.plan import Job
from ...evaluation.sessions import Evaluation, Evaluations
from ...photos import codec
from ...photos.provenance import embed_provenance
from ...runtime import cpu_slots
from ...runtime.picture_store import PictureStore
from ..result import export

THUMBNAIL_SIDE_PX = 240
MAX_STEM_CHARS = 60  # of a photo's name, in the name of its result
KEPT_SIDE_PX = 1024  # of a result that the page keeps: hundreds of them share the picture store


@dataclass(frozen=True, slots=True)
class EncodedPictures:
    """JPEGs of one call; b"" for what there is none of. The results carry their provenance mark."""

    photo_thumbnail: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)
    picture: bytes = field(default=b"", repr=False)


async def encode_pictures(
    photo: bytes, result: CallResult | None, *, wants_photo: bool, max_side_px: int | None
) -> EncodedPictures:
    """max_side_px: of the result's picture; None for the vendor's own bytes. wants_photo: the photo's thumbnail too."""
    return await cpu_slots.run_in_worker(_encode_pictures, photo, result, wants_photo, max_side_px)


def _encode_pictures(
    photo: bytes, result: CallResult | None, wants_photo: bool, max_side_px: int | None
) -> EncodedPictures:
    source = result.sent_photo.data if result else photo
    photo_thumbnail = _shrink(source, THUMBNAIL_SIDE_PX) if wants_photo and source else b""
    if result is None:
        return EncodedPictures(photo_thumbnail)
    data, provenance = result.result_photo.data, export.build_provenance(result)
    small, kept = _shrink(data, THUMBNAIL_SIDE_PX), b""
    with suppress(ImageRejected):
        kept = export.unlabelled(result) if max_side_px is None else _shrink(data, max_side_px)
    return EncodedPictures(
        photo_thumbnail, *(embed_provenance(picture, provenance) if picture else b"" for picture in (small, kept))
    )


def _shrink(data: bytes, max_side_px: int) -> bytes:
    """b"" for a picture that cannot be decoded: the report shows the outcome without it."""
    try:
        return codec.encode_small(data, max_side_px)
    except ImageRejected:
        return b""


def build_file_name(job: Job, picture: bytes) -> str:
    """A name for the result of a call, the same each time: "anna_1f2e3d4c_face-fuse-9a8b_live.jpg"."""
    stem = re.sub(r"[^\w-]+", "-", job.photo.name.rpartition(".")[0] or job.photo.name).strip("-_")
    values = sha256(job.setup.key.encode()).hexdigest()[:4]
    suffix = (codec.sniff(picture) or "image/jpeg").rpartition("/")[2].replace("jpeg", "jpg")
    endpoint = f"{job.setup.endpoint.slug}-{values}"
    return f"{stem[:MAX_STEM_CHARS]}_{job.photo.sha256[:8]}_{endpoint}_{job.target}.{suffix}"


@dataclass(frozen=True, slots=True)
class SessionPictures:
    """The page's pictures: thumbnails and reduced results in the picture store, under the session."""

    evaluations: Evaluations
    evaluation: Evaluation
    session: str
    store: PictureStore

    async def save(self, job: Job, photo: bytes, result: CallResult | None) -> None:
        """Encode and store the pictures of one call, unless the session's data was deleted meanwhile."""
        wants_photo = self.evaluation.pictures.get(job.photo.sha256) is None
        encoded = await encode_pictures(photo, result, wants_photo=wants_photo, max_side_px=KEPT_SIDE_PX)
        if self.evaluations.get(self.session) is not self.evaluation:
            return
        named = {
            job.photo.sha256: encoded.photo_thumbnail,
            f"thumbnail {job.key}": encoded.thumbnail,
            f"picture {job.key}": encoded.picture,
        }
        for name, data in named.items():
            if data:
                self.evaluation.pictures[name] = self.store.put(data, self.session)
