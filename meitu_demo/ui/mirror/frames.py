"""The mirror's route: a frame in, the same frame reshaped out. Nothing of it is kept, written or logged.

    POST /mirror?shapes=8:0.5,7:0.3     body: a JPEG; x-mirror: a name drawn for this start of the mirror
    DELETE /mirror                      whoever has that name leaves

A frame is answered or refused at once and never queued; refusals are `{"slug": …}`, which the page puts into words.
Runs on the offline engine go first: as long as one of them waits for its turn, no frame is begun. And of all mirrors
together one frame is in work at a time, so that a run has at least a core to itself.
"""

import re

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from ...effects.mirror import Sight, Wanted, mirror
from ...errors import DemoError, ImageRejected, ValueRejected
from ...imaging import codec
from ...tables import load_shapes
from ..context import Context
from .seats import Already, Seats, Taken

PATH = "mirror"
MAX_BYTES = 512_000
MAX_PIXELS = 640 * 480
MOST_SHAPES = 3
ARRIVES_S = 5.0  # seconds that a frame may take to come in
QUALITY = 85
NAME = re.compile(r"[0-9a-f]{32}")
SHAPES = re.compile(r"([0-9]{1,2}):([0-9]{1,3}(?:\.[0-9]{1,6})?)", re.ASCII)
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class _Refused(Exception):
    """No frame comes back. status: HTTP's; slug: what the page puts into words."""

    def __init__(self, status: int, slug: str) -> None:
        super().__init__(slug)
        self.status, self.slug = status, slug


def router(context: Context, seats: Seats | None = None) -> APIRouter:
    """The route; only for an app whose owner has the mirror on: otherwise it does not exist."""
    found, seats = APIRouter(), seats or Seats()
    lane: list[anyio.CapacityLimiter] = []  # made at the first frame: it belongs to the running event loop

    @found.post(f"/{PATH}")
    async def frame(request: Request) -> Response:
        try:
            if not lane:
                lane.append(anyio.CapacityLimiter(1))
            with seats.frame(_name(request)):
                wanted = _wanted(request)
                if context.turns.waiting_count:
                    raise _Refused(503, "giving_way")
                data = await _body(request)
                shown, sight = await anyio.to_thread.run_sync(reflect, data, wanted, limiter=lane[0])
            return Response(shown, media_type="image/jpeg", headers={**HEADERS, "x-sight": sight})
        except _Refused as refused:
            return _answer(refused.status, refused.slug)
        except Taken:
            return _answer(503, "taken")
        except Already:
            return _answer(429, "one_at_a_time")
        except DemoError as error:
            return _answer(422, error.slug)
        except ClientDisconnect:
            return _answer(400, "gone")

    @found.delete(f"/{PATH}")
    async def leave(request: Request) -> Response:
        try:
            seats.leave(_name(request))
        except _Refused as refused:
            return _answer(refused.status, refused.slug)
        return Response(status_code=204, headers=HEADERS)

    return found


def reflect(data: bytes, wanted: Wanted) -> tuple[bytes, Sight]:
    """A frame through the gate, reshaped, as a JPEG; and what was seen in it. Blocks.

    Raises ImageRejected (image_wrong_kind: no JPEG; image_too_many_pixels: above MAX_PIXELS …) or ValueRejected.
    """
    if codec.sniff(data) != "image/jpeg":
        raise ImageRejected("image_wrong_kind")
    shown, sight = mirror(codec.decode(data, max_pixels=MAX_PIXELS), wanted)
    return codec.encode(shown, QUALITY), sight


def _name(request: Request) -> str:
    name = request.headers.get("x-mirror", "")
    if not NAME.fullmatch(name):
        raise _Refused(400, "unnamed")
    return name


def _wanted(request: Request) -> Wanted:
    """The shapes asked for, at most MOST_SHAPES; those at strength 0 are left out. Raises ValueRejected."""
    parts = [part for part in request.query_params.get("shapes", "")[:100].split(",") if part]
    found = [SHAPES.fullmatch(part) for part in parts]
    if len(found) > MOST_SHAPES:
        raise ValueRejected(control="shapes", value=str(len(found)), allowed=f"0..{MOST_SHAPES}")
    pairs = [(int(pair[1]), float(pair[2])) if pair else (-1, 0.0) for pair in found]
    last = len(load_shapes()) - 1
    for shape, strength in pairs:
        if not (0 <= shape <= last and 0 <= strength <= 1):
            raise ValueRejected(control="shapes", value=f"{shape}:{strength}", allowed=f"0..{last}:0..1")
    return [pair for pair in pairs if pair[1] > 0]


async def _body(request: Request) -> bytes:
    """At most MAX_BYTES, within ARRIVES_S: what is too much is not read to its end."""
    if request.headers.get("content-type") != "image/jpeg":
        raise _Refused(415, "image_wrong_kind")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:12]) > MAX_BYTES:
        raise _Refused(413, "image_too_large_file")
    data = bytearray()
    try:
        with anyio.fail_after(ARRIVES_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise _Refused(413, "image_too_large_file")
    except TimeoutError:
        raise _Refused(408, "too_slow") from None
    return bytes(data)


def _answer(status: int, slug: str) -> Response:
    return JSONResponse({"slug": slug}, status, headers=HEADERS)
