"""The mirror's route: a frame in, the same frame reshaped out. Nothing of it is kept, written or logged.

    POST /mirror?shapes=8:0.5,7:0.3     body: a JPEG; x-mirror: a name drawn for this start of the mirror
    DELETE /mirror                      whoever has that name leaves

A frame is answered or refused at once and never queued; refusals are `{"slug": …}`, which the page puts into words.
Runs on the offline engine go first: as long as one of them waits for its turn, no frame is begun. And of all mirrors
together one frame is in work at a time, so that a run has at least a core to itself.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from ...domain.errors import DemoError, ImageRejected, ValueRejected
from ...domain.vendor_codes import load_shapes
from ...engine.effects.mirror import Detection, ShapeStrengths, reshape_frame
from ...photos import codec
from ..context import Context

# MERGED ui/mirror/seats.py: Who stands before the mirror: a few at a time, each with one frame under way. For one event
# loop. A seat is a name that the page drew for this start of its mirror, and when its last frame came; nothing of a
# frame.

MAX_MIRRORS = 2  # mirrors at a time: at one frame in work, each keeps half of its frames a second
MAX_IDLE_S = 4.0  # a mirror that sends nothing for so long has been left


class AllSlotsTaken(Exception):
    """Somebody else is at each of the mirrors."""


class FrameInProgress(Exception):
    """A frame of this mirror is under way: this one is dropped."""


@dataclass(slots=True)
class _Slot:
    last_frame_at: float
    is_busy: bool = False


class MirrorSlots:
    """At most `most` names at a time; one that was idle for `idle` seconds makes room."""

    def __init__(
        self,
        max_mirrors: int = MAX_MIRRORS,
        max_idle_s: float = MAX_IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_mirrors, self._max_idle_s, self._clock = max_mirrors, max_idle_s, clock
        self._slots: dict[str, _Slot] = {}

    @contextmanager
    def claim_frame(self, mirror_id: str) -> Iterator[None]:
        """One frame of `name`'s, under way while the block runs. Raises Taken or Already, at once."""
        self._evict_idle()
        if mirror_id not in self._slots and len(self._slots) >= self._max_mirrors:
            raise AllSlotsTaken
        slot = self._slots.setdefault(mirror_id, _Slot(self._clock()))
        if slot.is_busy:
            raise FrameInProgress
        slot.is_busy = True
        try:
            yield
        finally:
            slot.is_busy, slot.last_frame_at = False, self._clock()

    def release(self, mirror_id: str) -> None:
        """`name` goes; its place is free at once."""
        self._slots.pop(mirror_id, None)

    def __len__(self) -> int:
        self._evict_idle()
        return len(self._slots)

    def _evict_idle(self) -> None:
        now = self._clock()
        for mirror_id, slot in list(self._slots.items()):
            if not slot.is_busy and now - slot.last_frame_at > self._max_idle_s:
                del self._slots[mirror_id]


PATH = "mirror"
MAX_FRAME_BYTES = 512_000
MAX_FRAME_PIXELS = 640 * 480
MAX_SHAPES = 3
MAX_BODY_READ_S = 5.0  # seconds that a frame may take to come in
JPEG_QUALITY = 85
MIRROR_ID_PATTERN = re.compile(r"[0-9a-f]{32}")
SHAPE_PATTERN = re.compile(r"([0-9]{1,2}):([0-9]{1,3}(?:\.[0-9]{1,6})?)", re.ASCII)
RESPONSE_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class _HttpError(Exception):
    """No frame comes back. status: HTTP's; slug: what the page puts into words."""

    def __init__(self, status: int, slug: str) -> None:
        super().__init__(slug)
        self.status, self.slug = status, slug


