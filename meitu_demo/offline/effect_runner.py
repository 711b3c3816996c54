"""Runs an endpoint's effect on encoded bytes in worker threads: the event loop never waits for pixels."""

from ..domain.errors import EngineRejection, ImageRejected, QueueFull
from ..domain.model import Endpoint, Values
from ..photos import codec
from ..runtime import cpu_slots
from ..runtime.fair_queue import FairQueue

MAX_CONCURRENT = 2  # one effect alone uses every core through OpenCV; see `runtime.cpu_slots`
MAX_PENDING = 60  # calls that wait, each with its photo in memory


class OfflineEngine:
    """At most `MAX_CONCURRENT` effects run and `MAX_PENDING` calls wait.

    The app's own calls have been through the service's fair queue and find a free slot here. The failure lab and a
    stand-alone server are entered by HTTP and have only this bound; visitors are not known there.
    """

    def __init__(self) -> None:
        max_calls = MAX_CONCURRENT + MAX_PENDING
        self._queue = FairQueue(MAX_CONCURRENT, max_calls, max_calls)

    async def run_effect(self, endpoint: Endpoint, data: bytes, values: Values) -> bytes:
        """The effect's result as JPEG bytes.

        Raises ImageRejected, ValueRejected or EngineRejection; "vendor_busy" if too many calls wait.
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
    if kind is not None and kind not in limits.media_types:  # what is no picture fails in decoding
        raise ImageRejected("image_wrong_kind", found=kind, allowed=", ".join(limits.media_types))
    width, height = codec.read_size(data)  # from the header: a small file may swell to a huge picture
    if min(width, height) < limits.min_side_px:
        raise ImageRejected("image_too_small", width=width, height=height, limit=limits.min_side_px)
    if max(width, height) > limits.max_side_px:
        raise ImageRejected("image_too_many_pixels", width=width, height=height, limit=limits.max_side_px)
    with cpu_slots.effect_running():
        return codec.encode(endpoint.render_offline(codec.decode(data), checked))
