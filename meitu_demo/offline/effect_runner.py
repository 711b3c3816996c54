"""Runs an endpoint's effect on encoded bytes, in worker threads: the event loop never waits for pixels."""

import anyio

from ..domain.errors import EngineRejection, ImageRejected
from ..domain.model import Endpoint, Values
from ..photos import codec
from ..runtime import cpu_slots

MAX_CONCURRENT = 2  # one alone uses every core through OpenCV already; see `imaging.cores`
MAX_PENDING = 60  # how many calls may wait, each with its photo in memory


class OfflineEngine:
    """A bounded number of effects at a time; a bounded number of calls wait their turn."""

    def __init__(self) -> None:
        self._limiter: anyio.CapacityLimiter | None = None

    async def run_effect(self, endpoint: Endpoint, data: bytes, values: Values) -> bytes:
        """The effect's result as JPEG bytes. Raises ImageRejected, ValueRejected or a Refusal: "vendor_busy", if the
        line is full.
        """
        if self._limiter is None:  # made here: it belongs to the running event loop
            self._limiter = anyio.CapacityLimiter(MAX_CONCURRENT)
        if self._limiter.statistics().tasks_waiting >= MAX_PENDING:
            raise EngineRejection("vendor_busy")
        async with self._limiter:  # a call that is cancelled while it waits is gone
            return await cpu_slots.run_in_worker(apply_effect, endpoint, data, values)


def apply_effect(endpoint: Endpoint, data: bytes, values: Values) -> bytes:
    """Check `data` against the endpoint's limits, apply its effect, encode. Blocks. Raises as
    `OfflineEngine.run_effect`.
    """
    checked = endpoint.validate(values)
    limits = endpoint.limits
    if len(data) > limits.max_bytes:
        raise ImageRejected("image_too_large_file", bytes=len(data), limit=limits.max_bytes)
    kind = codec.sniff(data)
    if kind is not None and kind not in limits.media_types:  # what is no picture at all, decoding tells
        raise ImageRejected("image_wrong_kind", found=kind, allowed=", ".join(limits.media_types))
    width, height = codec.read_size(data)  # from the header: a small file may swell to a huge picture
    if min(width, height) < limits.min_side_px:
        raise ImageRejected("image_too_small", width=width, height=height, limit=limits.min_side_px)
    if max(width, height) > limits.max_side_px:
        raise ImageRejected("image_too_many_pixels", width=width, height=height, limit=limits.max_side_px)
    with cpu_slots.effect_running():
        return codec.encode(endpoint.render_offline(codec.decode(data), checked))
