"""The trace of successful and failed calls, and the stopwatch."""

import asyncio
import base64
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from support.unbilled_call import LIVE, LIVE_AILAB, RESHAPE, RESTORE, Handler, run_answered, run_unbilled

from meitu_demo.calls import retry
from meitu_demo.calls.pipeline import prepare, send
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.errors import (
    DemoError,
    ImageRejected,
    InvalidResponse,
    LinkRejected,
    OutcomeUnknown,
    RateLimited,
    Unreachable,
    VendorError,
)
from meitu_demo.domain.model import CallTarget, Credentials, Photo
from meitu_demo.inspector.capture import capture_request, capture_response
from meitu_demo.inspector.trace import PHASES, Span, Stopwatch, Trace
from meitu_demo.settings import Settings
from meitu_demo.vendors import VENDORS


async def failed(handler: Handler, photo: bytes, route: CallTarget = LIVE) -> tuple[DemoError, Trace]:
    with pytest.raises(DemoError) as caught:
        await run_answered(handler, photo, route)
    assert isinstance(caught.value.trace, Trace)
    assert "trace" not in caught.value.facts
    assert "Trace" not in repr(caught.value)
    return caught.value, caught.value.trace


def phases(trace: Trace) -> list[str]:
    return [span.phase for span in trace.spans]


def in_order(trace: Trace) -> bool:
    ends = [(span.start, span.end) for span in trace.spans]
    return ends == sorted(ends) and all(before[1] <= after[0] for before, after in pairwise(ends))


# ── Successful calls ────────────────────────────────────────────────────────────────────────────────────────────────
async def test_trace_of_an_offline_call_in_both_dialects(offline_client: httpx.AsyncClient, portrait: bytes) -> None:
    """Of an in-process call, the vendor's time is all between sending and parsing; a picture behind a link is
    downloaded as well.
    """
    for endpoint, wanted in (
        (RESTORE, ["prepare", "wait", "vendor", "decode"]),
        (RESHAPE, ["prepare", "wait", "vendor", "decode", "download", "decode"]),
    ):
        route = TargetResolver(Settings()).resolve_offline(endpoint.vendor_id)
        outcome = await run_unbilled(offline_client, route, endpoint, portrait, {})
        trace = outcome.trace
        assert trace is not None
        assert (trace.mode, trace.attempts) == ("offline", 1)
        assert phases(trace) == wanted
        assert in_order(trace)
        assert trace.request.size == outcome.bytes_sent
        assert trace.request_id == outcome.request_id
        assert trace.response is not None
        assert trace.response.start_line == "HTTP 200 OK"
        assert trace.fetched_bytes == (len(outcome.result_photo.data) if endpoint is RESHAPE else 0)
        assert trace.duration_s > 0


async def test_capture_request_of_meitu(portrait_photo: Photo) -> None:
    """Start line, headers and body, with variables instead of keys and the photo's prefix and size."""
    request = VENDORS["meitu"].build(RESTORE, LIVE, portrait_photo, {})
    captured = capture_request(request, LIVE)
    where = "https://openapi.mtlab.meitu.com/v1/aiquality"
    assert captured.start_line == f"POST {where}?api_key=$MEITU_API_KEY&api_secret=$MEITU_API_SECRET"
    assert dict(captured.headers)["content-type"] == "application/json"
    assert dict(captured.headers)["host"] == "openapi.mtlab.meitu.com"
    text = base64.b64encode(portrait_photo.data).decode()
    assert f'"media_data": "{text[:24]}… ({round(len(text) / 1000)} KB)"' in captured.body
    assert '"rsp_media_type": "base64"' in captured.body
    assert captured.size == len(request.content)


@pytest.mark.parametrize("host", ["", "faces.p.rapidapi.com"])
async def test_capture_request_of_ailab(host: str, portrait_photo: Photo) -> None:
    """Part by part; the file by name, type and size; the key's header by its variable, in both editions."""
    route = replace(LIVE_AILAB, credentials=Credentials(SecretStr("canary-key"), host=host))
    request = VENDORS["ailab"].build(RESHAPE, route, portrait_photo, RESHAPE.validate({}))
    request.read()
    captured = capture_request(request, route)
    headers = dict(captured.headers)
    if host:
        assert headers["x-rapidapi-key"] == "$RAPIDAPI_KEY"
        assert headers["x-rapidapi-host"] == host
    else:
        assert headers["ailabapi-api-key"] == "$AILAB_API_KEY"
    parts = captured.body.split(f"--{headers['content-type'].partition('boundary=')[2]}")
    assert 'name="shape_type"\n\n8\n' in parts[1]
    assert f"Content-Type: image/jpeg\n\n… ({round(len(portrait_photo.data) / 1000)} KB)\n" in parts[3]
    assert 'filename="photo.jpg"' in parts[3]
    assert parts[4] == "--"


async def test_capture_response(portrait: bytes) -> None:
    """Status, informative headers, and the body with its picture shortened and of its link the host alone."""
    body = {"media_info_list": [{"media_data": base64.b64encode(portrait).decode()}], "request_id": "r-1"}
    headers = {"x-request-id": "r-1", "x-tracker": "t", "set-cookie": "s=1", "x-ratelimit-remaining": "7"}
    outcome = await run_answered(lambda _: httpx.Response(200, json=body, headers=headers), portrait)
    assert outcome.trace is not None
    captured = outcome.trace.response
    assert captured is not None
    assert dict(captured.headers).keys() == {"content-type", "content-length", "x-request-id", "x-ratelimit-remaining"}
    assert f'"media_data": "{base64.b64encode(portrait).decode()[:24]}…' in captured.body
    assert '"request_id": "r-1"' in captured.body
    linked = httpx.Response(200, json={"data": {"image_url": "https://u:p@obs.mtlab.meitu.com/mtopen/k/1.png?t=2"}})
    assert '"image_url": "https://obs.mtlab.meitu.com/…"' in capture_response(linked, LIVE_AILAB).body


