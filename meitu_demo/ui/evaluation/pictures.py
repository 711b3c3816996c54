"""The pictures of an evaluation, each encoded once, as soon as its call has ended."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256

from ...calls.pipeline import CallResult
from ...domain.errors import ImageRejected
from ...domain.model import Image
from ...evaluation.plan import Job
from ...evaluation.runner import THUMBNAIL_SIDE_PX
from ...evaluation.sessions import Evaluation, Evaluations
from ...photos import codec
from ...photos.provenance import embed_provenance
from ...runtime import cpu_slots
from ...runtime.picture_store import PictureStore
from ..result import export

EncodeResult = Callable[[CallResult, Image], bytes]
MAX_STEM_CHARS = 60  # of a photo's name, in the name of its result
KEPT_SIDE_PX = 1024  # of a result that the page keeps: hundreds of them share the picture store


@dataclass(frozen=True, slots=True)
class EncodedPictures:
    """Encoded pictures of one call; b"" for what there is none of. The results carry their provenance mark."""

    photo_thumbnail: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)
    picture: bytes = field(default=b"", repr=False)


def encode_pictures(photo: bytes, result: CallResult | None, encode_result: EncodeResult) -> EncodedPictures:
    """The pictures of one call, where each file is decoded at most once. Blocks.

    encode_result: makes the picture from the result and its pixels. What cannot be decoded is left out.
    """
    if result is None:
        with suppress(ImageRejected):
            return EncodedPictures(codec.encode_small(codec.decode(photo), THUMBNAIL_SIDE_PX))
        return EncodedPictures()
    with suppress(ImageRejected):
        pixels, provenance = codec.decode(result.result_photo.data), export.build_provenance(result)
        pictures = codec.encode_small(pixels, THUMBNAIL_SIDE_PX), encode_result(result, pixels)
        return EncodedPictures(
            result.sent_photo.thumbnail, *(embed_provenance(picture, provenance) for picture in pictures)
        )
    return EncodedPictures(result.sent_photo.thumbnail)


def encode_kept(result: CallResult, pixels: Image) -> bytes:
    """What the page keeps of a result, without a mark."""
    return codec.encode_small(pixels, KEPT_SIDE_PX)


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
        encoded = await cpu_slots.run_in_worker(encode_pictures, photo, result, encode_kept)
        if self.evaluations.get(self.session) is not self.evaluation:
            return
        named = {
            job.photo.sha256: encoded.photo_thumbnail,
            f"thumbnail {job.key}": encoded.thumbnail,
            f"picture {job.key}": encoded.picture,
        }
        for name, data in named.items():
            if data and self.evaluation.pictures.get(name) is None:
                self.evaluation.pictures[name] = self.store.put(data, self.session)
