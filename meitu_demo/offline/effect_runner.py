"""Runs an endpoint's effect on an encoded picture, in worker threads so that the event loop is not blocked."""

from ..domain.errors import EngineRejection, ImageRejected, QueueFull
from ..domain.model import Endpoint, Values
from ..photos import codec
from ..runtime import cpu_slots
from ..runtime.fair_queue import FairQueue

MAX_CONCURRENT = 2  # one effect alone uses every core through OpenCV; see `runtime.cpu_slots`
MAX_PENDING = 60  # waiting calls, each with its photo in memory


class OfflineEngine:
    """Runs at most `MAX_CONCURRENT` effects while at most `MAX_PENDING` calls wait.

    The app's calls have passed the service's fair queue and find a free slot here. Calls over HTTP, to the failure lab
    or a stand-alone server, have only this limit, because visitors are not known there.
    """

    def __init__(self) -> None:
        max_calls = MAX_CONCURRENT + MAX_PENDING
        self._queue = FairQueue(MAX_CONCURRENT, max_calls, max_calls)

    async def run_effect(self, endpoint: Endpoint, data: bytes, values: Values) -> bytes:
        """The effect's result as JPEG bytes.

        Raises ImageRejected, ValueRejected or EngineRejection, with slug "vendor_busy" if too many calls wait.
        """
        try:
            async with self._queue.slot(""):
                return await cpu_slots.run_in_worker(apply_effect, endpoint, data, values)
        except QueueFull:
            raise EngineRejection("vendor_busy") from None


def apply_effect(endpoint: Endpoint, data: bytes, values: Values) -> bytes:
    """Check `data` against the endpoint's limits, apply the effect, encode as JPEG. Blocks.

    Raises ImageRejected, ValueRejected or EngineRejection.
    """
    checked = endpoint.validate(values)
    limits = endpoint.limits
    if len(data) > limits.max_bytes:
        raise ImageRejected("image_too_large_file", bytes=len(data), limit=limits.max_bytes)
    kind = codec.sniff(data)
    if kind is not None and kind not in limits.media_types:  # anything that is not a picture fails in decoding
        raise ImageRejected("image_wrong_kind", found=kind, allowed=", ".join(limits.media_types))
    opened = codec.open_photo(data)  # only the header: a small file may decode to a huge picture
    width, height = opened.width, opened.height
    if min(width, height) < limits.min_side_px:
        raise ImageRejected("image_too_small", width=width, height=height, limit=limits.min_side_px)
    if max(width, height) > limits.max_side_px:
        raise ImageRejected("image_too_many_pixels", width=width, height=height, limit=limits.max_side_px)
    with cpu_slots.effect_running():
        return codec.encode(endpoint.render_offline(codec.decode_opened(opened), checked))
