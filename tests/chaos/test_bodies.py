"""Any vendor answer ends in a result or in an explainable error, and opens no connection to a forbidden host."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from support.fake_dns import PUBLIC, Names

from chaos.malformed_answers import ORIGIN, MalformedAnswer, answers
from meitu_demo.calls import pipeline
from meitu_demo.calls.circuit_breaker import VendorHealth
from meitu_demo.calls.http_client import create_blocking_cookie_jar
from meitu_demo.calls.retry import RetryBudget
from meitu_demo.domain.billing import classify_billing
from meitu_demo.domain.errors import DemoError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import CallTarget, Credentials, Image, PreparedCall
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec
from meitu_demo.settings import Settings

pytestmark = pytest.mark.chaos

KEYS = Credentials(SecretStr("canary-key"), SecretStr("canary-secret"))
NO_RETRIES = VendorHealth(retry_budget=RetryBudget(0, 0))
ENDPOINTS = ("quality_restoration", "facial_aesthetics")


class PiecewiseStream(httpx.AsyncByteStream):
    """A response body in pieces, as it arrives over the wire."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class Vendor:
    """Answers POST with `call` and GET with `link`; records the URLs of requests to forbidden hosts."""

    def __init__(self) -> None:
        self.call, self.link = MalformedAnswer(), MalformedAnswer()
        self.forbidden_urls: list[str] = []
        self.hops = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.call if request.method == "POST" else self.link
        self.hops += request.method == "GET"
        if request.method == "GET" and f"{request.url.scheme}://{request.url.netloc.decode()}" != ORIGIN:
            is_named = request.headers["host"].endswith(".meitu.com")
            if request.url.scheme != "https" or request.url.host != PUBLIC or not is_named:
                self.forbidden_urls.append(str(request.url))
        return httpx.Response(answer.status, headers=list(answer.headers), stream=PiecewiseStream(answer.pieces))


async def run_call(
    client: httpx.AsyncClient, target: CallTarget, prepared: PreparedCall
) -> pipeline.CallResult | DemoError:
    try:
        reply = await pipeline.send(client, target, prepared, health=NO_RETRIES)
        return await pipeline.fetch_result(client, target, prepared, reply)
    except DemoError as error:
        return error


def check(found: pipeline.CallResult | DemoError) -> str:
    """Check that an error is explained in both languages and contains no key; return the kind."""
    if isinstance(found, pipeline.CallResult):
        assert min(found.result_photo.width, found.result_photo.height) > 0
        return "outcome"
    assert classify_billing(found) is not None
    for language in ("en", "zh"):
        explanation = explain(found, language)
        assert all((explanation.title, explanation.why, explanation.fix)), explanation
        assert "canary" not in explanation.as_text() + str(found)
    return type(found).__name__


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_vendor_answer_of_any_kind_ends_in_a_result_or_typed_error(
    endpoint: str,
    portrait_pixels: Image,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Callable[[int], int],
    figure: Callable[[str], None],
) -> None:
    """Each of 5,000 malformed answers per vendor ends in a result or a typed error; no forbidden link is used."""
    count, kinds, vendor = rounds(10_000 // len(ENDPOINTS)), Counter[str](), Vendor()
    photo = codec.encode(portrait_pixels[:40, :40])
    vendor_id = CATALOGUE[endpoint].vendor_id
    target = CallTarget(vendor_id, ORIGIN, KEYS, is_billable=True, timeout_s=20, result_hosts=Settings().result_hosts)
    monkeypatch.setattr(socket, "getaddrinfo", Names().lookup)
    with asyncio.Runner() as runner:
        transport = httpx.MockTransport(vendor)
        client = httpx.AsyncClient(transport=transport, trust_env=False, cookies=create_blocking_cookie_jar())
        prepared = runner.run(pipeline.prepare(CATALOGUE[endpoint], codec.encode(portrait_pixels), {}))
        malformed = answers(vendor_id, photo)

        @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
        @given(call=malformed, link=st.one_of(st.none(), st.none(), malformed))
        def send_and_check(call: MalformedAnswer, link: MalformedAnswer | None) -> None:
            vendor.call, vendor.link = call, link or MalformedAnswer(body=photo)
            kinds[check(runner.run(run_call(client, target, prepared)))] += 1

        send_and_check()
        runner.run(client.aclose())
    assert not vendor.forbidden_urls
    counts = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
    figure(f"bodies, {vendor_id}: {kinds.total()} answers, 0 untyped errors ({counts}); "
           f"{vendor.hops} links followed, 0 where none may lead")  # fmt: skip
    assert kinds.total() >= count
    assert {"outcome", "VendorError", "InvalidResponse"} <= kinds.keys()
