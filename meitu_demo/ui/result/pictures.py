"""A run's two pictures and a thumbnail: made in a worker thread, kept in memory under names that nobody can guess."""

from dataclasses import dataclass, field

from ...imaging import codec, cores
from ...imaging.compare import align_to_result
from ...service import CallResult
from ...spec import ImageLimits
from ...store import PictureStore
from . import delivery
from .stage import Pictures

KEPT_PATH = "kept"
DOWNLOAD_PATH = "download"
MOVED_PATH = "moved"
SMALL = ImageLimits(min_side_px=1, max_side_px=160, max_bytes=60_000)  # a thumbnail


@dataclass(frozen=True, slots=True)
class Drawn:
    """Before, after and a small copy of that as encoded pictures, nowhere kept yet."""

    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    small: bytes = field(repr=False)


async def draw(outcome: CallResult) -> Drawn:
    """After is the marked master; before is the photo as sent, in the same shape."""
    return await cores.run_in_worker(_draw, outcome)


def _draw(outcome: CallResult) -> Drawn:
    before = align_to_result(outcome.sent_photo, outcome.result_photo, changes_framing=outcome.endpoint.changes_framing)
    after = delivery.master(outcome)
    return Drawn(before, after, codec.prepare(after, SMALL).photo.data)


def keep(store: PictureStore, drawn: Drawn, name: str, owner: str) -> Pictures:
    """Their URLs. The download is the master as it leaves, made when it is asked for. owner: the session."""
    before, master = store.put(drawn.before, owner), store.put(drawn.after, owner)
    return Pictures(
        before=f"{KEPT_PATH}/{before}/before.jpg",
        after=f"{KEPT_PATH}/{master}/{name}",
        download=f"{DOWNLOAD_PATH}/{master}/{name}",
        file_name=name,
        moved=f"{MOVED_PATH}/{before}/{master}",
        token=master,
        small=f"{KEPT_PATH}/{store.put(drawn.small, owner)}/small.jpg",
    )


def held(store: PictureStore, url: str) -> bytes | None:
    """What lies at an address that `keep` gave; None once it is gone."""
    return store.get(url.split("/")[1]) if url else None
