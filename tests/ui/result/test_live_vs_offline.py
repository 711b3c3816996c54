"""Live versus offline through the page's event: paid once, sides independent, nothing left after deletion."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from ui.conftest import Page, serve

from meitu_demo.offline.failure_lab import ThreadedServer
from meitu_demo.settings import Settings

SLUG, VALUES = "facial-aesthetics", ["8", 0.5]
PAID = "facial_aesthetics"


@pytest.fixture(scope="module")
def vendor() -> Iterator[ThreadedServer]:
    """The stand-alone server, which counts what it would have billed."""
    server = ThreadedServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def paying(vendor: ThreadedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The app with a key for it."""
    folder = str(tmp_path_factory.mktemp("ledger"))
    yield from serve(Settings.from_env({"AILAB_API_KEY": "any", "AILAB_BASE_URL": vendor.start(), "DATA_DIR": folder}))


@contextmanager
def silent(folder: str) -> Iterator[Page]:
    """The app with a key for a vendor that takes photos and says nothing."""

    async def nothing(request: Any) -> Response:
        await request.body()
        await asyncio.sleep(3)
        return Response(status_code=503)

    server = ThreadedServer(lambda: Starlette(routes=[Route("/{path:path}", nothing, methods=["POST"])]))
    environ = {"AILAB_API_KEY": "any", "AILAB_BASE_URL": server.start(), "DATA_DIR": folder, "READ_TIMEOUT": "0.3"}
    try:
        yield from serve(Settings.from_env(environ))
    finally:
        server.stop()


def both(page: Page, photo: Any, tab: str = "", *, consent: bool = True) -> str:
    return page.press(f"{SLUG}-both", [photo, *VALUES, consent, tab, None, None])


def sides(answer: str) -> tuple[str, str]:
    """The last screen's two columns."""
    last = answer[answer.rindex('<div class=\\"sides\\">') :]
    live, offline = re.findall(r'<section class=\\"side\\".*?</section>', last)
    return live, offline


def test_live_vs_offline_pays_once_for_one_click(paying: Page, vendor: ThreadedServer, portrait: bytes) -> None:
    """Two simultaneous clicks share one call; a third shows its result again, as does a click on the plain button."""
    photo, tab, before = paying.upload(portrait), secrets.token_hex(16), vendor.charges[PAID]
    with ThreadPoolExecutor(2) as clicks:
        first, second = clicks.map(lambda _: sides(both(paying, photo, tab)), range(2))
    for live, offline in (first, second):
        assert "One paid call" in live
        assert all('class=\\"whole\\"' in side for side in (live, offline))
    assert "nothing was sent or charged twice" in sides(both(paying, photo, tab))[0]
    assert "nothing was sent or charged twice" in paying.run(SLUG, VALUES, photo, tab, consent=True)
    assert vendor.charges[PAID] - before == 1


def test_live_vs_offline_without_consent_sends_nothing(paying: Page, vendor: ThreadedServer, portrait: bytes) -> None:
    """The live side says so, the offline side has its result, and nothing was paid."""
    before = vendor.charges[PAID]
    live, offline = sides(both(paying, paying.upload(portrait), consent=False))
    assert "A live call needs your consent." in live
    assert 'class=\\"whole\\"' in offline
    assert vendor.charges[PAID] == before


def test_live_vs_offline_without_keys_runs_the_offline_side(page: Page, portrait: bytes) -> None:
    """The page hides the button then, but a program can post: the live side explains what is missing."""
    live, offline = sides(both(page, page.upload(portrait)))
    assert "AILAB_API_KEY" in live
    assert 'class=\\"whole\\"' in offline


@pytest.mark.parametrize("photo", [None, {"path": "/etc/passwd"}, b"no picture"])
def test_live_vs_offline_explains_a_common_rejection_once(paying: Page, vendor: ThreadedServer, photo: Any) -> None:
    """One explanation replaces two columns with the same words."""
    before = vendor.charges[PAID]
    answer = both(paying, paying.upload(photo) if isinstance(photo, bytes) else photo)
    last = answer[answer.rindex('<div class=\\"stage') :]
    assert "failure" in last
    assert answer.rindex('<div class=\\"stage') > answer.rindex('<section class=\\"side\\"')
    assert vendor.charges[PAID] == before


def test_live_vs_offline_stores_nothing_after_deletion(paying: Page, portrait: bytes) -> None:
    """Both pictures are gone, and the live result is not stored."""
    photo, tab = paying.upload(portrait), secrets.token_hex(16)
    answer = both(paying, photo, tab)
    kept = {f"{paying.url}/{path}" for path in re.findall(r"kept/[\w-]+/[\w.-]+", answer)}
    assert len(kept) == 2
    assert {paying.http.get(address).status_code for address in kept} == {200}
    assert "Checked: nothing left" in paying.press("delete-data", [tab])
    assert {paying.http.get(address).status_code for address in kept} == {404}


def test_live_vs_offline_while_one_side_is_silent(tmp_path: Any, portrait: bytes, faceless: bytes) -> None:
    """The offline side does not wait for it. On a stage the same click goes on offline, says what it may have cost, and
    does not send it again, not even where that is refused, too; anywhere else it is explained. Whoever deletes
    everything while one side waits finds neither afterwards.
    """
    with silent(str(tmp_path)) as page:
        photo, tab = page.upload(portrait), secrets.token_hex(16)
        live, offline = sides(both(page, photo, tab))
        assert "may have been billed" in live
        assert 'class=\\"whole\\"' in offline
        plain = page.run(SLUG, VALUES, photo, tab, consent=True)
        assert "failure" in plain[plain.rindex('<div class=\\"stage') :]
        staged = page.run(SLUG, VALUES, photo, tab, consent=True, query="?stage=1")
        last = staged[staged.rindex('<div class=\\"stage') :]
        assert "badge offline" in last
        for words in ("comes from the offline engine", "may have been billed", "Nothing was sent", "available retry"):
            assert words in last
        staged = page.run(SLUG, VALUES, page.upload(faceless), tab, consent=True, query="?stage=1")
        last = staged[staged.rindex('<div class=\\"stage') :]
        for words in ("No face was found", "may have been billed", "available retry"):
            assert words in last

        tab, told = secrets.token_hex(16), list[str]()

        def delete(line: str) -> None:
            if "whole" in line and not told:
                told.append(page.press("delete-data", [tab]))

        answer = page.press(f"{SLUG}-both", [page.upload(portrait), *VALUES, True, tab, None, None], on_line=delete)
        assert "Checked: nothing left" in told[0]
        assert all("Stopped." in side for side in sides(answer))
        kept = set(re.findall(r"kept/[\w-]+/[\w.-]+", answer))
        assert len(kept) == 1
        assert {page.http.get(f"{page.url}/{path}").status_code for path in kept} == {404}