def create_router(context: Context, slots: MirrorSlots | None = None) -> APIRouter:
    """The route; only for an app whose owner has the mirror on: otherwise it does not exist."""
    api_router, slots = APIRouter(), slots or MirrorSlots()
    limiters: list[anyio.CapacityLimiter] = []  # made at the first frame: it belongs to the running event loop

    @api_router.post(f"/{PATH}")
    async def handle_frame(request: Request) -> Response:
        try:
            if not limiters:
                limiters.append(anyio.CapacityLimiter(1))
            with slots.claim_frame(_parse_mirror_id(request)):
                requested_shapes = _parse_shapes(request)
                if context.service.engine_queue.waiting_count:
                    raise _HttpError(503, "giving_way")
                data = await _read_body(request)
                jpeg, detection = await anyio.to_thread.run_sync(
                    process_frame, data, requested_shapes, limiter=limiters[0]
                )
            return Response(jpeg, media_type="image/jpeg", headers={**RESPONSE_HEADERS, "x-sight": detection})
        except _HttpError as refused:
            return _build_error_response(refused.status, refused.slug)
        except AllSlotsTaken:
            return _build_error_response(503, "taken")
        except FrameInProgress:
            return _build_error_response(429, "one_at_a_time")
        except DemoError as error:
            return _build_error_response(422, error.slug)
        except ClientDisconnect:
            return _build_error_response(400, "gone")

    @api_router.delete(f"/{PATH}")
    async def handle_leave(request: Request) -> Response:
        try:
            slots.release(_parse_mirror_id(request))
        except _HttpError as refused:
            return _build_error_response(refused.status, refused.slug)
        return Response(status_code=204, headers=RESPONSE_HEADERS)

    return api_router


def process_frame(data: bytes, requested_shapes: ShapeStrengths) -> tuple[bytes, Detection]:
    """A frame through the gate, reshaped, as a JPEG; and what was seen in it. Blocks.

    Raises ImageRejected (image_wrong_kind: no JPEG; image_too_many_pixels: above MAX_PIXELS …) or ValueRejected.
    """
    if codec.sniff(data) != "image/jpeg":
        raise ImageRejected("image_wrong_kind")
    reshaped, detection = reshape_frame(codec.decode(data, max_pixels=MAX_FRAME_PIXELS), requested_shapes)
    return codec.encode(reshaped, JPEG_QUALITY), detection


def _parse_mirror_id(request: Request) -> str:
    mirror_id = request.headers.get("x-mirror", "")
    if not MIRROR_ID_PATTERN.fullmatch(mirror_id):
        raise _HttpError(400, "unnamed")
    return mirror_id


def _parse_shapes(request: Request) -> ShapeStrengths:
    """The shapes asked for, at most MOST_SHAPES; those at strength 0 are left out. Raises ValueRejected."""
    parts = [part for part in request.query_params.get("shapes", "")[:100].split(",") if part]
    matches = [SHAPE_PATTERN.fullmatch(part) for part in parts]
    if len(matches) > MAX_SHAPES:
        raise ValueRejected(control="shapes", value=str(len(matches)), allowed=f"0..{MAX_SHAPES}")
    pairs = [(int(pair[1]), float(pair[2])) if pair else (-1, 0.0) for pair in matches]
    max_shape_id = len(load_shapes()) - 1
    for shape, strength in pairs:
        if not (0 <= shape <= max_shape_id and 0 <= strength <= 1):
            raise ValueRejected(control="shapes", value=f"{shape}:{strength}", allowed=f"0..{max_shape_id}:0..1")
    return [pair for pair in pairs if pair[1] > 0]


async def _read_body(request: Request) -> bytes:
    """At most MAX_BYTES, within ARRIVES_S: what is too much is not read to its end."""
    if request.headers.get("content-type") != "image/jpeg":
        raise _HttpError(415, "image_wrong_kind")
    content_length = request.headers.get("content-length", "0")
    if not content_length.isdecimal() or int(content_length[:12]) > MAX_FRAME_BYTES:
        raise _HttpError(413, "image_too_large_file")
    data = bytearray()
    try:
        with anyio.fail_after(MAX_BODY_READ_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_FRAME_BYTES:
                    raise _HttpError(413, "image_too_large_file")
    except TimeoutError:
        raise _HttpError(408, "too_slow") from None
    return bytes(data)


def _build_error_response(status: int, slug: str) -> Response:
    return JSONResponse({"slug": slug}, status, headers=RESPONSE_HEADERS)
