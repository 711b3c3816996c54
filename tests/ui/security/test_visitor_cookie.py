"""The visitor cookie, which paid calls are counted against: set with the page, once, and nowhere else."""

from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.settings import Settings
from meitu_demo.ui.caller import VISITOR_COOKIE
from meitu_demo.ui.security.visitor_cookie import VisitorCookieMiddleware


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("page")


async def test_visitor_cookie_is_set_once_with_the_page(tmp_path: Path) -> None:
    """If calls cost money: HttpOnly, at the first visit only, with the page only; a forged one is replaced."""
    ledger = LazyLedger(Settings(data_dir=str(tmp_path)))
    app = VisitorCookieMiddleware(Starlette(routes=[Route("/", _page), Route("/other", _page)]), ledger)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://demo.example") as client:
        assert "set-cookie" not in (await client.get("/")).headers, "no call can cost money yet"
        recorder = await ledger.get_recorder()
        assert "set-cookie" not in (await client.get("/other")).headers
        first = (await client.get("/")).headers["set-cookie"]
        assert all(word in first for word in ("HttpOnly", "SameSite=Lax", "Secure"))
        value = first.split(";")[0].removeprefix(f"{VISITOR_COOKIE}=")
        assert recorder.is_valid_cookie(value)
        assert "set-cookie" not in (await client.get("/", headers={"cookie": f"{VISITOR_COOKIE}={value}"})).headers
    async with httpx.AsyncClient(transport=transport, base_url="http://demo.example") as client:
        replaced = (await client.get("/", headers={"cookie": f"{VISITOR_COOKIE}=v1.forged"})).headers["set-cookie"]
        assert "Secure" not in replaced


async def test_visitor_cookie_works_in_the_frame_of_a_space(tmp_path: Path) -> None:
    """The frame is another site's: the cookie is SameSite=None, Secure and Partitioned."""
    ledger = LazyLedger(Settings(data_dir=str(tmp_path)))
    await ledger.get_recorder()
    app = VisitorCookieMiddleware(Starlette(routes=[Route("/", _page)]), ledger, is_hf_space=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo.example") as client:
        first = (await client.get("/")).headers["set-cookie"]
    assert first.endswith("; Path=/; Max-Age=31536000; HttpOnly; SameSite=None; Secure; Partitioned")
    await ledger.close()
