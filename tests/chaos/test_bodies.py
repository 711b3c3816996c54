"""Whatever a vendor answers, it ends as a result or as an error that can be explained, and leads nowhere."""

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

from chaos.malformed_answers import ORIGIN, Odd, answers
from meitu_demo.calls import pipeline
from meitu_demo.calls.download import create_blocking_cookie_jar
from meitu_demo.calls.retry import RetryBudget
from meitu_demo.calls.vendor_health import VendorHealth
from meitu_demo.domain.billing import classify_billing
from meitu_demo.domain.errors import DemoError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import CallTarget, Credentials, Image, PreparedCall
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec
from meitu_demo.settings import Settings

pytestmark = pytest.mark.chaos

KEYS = Credentials(SecretStr("canary-key"), SecretStr("canary-secret"))
ONCE = VendorHealth(retry_budget=RetryBudget(0, 0))
ENDPOINTS = ("quality_restoration", "facial_aesthetics")


class Pieces(httpx.AsyncByteStream):
    """A body as it comes over the wire, packed or not."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class Vendor:
    """Answers each call, and each link, with what it was given; counts who else is asked."""

    def __init__(self) -> None:
        self.call, self.link = Odd(), Odd()
        self.elsewhere: list[str] = []
        self.hops = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        odd = self.call if request.method == "POST" else self.link
        self.hops += request.method == "GET"
        if request.method == "GET" and f"{request.url.scheme}://{request.url.netloc.decode()}" != ORIGIN:
            named = request.headers["host"].endswith(".meitu.com")
            if request.url.scheme != "https" or request.url.host != PUBLIC or not named:
                self.elsewhere.append(str(request.url))
        return httpx.Response(odd.status, headers=list(odd.headers), stream=Pieces(odd.pieces))


async def ended(client: httpx.AsyncClient, route: CallTarget, order: PreparedCall) -> pipeline.CallResult | DemoError:
    try:
        asked = await pipeline.send(client, route, order, health=ONCE)
        return await pipeline.fetch_result(client, route, order, asked)
    except DemoError as error:
        return error


def check(found: pipeline.CallResult | DemoError) -> str:
    """Its kind, once it has been explained in both languages."""
    if isinstance(found, pipeline.CallResult):
        assert min(found.result_photo.width, found.result_photo.height) > 0
        return "outcome"
    assert classify_billing(found) is not None
    for language in ("en", "zh"):
        told = explain(found, language)
        assert all((told.title, told.why, told.fix)), told
        assert "canary" not in told.as_text() + str(found)
    return type(found).__name__


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_vendor_answer_of_any_kind_ends_in_a_result_or_typed_error(
    endpoint: str,
    portrait_pixels: Image,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Callable[[int], int],
    figure: Callable[[str], None],
) -> None:
    """Each of 5,000 malformed answers a vendor ends in a result or a typed error; no forbidden link is used."""
    count, kinds, vendor = rounds(10_000 // len(ENDPOINTS)), Counter[str](), Vendor()
    photo = codec.encode(portrait_pixels[:40, :40])
    provider = CATALOGUE[endpoint].provider
    route = CallTarget(provider, ORIGIN, KEYS, is_billable=True, timeout_s=20, result_hosts=Settings().result_hosts)
    monkeypatch.setattr(socket, "getaddrinfo", Names().lookup)
    with asyncio.Runner() as runner:
        transport = httpx.MockTransport(vendor)
        client = httpx.AsyncClient(transport=transport, trust_env=False, cookies=create_blocking_cookie_jar())
        order = runner.run(pipeline.prepare(CATALOGUE[endpoint], codec.encode(portrait_pixels), {}))
        odd = answers(provider, photo)

        @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
        @given(call=odd, link=st.one_of(st.none(), st.none(), odd))
        def answered(call: Odd, link: Odd | None) -> None:
            vendor.call, vendor.link = call, link or Odd(body=photo)
            kinds[check(runner.run(ended(client, route, order)))] += 1

        answered()
        runner.run(client.aclose())
    assert not vendor.elsewhere
    told = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
    figure(f"bodies, {provider}: {kinds.total()} answers, 0 untyped errors ({told}); "
           f"{vendor.hops} links followed, 0 where none may lead")  # fmt: skip
    assert kinds.total() >= count
    assert {"outcome", "VendorError", "InvalidResponse"} <= kinds.keys()
