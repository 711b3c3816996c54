"""Services that record from the offline server, which plays the vendors here, and services that replay."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.model import Endpoint
from meitu_demo.offline import create_app
from meitu_demo.recordings import create_replay_app
from meitu_demo.service import Caller, CallService
from meitu_demo.settings import Settings

VENDOR_URL = "http://vendor.test"
KEYS = {"MEITU_API_KEY": "meitu-key-0123456789", "MEITU_API_SECRET": "meitu-secret-0123456789",
        "AILAB_API_KEY": "ailab-key-0123456789"}  # fmt: skip
ME = Caller("tab me", peer_address="9.9.9.9")
MakeService = Callable[..., CallService]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where recordings go; not there yet."""
    return tmp_path / "recordings"


@pytest.fixture
async def make_service(folder: Path, tmp_path: Path) -> AsyncIterator[MakeService]:
    """Makes services with keys, and `vendor` (by default the offline server) at VENDOR_URL; the environment's settings
    may be replaced.
    """
    async with AsyncExitStack() as stack:

        def make(vendor: httpx.AsyncBaseTransport | None = None, **environ: str) -> CallService:
            settings = Settings.from_env({
                **KEYS, "MEITU_BASE_URL": VENDOR_URL, "AILAB_BASE_URL": VENDOR_URL, "RECORDINGS": str(folder),
                "DATA_DIR": str(tmp_path / "data"), "CALLS_PER_SECOND": "off", **environ,
            })  # fmt: skip
            client = create_http_client(settings, create_app(), create_replay_app(folder))
            transport = vendor or httpx.ASGITransport(create_app())
            client._mounts = {httpx._utils.URLPattern(VENDOR_URL): transport, **client._mounts}
            service = CallService(client, settings)
            stack.push_async_callback(service.ledger.close)
            stack.push_async_callback(service.failure_lab.close)
            stack.push_async_callback(client.aclose)
            return service

        yield make


async def run(service: CallService, endpoint: Endpoint, photo: bytes, caller: Caller = ME, **values: Any) -> CallResult:
    """One call with consent, where the settings send it."""
    target = await service.choose_target(endpoint.vendor_id, payer="owner")
    handle = await service.start(endpoint, photo, values, target=target, caller=caller, consent=True)
    try:
        return await handle.result()
    finally:
        handle.release()


def list_files(folder: Path) -> list[Path]:
    """The recordings' files."""
    return sorted(folder.glob("*.recording"))
