"""Which way a call goes, and the client that both ways share."""

import logging

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route as HttpRoute

from meitu_demo.errors import MissingKey
from meitu_demo.settings import MARKETPLACE_HOST, RESULT_HOSTS, Settings
from meitu_demo.transport import OFFLINE_URL, Routes, State, Status, make_client

MEITU = {"MEITU_API_KEY": "k", "MEITU_API_SECRET": "s"}
AILAB = {"AILAB_API_KEY": "a"}
MARKET = {"RAPIDAPI_KEY": "r"}


def routes(**environ: str) -> Routes:
    return Routes(Settings.from_env(environ))


def test_without_keys_everything_is_offline() -> None:
    """Mode auto: the offline server, free of charge."""
    for provider in ("meitu", "ailab"):
        route = routes().choose(provider)
        assert (route.base_url, route.paid, route.mode) == (OFFLINE_URL, False, "offline")
        assert routes().live(provider) is None


def test_a_key_turns_its_own_provider_live() -> None:
    """Keys of one vendor say nothing about the other."""
    mixed = routes(**MEITU)
    meitu = mixed.choose("meitu")
    assert (meitu.base_url, meitu.paid, meitu.mode) == ("https://openapi.mtlab.meitu.com", True, "live")
    assert meitu.credentials.key.get_secret_value() == "k"
    assert meitu.credentials.secret is not None
    assert meitu.credentials.secret.get_secret_value() == "s"
    assert mixed.choose("ailab").mode == "offline"


def test_the_direct_key_of_ailab_wins_over_the_marketplace() -> None:
    """Each edition goes to its own place with its own header."""
    market = routes(**MARKET).choose("ailab")
    assert (market.base_url, market.credentials.host) == (f"https://{MARKETPLACE_HOST}", MARKETPLACE_HOST)
    assert market.path == "/face/editing/face-tidyup"
    both = routes(**MARKET, **AILAB).choose("ailab")
    assert (both.base_url, both.credentials.host, both.path) == ("https://www.ailabapi.com", "", None)


def test_mode_live_does_not_fall_back() -> None:
    """A provider without keys says which setting is missing."""
    with pytest.raises(MissingKey) as caught:
        routes(MODE="live", **MEITU).choose("ailab")
    assert caught.value.facts == {"provider": "ailab", "setting": "AILAB_API_KEY"}
    assert routes(MODE="live", **MEITU).choose("meitu").paid


def test_mode_offline_ignores_keys() -> None:
    """Nothing is paid, whatever is set."""
    for provider in ("meitu", "ailab"):
        settled = routes(MODE="offline", **MEITU, **AILAB, **MARKET)
        assert not settled.choose(provider).paid
        assert settled.live(provider) is None


def test_the_offline_route_is_always_there() -> None:
    """Also with keys and in mode live: a failed call can go on offline."""
    assert not routes(MODE="live", **MEITU).offline("meitu").paid


@pytest.mark.parametrize(
    ("environ", "meitu", "ailab"),
    [
        ({}, Status(State.OFFLINE, "key_missing", "MEITU_API_KEY"),
         Status(State.RETIRED, "key_missing", "AILAB_API_KEY")),
        ({**MEITU, **AILAB}, Status(State.LIVE, "key_set"), Status(State.RETIRED, "key_set")),
        (MARKET, Status(State.OFFLINE, "key_missing", "MEITU_API_KEY"), Status(State.RETIRED, "key_set")),
        ({**MEITU, "MODE": "offline"}, Status(State.OFFLINE, "mode_offline"), Status(State.RETIRED, "mode_offline")),
        ({"MODE": "live"}, Status(State.OFFLINE, "key_missing_live", "MEITU_API_KEY"),
         Status(State.OFFLINE, "key_missing_live", "AILAB_API_KEY")),
    ],
)  # fmt: skip
def test_a_badge_says_state_and_reason(environ: dict[str, str], meitu: Status, ailab: Status) -> None:
    """Live, offline and why, or retired by its vendor."""
    decided = routes(**environ)
    assert (decided.status("meitu"), decided.status("ailab")) == (meitu, ailab)


def test_results_may_lie_at_the_hosts_that_are_set() -> None:
    """For each vendor and edition; the offline server's lie nowhere but there."""
    for keys in ({**MEITU, **AILAB}, {**MEITU, **MARKET}):
        for provider in ("meitu", "ailab"):
            assert routes(**keys).choose(provider).result_hosts == RESULT_HOSTS
            assert routes(**keys, RESULT_HOSTS="a.example").choose(provider).result_hosts == ("a.example",)
            assert routes(**keys).offline(provider).result_hosts == ()


# ── The client ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_one_client_goes_both_ways() -> None:
    """The reserved host is answered in process; every other host is not."""
    offline = Starlette(routes=[HttpRoute("/x", lambda request: PlainTextResponse("here"))])
    async with make_client(Settings(), offline) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).text == "here"
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/x")


async def test_a_fault_of_the_offline_server_is_an_answer() -> None:
    """An exception inside it arrives as a 500, as it would over a socket."""

    def broken(request: object) -> PlainTextResponse:
        raise RuntimeError("broken")

    async with make_client(Settings(), Starlette(routes=[HttpRoute("/x", broken)])) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).status_code == 500


async def test_a_proxy_in_the_environment_does_not_get_the_offline_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a company's proxy the photo still stays in process."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    offline = Starlette(routes=[HttpRoute("/x", lambda request: PlainTextResponse("here"))])
    async with make_client(Settings(), offline) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).text == "here"


async def test_timeouts_come_from_the_settings() -> None:
    """Connecting and reading have their own."""
    async with make_client(Settings(connect_timeout=1.5, read_timeout=7), Starlette()) as client:
        assert (client.timeout.connect, client.timeout.read) == (1.5, 7)


async def test_the_library_does_not_write_urls(caplog: pytest.LogCaptureFixture) -> None:
    """httpx would log each request's URL, and Meitu's holds the keys: not even where somebody turns its log on."""
    offline = Starlette(routes=[HttpRoute("/x", lambda request: PlainTextResponse("here"))])
    async with make_client(Settings(meitu_key=SecretStr("k")), offline) as client:
        for level in (None, logging.DEBUG):
            if level is not None:
                logging.getLogger("httpx").setLevel(level)
            with caplog.at_level(logging.DEBUG):
                await client.get(f"{OFFLINE_URL}/x?api_key=canary")
    assert "canary" not in caplog.text
