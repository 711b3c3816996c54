"""One call, there and back: what is checked before sending, what happens to it on the way, and what comes back."""

import asyncio
import base64
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
from support.unbilled_call import LIVE, LIVE_AILAB, RESHAPE, RESTORE, Handler, run_answered

from meitu_demo.calls.pipeline import Phase, prepare
from meitu_demo.domain.errors import (
    DemoError,
    ImageRejected,
    LinkRejected,
    UnreadableResult,
    ValueRejected,
)
from meitu_demo.domain.model import CallTarget, Photo
from meitu_demo.photos import codec


def with_picture(data: bytes) -> Callable[[httpx.Request], httpx.Response]:
    body = {"media_info_list": [{"media_data": base64.b64encode(data).decode()}], "request_id": "r"}
    return lambda request: httpx.Response(200, json=body)


async def failed(handler: Handler, photo: bytes, target: CallTarget = LIVE) -> DemoError:
    with pytest.raises(DemoError) as caught:
        await run_answered(handler, photo, target)
    return caught.value


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError("nothing may be sent")


# ── There ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_pipeline_returns_the_vendors_bytes(portrait: bytes) -> None:
    """The result is what the vendor sent, byte for byte, with what it is; the photo as sent stands beside."""
    theirs = codec.encode(np.zeros((40, 60, 3), np.uint8))
    steps: list[Phase] = []
    outcome = await run_answered(with_picture(theirs), portrait, on_progress=lambda step, _: steps.append(step))
    assert outcome.result_photo == Photo(theirs, "image/jpeg", 60, 40)
    assert (outcome.sent_photo.width, outcome.sent_photo.height) == (320, 320)
    assert (outcome.mode, outcome.request_id, outcome.values) == ("live", "r", {})
    assert outcome.elapsed_s > 0
    assert steps == [Phase.PREPARE, Phase.SEND]


async def test_pipeline_sniffs_a_png_declared_as_jpg(portrait: bytes, portrait_pixels: Any) -> None:
    """The declared type is not to be trusted; bytes tell."""
    import cv2

    png = cv2.imencode(".png", portrait_pixels)[1].tobytes()
    outcome = await run_answered(with_picture(png), portrait)
    assert (outcome.result_photo.media_type, outcome.result_photo.data) == ("image/png", png)


async def test_pipeline_downloads_a_link_from_the_calls_origin(portrait: bytes) -> None:
    """The second step of a call whose answer is a link, without the keys and without being told to the page."""
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.method == "GET":
            return httpx.Response(200, content=portrait)
        return httpx.Response(200, json={"data": {"image_url": "https://www.ailabapi.com/r/1.jpg"}})

    steps: list[Phase] = []
    outcome = await run_answered(handler, portrait, LIVE_AILAB, on_progress=lambda step, _: steps.append(step))
    assert outcome.result_photo.data == portrait
    assert steps == [Phase.PREPARE, Phase.SEND, Phase.DOWNLOAD]
    assert "canary" not in str(requests[1].headers.raw)


async def test_pipeline_sends_photos_within_the_limits(astronaut_jpeg: bytes) -> None:
    """The photo is prepared for the endpoint that gets it."""
    small = replace(RESTORE, limits=replace(RESTORE.limits, max_side_px=256, max_bytes=20_000))
    sent: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(base64.b64decode(json.loads(request.content)["media_info_list"][0]["media_data"]))
        return with_picture(astronaut_jpeg)(request)

    outcome = await run_answered(handler, astronaut_jpeg, LIVE, small)
    assert len(sent[0]) <= 20_000
    assert max(codec.read_size(sent[0])) <= 256
    assert {change.slug for change in outcome.changes} == {"resized", "bytes"}


@pytest.mark.parametrize("source", [b"", b"text", b"\xff\xd8\xff"])
async def test_pipeline_rejects_a_bad_photo_before_sending(source: bytes) -> None:
    """Nothing that fails here can cost anything."""
    assert isinstance(await failed(never, source), ImageRejected)


async def test_pipeline_rejects_a_bad_value_before_sending(portrait: bytes) -> None:
    """Nor a value that the endpoint does not take."""
    with pytest.raises(ValueRejected):
        await prepare(RESHAPE, portrait, {"shape_type": 22})


# ── Back, but not as promised ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("size", [1, 4, 2000])
async def test_pipeline_rejects_a_result_that_is_no_whole_picture(size: int, portrait: bytes) -> None:
    """Half a picture is not shown; it is told as the vendor's slip, not as the visitor's."""
    error = await failed(with_picture(portrait[:size]), portrait)
    facts = {"vendor": "meitu", "cause": "not_an_image", "request_id": "r"}
    assert (type(error), error.facts) == (UnreadableResult, facts)


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://169.254.169.254/latest/meta-data", "scheme"), ("https://169.254.169.254/latest/meta-data", "host"),
        ("https://elsewhere.example/1.jpg", "host"), ("https://results.example/1.jpg", "address"),
    ],
)  # fmt: skip
async def test_pipeline_does_not_follow_a_forbidden_link(
    url: str, cause: str, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a vendor's answer says: the route lists the hosts, and none of them may be private."""

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        return httpx.Response(200, json={"data": {"image_url": url}})

    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [(2, 1, 6, "", ("10.0.0.1", 443))])
    error = await failed(handler, portrait, replace(LIVE_AILAB, result_hosts=("results.example",)))
    assert (type(error), error.facts["cause"]) == (LinkRejected, cause)


async def test_pipeline_sends_a_call_once(portrait: bytes) -> None:
    """An answer that may have been billed is never asked for again by the machine."""
    for status in (500, 502, 504, 415):
        sent: list[int] = []
        await failed(lambda request, s=status, sent=sent: sent.append(s) or httpx.Response(s), portrait)
        assert sent == [status]


@pytest.mark.parametrize(("header", "seconds"), [("60", 60), ("a minute", None), (None, None)])
async def test_pipeline_reads_retry_after(header: str | None, seconds: int | None, portrait: bytes) -> None:
    """Seconds that come with a refusal are a fact of it; too many of them, and nothing goes again by itself."""
    headers = {"retry-after": header} if header else {}
    sent: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(1)
        return httpx.Response(400, headers=headers, json={"ErrorCode": 90024 if seconds else 20003})

    error = await failed(handler, portrait)
    assert (error.facts.get("retry_after"), len(sent)) == (seconds, 1)


async def test_pipeline_stops_when_cancelled(portrait: bytes) -> None:
    """Closing the page cancels; nothing swallows it."""
    started = asyncio.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    call = asyncio.create_task(run_answered(handler, portrait))
    await started.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
