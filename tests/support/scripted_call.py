"""A scripted call for the tests of single flight."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

import pytest

from meitu_demo.calls.in_flight_call import CallSpec
from meitu_demo.calls.pipeline import CallResult, Phase, ProgressCallback, VendorReply
from meitu_demo.calls.single_flight import FORCE_NONE, CallHandle, SingleFlight
from meitu_demo.domain.errors import DemoError
from meitu_demo.domain.model import ParsedResponse, Photo, ResultLink
from meitu_demo.endpoints import CATALOGUE
from support.unbilled_call import LIVE

PHOTO_BYTES = 1000
VENDOR_REPLY = VendorReply(ParsedResponse(ResultLink("http://vendor.invalid/1")), 0.0, 0)


def make_result(picture_bytes: int = 10) -> CallResult:
    photo = Photo(bytes(picture_bytes), "image/jpeg", 1, 1)
    return CallResult(CATALOGUE["face_fuse"], "live", {}, photo, photo, (), 0.0)


@dataclass
class ScriptedCall:
    """The two coroutines of a call: they wait and fail as told, and succeed by default."""

    turn: Awaitable[object] | None = None
    answer: Awaitable[VendorReply] | None = None
    error: Exception | None = None
    pictures: list[CallResult | Exception] = field(default_factory=lambda: [make_result()])
    asked: int = 0
    sent: int = 0
    recorded: int = 0

    @property
    def spec(self) -> CallSpec:
        return CallSpec(self.ask, self.collect, LIVE, photo_bytes=PHOTO_BYTES)

    async def ask(self, watch: ProgressCallback) -> VendorReply:
        self.asked += 1
        watch(Phase.WAIT, 1.0)
        if self.turn:
            await self.turn
        self.sent += 1
        watch(Phase.SEND, 0.0)
        try:
            answered = await self.answer if self.answer else VENDOR_REPLY
        finally:
            self.recorded += 1
        if self.error:
            raise self.error
        return answered

    async def collect(self, asked: VendorReply, watch: ProgressCallback) -> CallResult:
        watch(Phase.DOWNLOAD, 0.0)
        for _ in range(5):
            await asyncio.sleep(0)
        found = self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]
        if isinstance(found, Exception):
            raise found
        return found


def submit(
    single_flight: SingleFlight, call: ScriptedCall, again: int = FORCE_NONE, session: str = "one", key: str = "key"
) -> CallHandle:
    """Submit `call`, which sends a photo of `PHOTO_BYTES`."""
    return single_flight.submit(session, key, call.spec, force=again)


def pending_reply() -> "asyncio.Future[VendorReply]":
    return asyncio.get_running_loop().create_future()


async def settle() -> None:
    """Let everything go on until it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


async def wait_for_failure(handle: CallHandle) -> DemoError:
    with pytest.raises(DemoError) as caught:
        await handle.result()
    return caught.value
