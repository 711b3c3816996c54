"""PostgreSQL down at the start and in mid-run, with the whole app: live calls pause, offline calls work."""

import json
import threading
import time

import httpx
import pytest
from process.blocking_vendor import run_vendor
from ui.conftest import Page, serve

from meitu_demo.settings import Settings

from .postgres import FreshUrl, PostgresServer


def live(page: Page, photo: object) -> tuple[str, str]:
    """How a paid call ends, made again though its result may be known."""
    kind, answer = page.call("quality_restoration", photo, True, True)
    return kind, json.dumps(answer)


def test_app_survives_a_database_outage(
    postgres: PostgresServer, postgres_url: FreshUrl, portrait: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without a restart: live calls are refused while it is down, made once it is up; a sent call's result is shown."""
    url, folder = postgres_url(), tmp_path_factory.mktemp("data")
    postgres.stop()
    try:
        with run_vendor() as shop:
            settings = Settings.from_env({**shop.settings, "DATABASE_URL": url, "DATA_DIR": str(folder)})
            running = serve(settings)
            page = next(running)
            photo = page.upload(portrait)

            kind, words = live(page, photo)
            assert (kind, shop.calls) == ("error", [])
            assert "Live calls are paused." in words
            assert "postgres" not in words
            assert httpx.get(f"{page.url}/readyz", timeout=60).json()["parts"]["database"] == "unreachable"
            assert page.call("facial_aesthetics", photo, 8, 0.5, False, False)[0] == "complete"

            postgres.ensure_running()
            assert live(page, photo)[0] == "complete"

            asked, answers = len(shop.calls), []
            shop.unblocked.clear()
            caller = threading.Thread(target=lambda: answers.append(live(page, photo)[0]))
            caller.start()
            end = time.monotonic() + 30
            while len(shop.calls) == asked and time.monotonic() < end:
                time.sleep(0.01)
            postgres.stop()
            shop.unblocked.set()
            caller.join(60)
            assert answers == ["complete"]  # it was paid for
            assert live(page, photo)[0] == "error"

            postgres.ensure_running()
            assert live(page, photo)[0] == "complete"
            next(running, None)
    finally:
        postgres.ensure_running()
