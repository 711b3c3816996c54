"""The offline server as a whole: its routes, its links, and many callers at once."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from client_requests import KEYS, PATHS, TIDYUP, Ask

from meitu_demo.domain.billing import Billing, classify_billing
from meitu_demo.domain.errors import QueueFull, VendorError
from meitu_demo.offline import create_app
from meitu_demo.photos import codec
from meitu_demo.runtime.fair_queue import FairQueue
from meitu_demo.runtime.picture_store import PictureStore


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/v3/facefuse2", "/v1/", "/results", "/v3/facefuse/"])
async def test_an_unknown_path_is_told_as_meitus_gateway_does(
    method: str, path: str, server: httpx.AsyncClient
) -> None:
    """404 with its other form of failure."""
    response = await server.request(method, path, params=KEYS)
    assert response.status_code == 404
    assert response.json() == {"error_code": 1000404, "message": "no route found"}


@pytest.mark.parametrize("path", ["/api/portrait/effects/other", "/api/"])
async def test_an_unknown_path_is_told_as_by_ailab(path: str, server: httpx.AsyncClient) -> None:
    """404 ERROR_AI_NOT_EXISTS, as for an API that is gone."""
    response = await server.post(path)
    assert response.status_code == 404
    assert response.json()["error_detail"]["code"] == "ERROR_AI_NOT_EXISTS"


@pytest.mark.parametrize("path", ["/api/portrait/effects/other", "/v9/else", "/API/x"])
async def test_an_unknown_path_is_told_in_the_words_of_whose_key_it_has(path: str, server: httpx.AsyncClient) -> None:
    """AILabTools' key: its words for an API that is gone; the marketplace's key: the quoted path, without a code."""
    direct = await server.post(path, headers={"ailabapi-api-key": "x"})
    assert direct.json()["error_detail"]["code_message"] == "AI does not exist or has been deactivated"
    market = await server.post(path, headers={"x-rapidapi-key": "x", "x-rapidapi-host": "h"})
    assert (market.status_code, market.json()) == (404, {"message": f"Endpoint '{path}' does not exist"})


@pytest.mark.parametrize("path", [*PATHS.values(), TIDYUP])
async def test_get_is_not_served(path: str, server: httpx.AsyncClient) -> None:
    """The documents know POST only."""
    assert (await server.get(path, params=KEYS)).status_code == 404


async def test_a_result_link_lives_for_minutes(server: httpx.AsyncClient, ask_ailab: Ask) -> None:
    """It can be read more than once, is not to be stored on the way, and an expired or guessed one is gone."""
    url = (await ask_ailab()).json()["data"]["image_url"]
    first, second = await server.get(url), await server.get(url)
    assert first.content == second.content
    assert first.headers["cache-control"] == "no-store"
    assert (await server.get("/results/guess.jpg")).status_code == 404
    transport = server._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.app.state.results = PictureStore(-1)  # type: ignore[attr-defined]
    url = (await ask_ailab()).json()["data"]["image_url"]
    assert (await server.get(url)).status_code == 404


async def test_a_link_leads_back_to_where_the_call_came_in(portrait: bytes) -> None:
    """Host and port are the caller's: behind another name the link has that name."""
    transport = httpx.ASGITransport(create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://some.host:8700") as client:
        response = await client.post(
            TIDYUP, headers={"ailabapi-api-key": "x"}, data={"shape_type": "1", "strength": "0"},
            files={"image": ("p.jpg", portrait)},
        )  # fmt: skip
    assert response.json()["data"]["image_url"].startswith("http://some.host:8700/results/")


async def test_many_callers_at_once(ask_meitu: Ask, ask_ailab: Ask, portrait: bytes, faceless: bytes) -> None:
    """Sixteen calls of all kinds together: each gets its own answer, the same that it gets alone."""
    alone = {strength: (await ask_ailab(strength=strength)).status_code for strength in ("0", "1")}
    assert set(alone.values()) == {200}
    calls = [
        *(ask_ailab(shape_type=shape) for shape in range(8)),
        *(ask_meitu("quality_restoration") for _ in range(3)),
        *(ask_meitu("face_fuse", faceless) for _ in range(3)),
        *(ask_meitu("face_fuse", faceFusePPType="lion") for _ in range(2)),
    ]
    answers = await asyncio.gather(*calls)
    assert [answer.status_code for answer in answers] == [200] * 11 + [400] * 3 + [200] * 2
    links = {answer.json()["data"]["image_url"] for answer in answers[:8]}
    assert len(links) == 8
    restored = {answer.json()["media_info_list"][0]["media_data"] for answer in answers[8:11]}
    assert len(restored) == 1  # the engine is deterministic, whatever runs beside it


async def test_a_full_line_is_told_in_the_vendors_words(
    ask_meitu: Ask, ask_ailab: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More callers than may wait: each vendor's code for busy, with Retry-After; clients know that it cost nothing."""

    @asynccontextmanager
    async def full_queue(*_: object) -> AsyncIterator[None]:
        raise QueueFull(waiting=60, seconds=5)
        yield

    monkeypatch.setattr(FairQueue, "slot", full_queue)
    busy_meitu, busy_ailab = await ask_meitu("quality_restoration"), await ask_ailab()
    for response in (busy_meitu, busy_ailab):
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert busy_meitu.json()["ErrorCode"] == 503
    assert busy_ailab.json()["error_detail"]["code"] == "AI_SERVICE_FLOW_RESTRICTION"
    for vendor_id, code in (("meitu", "503"), ("ailab", "AI_SERVICE_FLOW_RESTRICTION")):
        assert classify_billing(VendorError(vendor_id, code)) is Billing.NOT_PROCESSED
    monkeypatch.undo()
    served = await ask_ailab()
    assert (served.status_code, served.headers.get("retry-after")) == (200, None)


async def test_the_loop_stays_free_while_pixels_are_worked_on(
    server: httpx.AsyncClient, ask_meitu: Ask, astronaut_jpeg: bytes
) -> None:
    """Other callers are answered while an effect runs."""
    work = asyncio.create_task(ask_meitu("quality_restoration", astronaut_jpeg))
    answered = 0
    while not work.done():
        assert (await server.get("/")).status_code == 404
        answered += 1
        await asyncio.sleep(0)  # in process nothing else would let the work go on
    assert answered > 3
    assert codec.read_size(base64.b64decode((await work).json()["media_info_list"][0]["media_data"])) >= (512, 512)
