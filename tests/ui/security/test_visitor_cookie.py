"""The cookie that paid calls are counted against: set on the page, once, and nowhere else."""

from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.settings import Settings
from meitu_demo.ui.security.visitor_cookie import VISITOR_COOKIE, VisitorCookieMiddleware


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("page")


async def test_the_page_sets_a_cookie_once(tmp_path: Path) -> None:
    """Where calls cost money: out of scripts' reach, at the first visit only, on the page only; a forged one goes."""
    till = LazyLedger(Settings(data_dir=str(tmp_path)))
    app = VisitorCookieMiddleware(Starlette(routes=[Route("/", _page), Route("/other", _page)]), till)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://demo.example") as client:
        assert "set-cookie" not in (await client.get("/")).headers, "no call can cost money yet"
        accounts = await till.get_recorder()
        assert "set-cookie" not in (await client.get("/other")).headers
        first = (await client.get("/")).headers["set-cookie"]
        assert all(word in first for word in ("HttpOnly", "SameSite=Lax", "Secure"))
        value = first.split(";")[0].removeprefix(f"{VISITOR_COOKIE}=")
        assert accounts.is_valid_cookie(value)
        assert "set-cookie" not in (await client.get("/", headers={"cookie": f"{VISITOR_COOKIE}={value}"})).headers
    async with httpx.AsyncClient(transport=transport, base_url="http://demo.example") as client:
        again = (await client.get("/", headers={"cookie": f"{VISITOR_COOKIE}=v1.forged"})).headers["set-cookie"]
        assert "Secure" not in again


async def test_in_a_spaces_frame_the_cookie_says_that_it_may_go_along(tmp_path: Path) -> None:
    """The frame is another site's: the cookie is sent there by https alone, and kept apart for that site."""
    till = LazyLedger(Settings(data_dir=str(tmp_path)))
    await till.get_recorder()
    app = VisitorCookieMiddleware(Starlette(routes=[Route("/", _page)]), till, is_hf_space=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo.example") as client:
        first = (await client.get("/")).headers["set-cookie"]
    assert first.endswith("; Path=/; Max-Age=31536000; HttpOnly; SameSite=None; Secure; Partitioned")
    await till.close()
