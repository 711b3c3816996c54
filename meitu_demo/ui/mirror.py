"""The magic mirror's routes: a camera frame in, the same frame reshaped out. Frames are not stored and not logged.

    POST /mirror?shapes=8:0.5,7:0.3     body: a JPEG; x-mirror: a random ID for this start of the mirror
    DELETE /mirror                      frees the slot of that ID

A frame is answered or refused at once, never queued. A refusal is `{"slug": …}`, which the page translates. Runs on the
offline engine have priority: while one of them is queued, frames are refused. One frame of all mirrors together is
processed at a time, so that a run has at least one core.

A few mirrors are admitted at a time, each with one frame in progress. A slot knows its ID and the time of its last
frame, nothing else. `MirrorSlots` is for one event loop.
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

from ..domain.errors import DemoError, ImageRejected, ValueRejected
from ..domain.vendor_codes import load_shapes
from ..engine.effects.mirror import Detection, ShapeStrengths, reshape_frame
from ..photos import codec
from .context import Context

PATH = "mirror"
MAX_MIRRORS = 2  # with one frame processed at a time, each still gets half of its frame rate
MAX_IDLE_S = 4.0  # a mirror that sends nothing for so long is closed
MAX_FRAME_BYTES = 512_000
MAX_FRAME_PIXELS = 640 * 480
MAX_SHAPES = 3
MAX_BODY_READ_S = 5.0  # to receive a frame
JPEG_QUALITY = 85
MIRROR_ID_PATTERN = re.compile(r"[0-9a-f]{32}")
SHAPE_PATTERN = re.compile(r"([0-9]{1,2}):([0-9]{1,3}(?:\.[0-9]{1,6})?)", re.ASCII)
RESPONSE_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class FrameRefused(Exception):
    """The frame is answered with an HTTP status and a slug, which the page translates."""

    def __init__(self, status: int, slug: str) -> None:
        super().__init__(slug)
        self.status, self.slug = status, slug


@dataclass(slots=True)
class _Slot:
    last_frame_at: float
    is_busy: bool = False


class MirrorSlots:
    """At most `max_mirrors` IDs at a time; one that was idle for `max_idle_s` seconds is evicted."""

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
        """One frame of a mirror, in progress while the block runs.

        Raises FrameRefused at once: taken (other mirrors have all slots) or one_at_a_time (this one has a frame in
        progress).
        """
        self._evict_idle()
        if mirror_id not in self._slots and len(self._slots) >= self._max_mirrors:
            raise FrameRefused(503, "taken")
        slot = self._slots.setdefault(mirror_id, _Slot(self._clock()))
        if slot.is_busy:
            raise FrameRefused(429, "one_at_a_time")
        slot.is_busy = True
        try:
            yield
        finally:
            slot.is_busy, slot.last_frame_at = False, self._clock()

    def release(self, mirror_id: str) -> None:
        """Free the slot of `mirror_id`, if it has one."""
        self._slots.pop(mirror_id, None)

    def __len__(self) -> int:
        self._evict_idle()
        return len(self._slots)

    def _evict_idle(self) -> None:
        now = self._clock()
        for mirror_id, slot in list(self._slots.items()):
            if not slot.is_busy and now - slot.last_frame_at > self._max_idle_s:
                del self._slots[mirror_id]


def create_router(context: Context) -> APIRouter:
    """Both routes; to be mounted only where the settings turn the mirror on."""
    api_router, slots, limiter = APIRouter(), MirrorSlots(), anyio.CapacityLimiter(1)

    @api_router.post(f"/{PATH}")
    async def handle_frame(request: Request) -> Response:
        try:
            with slots.claim_frame(_parse_mirror_id(request)):
                requested_shapes = _parse_shapes(request)
                if context.service.engine_queue.waiting_count:
                    raise FrameRefused(503, "giving_way")
                data = await _read_body(request)
                jpeg, detection = await anyio.to_thread.run_sync(process_frame, data, requested_shapes, limiter=limiter)
            return Response(jpeg, media_type="image/jpeg", headers={**RESPONSE_HEADERS, "x-sight": detection})
        except FrameRefused as error:
            return _build_error_response(error.status, error.slug)
        except DemoError as error:
            return _build_error_response(422, error.slug)
        except ClientDisconnect:
            return _build_error_response(400, "gone")

    @api_router.delete(f"/{PATH}")
    async def handle_leave(request: Request) -> Response:
        try:
            slots.release(_parse_mirror_id(request))
        except FrameRefused as error:
            return _build_error_response(error.status, error.slug)
        return Response(status_code=204, headers=RESPONSE_HEADERS)

    return api_router


def process_frame(data: bytes, requested_shapes: ShapeStrengths) -> tuple[bytes, Detection]:
    """(the reshaped frame as a JPEG, what was detected in it). Blocks.

    Raises ImageRejected (image_wrong_kind: no JPEG; image_too_many_pixels: above MAX_FRAME_PIXELS …) or ValueRejected.
    """
    if codec.sniff(data) != "image/jpeg":
        raise ImageRejected("image_wrong_kind")
    reshaped, detection = reshape_frame(codec.decode(data, max_pixels=MAX_FRAME_PIXELS), requested_shapes)
    return codec.encode(reshaped, JPEG_QUALITY), detection


def _parse_mirror_id(request: Request) -> str:
    mirror_id = request.headers.get("x-mirror", "")
    if not MIRROR_ID_PATTERN.fullmatch(mirror_id):
        raise FrameRefused(400, "unnamed")
    return mirror_id


def _parse_shapes(request: Request) -> ShapeStrengths:
    """The requested shapes, at most MAX_SHAPES, without those at strength 0. Raises ValueRejected."""
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
    """At most MAX_FRAME_BYTES, within MAX_BODY_READ_S; reading stops at the limit. Raises FrameRefused."""
    if request.headers.get("content-type") != "image/jpeg":
        raise FrameRefused(415, "image_wrong_kind")
    content_length = request.headers.get("content-length", "0")
    if not content_length.isdecimal() or int(content_length[:12]) > MAX_FRAME_BYTES:
        raise FrameRefused(413, "image_too_large_file")
    data = bytearray()
    try:
        with anyio.fail_after(MAX_BODY_READ_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_FRAME_BYTES:
                    raise FrameRefused(413, "image_too_large_file")
    except TimeoutError:
        raise FrameRefused(408, "too_slow") from None
    return bytes(data)


def _build_error_response(status: int, slug: str) -> Response:
    return JSONResponse({"slug": slug}, status, headers=RESPONSE_HEADERS)