async def test_trace_separates_sending_and_waiting_over_a_real_socket(portrait: bytes) -> None:
    """Where the transport reports it, sending, waiting for the response and downloading it are separate phases."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        body = b'{"media_info_list": [{"media_data": "' + base64.b64encode(portrait) + b'"}]}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        route = replace(LIVE, base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            outcome = await run_unbilled(client, route, RESTORE, portrait, {})
    assert outcome.trace is not None
    assert phases(outcome.trace) == ["prepare", "wait", "send", "vendor", "download", "decode"]
    assert in_order(outcome.trace)


# ── Failed calls ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_trace_is_attached_to_a_refusal(portrait: bytes) -> None:
    """The error carries the vendor's response, but not among its facts."""
    refusal = {"ErrorCode": 20003, "ErrorMsg": "DETECT_NOT_FACE", "request_id": "r-2"}
    error, trace = await failed(lambda _: httpx.Response(400, json=refusal), portrait)
    assert isinstance(error, VendorError)
    assert trace.response is not None
    assert trace.response.start_line == "HTTP 400 Bad Request"
    assert "DETECT_NOT_FACE" in trace.response.body
    assert (trace.request_id, phases(trace)) == ("r-2", ["prepare", "wait", "vendor", "decode"])


async def test_trace_without_a_valid_response(portrait: bytes) -> None:
    """Without a response the trace holds the request alone; an unexpected response is in the trace."""

    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    error, trace = await failed(lost, portrait)
    assert isinstance(error, OutcomeUnknown)
    assert (trace.response, phases(trace)) == (None, ["prepare", "wait", "vendor"])
    error, trace = await failed(lambda _: httpx.Response(200, html="<p>Service is moving</p>"), portrait)
    assert isinstance(error, InvalidResponse)
    assert trace.response is not None
    assert trace.response.body == "<p>Service is moving</p>"


async def test_trace_counts_each_attempt(portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two attempts that never arrived and one that did: three spans of sending, with the pauses in between as
    waiting.
    """
    monkeypatch.setattr(retry, "MAX_JITTER_S", (0.001, 0.001))
    body = {"media_info_list": [{"media_data": base64.b64encode(portrait).decode()}]}
    answers = iter([httpx.ConnectError(""), httpx.ConnectError(""), httpx.Response(200, json=body)])

    def handler(request: httpx.Request) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    outcome = await run_answered(handler, portrait)
    assert outcome.trace is not None
    assert outcome.trace.attempts == 3
    attempt = ["wait", "vendor"]
    assert phases(outcome.trace) == ["prepare", *attempt * 3, "decode"]
    assert in_order(outcome.trace)

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("", request=request)

    error, trace = await failed(down, portrait)
    assert isinstance(error, Unreachable)
    assert (trace.attempts, trace.spans[-1].phase) == (3, "send")  # it never came to waiting for an answer


async def test_trace_of_a_failed_download(portrait: bytes) -> None:
    """The response is in the trace although its picture could not be downloaded; the download continues the
    same trace.
    """

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(404)
        return httpx.Response(200, json={"data": {"image_url": "https://www.ailabapi.com/secret-path/1.jpg"}})

    error, trace = await failed(handler, portrait, LIVE_AILAB)
    assert isinstance(error, LinkRejected)
    assert trace.response is not None
    assert "https://www.ailabapi.com/…" in trace.response.body
    assert phases(trace)[-2:] == ["decode", "download"]


async def test_trace_is_none_if_nothing_was_sent(portrait: bytes) -> None:
    """A rejected photo, or too long a queue: nothing went over the wire."""

    class Full:
        async def rate_limit_delay(self) -> float:
            raise RateLimited(vendor="meitu", seconds=9)

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    with pytest.raises(ImageRejected) as refused:
        await run_answered(never, b"no photo")
    order = await prepare(RESTORE, portrait, {})
    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as client:
        with pytest.raises(RateLimited) as busy:
            await send(client, LIVE, order, open_paid_call=lambda: nullcontext(Full()))  # type: ignore[arg-type, return-value]
    assert refused.value.trace is None
    assert busy.value.trace is None


async def test_trace_failure_does_not_fail_the_call(portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a response cannot be captured, the call ends as it would have ended."""

    def odd(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("meitu_demo.inspector.trace.capture_response", odd)
    body = {"media_info_list": [{"media_data": base64.b64encode(portrait).decode()}]}
    outcome = await run_answered(lambda _: httpx.Response(200, json=body), portrait)
    assert (outcome.result_photo.data, outcome.trace) == (portrait, None)


# ── Stopwatch and cost ──────────────────────────────────────────────────────────────────────────────────────────────
def test_stopwatch_merges_and_resumes_phases() -> None:
    """Phases follow each other; one entered twice continues; a stopwatch continues where another ended."""
    now = [10.0]
    watch = Stopwatch(clock=lambda: now[0])
    for phase, seconds in (("prepare", 1), ("send", 2), ("send", 3), ("vendor", 4)):
        watch.enter(phase)
        now[0] += seconds
    assert watch.stop() == (Span("prepare", 0, 1), Span("send", 1, 6), Span("vendor", 6, 10))
    now[0] += 100  # somebody thinks about it
    later = Stopwatch(watch.stop(), clock=lambda: now[0])
    later.enter("vendor")
    now[0] += 1
    assert later.stop()[-1] == Span("vendor", 6, 11)
    assert {"prepare", "send", "vendor"} < set(PHASES)
