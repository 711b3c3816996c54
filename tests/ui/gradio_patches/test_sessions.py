"""Gradio's sessions: how many an address may have, which of them go first, and what they share."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.data_classes import PredictBodyInternal
from gradio.state_holder import StateHolder
from starlette.requests import Request
from support.servers import retired_and_slow
from support.uvicorn_server import uvicorn_server
from ui.conftest import Page, serve

from meitu_demo.settings import Settings
from meitu_demo.ui.gradio_patches import sessions
from meitu_demo.ui.gradio_patches.sessions import LeanSessionState, SessionQuota

pytestmark = pytest.mark.gradio_internals
PAID_CALL = 7


class QueuedPage:
    """A page with a gr.State, three sessions for each address and seven in all; records which events were queued."""

    def __init__(self) -> None:
        with gr.Blocks(analytics_enabled=False) as self.blocks:
            self.state, self.box = gr.State(0), gr.Textbox("as built")
        self.blocks.queue()
        StateHolder().set_blocks(self.blocks)
        self.queue: Any = self.blocks._queue
        self.queue.push = self._push
        SessionQuota(self.blocks, [ip_network("10.0.0.0/8")], lambda value: value == PAID_CALL).install()

    async def _push(self, body: PredictBodyInternal, request: Request, username: str | None) -> tuple[bool, str, str]:
        body.session_hash = body.session_hash or "made of the event"
        self.blocks.state_holder[body.session_hash]
        return True, "event", "success"

    async def join(self, session: str | None, address: str = "203.0.113.1") -> Any:
        headers = [(b"x-forwarded-for", address.encode()), (b"accept-language", b"en")]
        request = Request({"type": "http", "client": ("10.0.0.1", 1), "headers": headers})
        return await self.queue.push(
            body=PredictBodyInternal(data=[], session_hash=session), request=request, username=None
        )

    def hold(self, session: str, value: object) -> None:
        self.blocks.state_holder[session][self.state._id] = value

    @property
    def sessions(self) -> set[str]:
        return set(self.blocks.state_holder.session_data)


@pytest.fixture
def queued_page(monkeypatch: pytest.MonkeyPatch) -> QueuedPage:
    monkeypatch.setattr(sessions, "MAX_ADDRESS_SESSIONS", 3)
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 7)
    return QueuedPage()


async def test_a_new_session_pushes_out_one_of_its_own_address(queued_page: QueuedPage) -> None:
    """The least recently used; those of other addresses stay."""
    await queued_page.join("other", "203.0.113.2")
    for session in ("one", "two", "three", "one", "four"):
        assert (await queued_page.join(session))[0]
    assert queued_page.sessions == {"other", "three", "one", "four"}


async def test_sessions_in_use_are_not_pushed_out(queued_page: QueuedPage) -> None:
    """One whose event waits and one with a paid call stay; one with nothing goes before one with keys."""
    for session in ("keys", "waits", "nothing"):
        await queued_page.join(session)
    queued_page.hold("keys", {"meitu": "keys"})
    queued_page.queue.event_ids_to_events["event"] = SimpleNamespace(session_hash="waits")
    await queued_page.join("new")
    assert queued_page.sessions == {"keys", "waits", "new"}
    queued_page.hold("new", PAID_CALL)
    await queued_page.join("newer")
    assert queued_page.sessions == {"waits", "new", "newer"}
    queued_page.hold("newer", PAID_CALL)
    is_queued, words, _ = await queued_page.join("newest")
    assert (is_queued, "Too many pages" in words) == (False, True)
    assert (await queued_page.join("waits"))[0]
    assert (await queued_page.join("stranger", "203.0.113.9"))[0]


async def test_beyond_the_limit_in_all_the_address_with_most_sessions_loses_one(queued_page: QueuedPage) -> None:
    """And an API call, whose session Gradio names after its event, counts like any other."""
    for number in range(7):
        await queued_page.join(f"session{number}", f"203.0.113.{1 + number // 3}")
    await queued_page.join(None, "203.0.113.9")
    assert queued_page.sessions == {f"session{number}" for number in range(1, 7)} | {"made of the event"}


def test_sessions_share_what_they_do_not_change(queued_page: QueuedPage) -> None:
    """A component that a session changes is changed for it alone, and none holds the configuration of all."""
    one, other = (queued_page.blocks.state_holder[session] for session in ("one", "other"))
    assert isinstance(one, LeanSessionState)
    one[queued_page.box._id] = gr.Textbox("changed", render=False)
    one._update_config(queued_page.box._id)
    one._update_value_in_config(queued_page.box._id, "typed")
    assert (one[queued_page.box._id].value, other[queued_page.box._id].value) == ("changed", "as built")
    assert other.config_values == {}


@pytest.fixture
def paid_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: threading.Event) -> Iterator[Page]:
    """The app behind a proxy that names the visitors, with a vendor that waits, and few sessions for each address."""
    monkeypatch.setattr(sessions, "MAX_ADDRESS_SESSIONS", 10)
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 30)
    with uvicorn_server(retired_and_slow(answers)) as vendor:
        environ = {
            "MEITU_API_KEY": "key-of-the-owner-001", "MEITU_API_SECRET": "secret-of-the-owner-001",
            "MEITU_BASE_URL": vendor, "DATA_DIR": str(tmp_path), "CALLS_PER_SECOND": "off",
            "TRUSTED_PROXIES": "127.0.0.1",
        }  # fmt: skip
        yield from serve(Settings.from_env(environ))


@pytest.fixture
def answers() -> Iterator[threading.Event]:
    """Set it, and the slow vendor answers."""
    event = threading.Event()
    yield event
    event.set()


def test_throwaway_sessions_do_not_cut_off_who_waits(
    paid_page: Page, portrait: bytes, answers: threading.Event, figure: Any
) -> None:
    """Hundreds of sessions of one address come and go while another's paid call runs; its answer still arrives."""
    photo = paid_page.upload(portrait)
    flood_url = f"{paid_page.url}/gradio_api/queue/join"
    forget = next(event["id"] for event in paid_page.config["dependencies"] if event["api_name"] == "forget_keys")

    def flood(client: httpx.Client, number: int) -> int:
        body = {"data": [], "fn_index": forget, "session_hash": f"throwaway{number}"}
        return client.post(flood_url, json=body, headers={"x-forwarded-for": "198.51.100.1"}).status_code

    is_sent = threading.Event()

    def watch(line: str) -> None:
        if "stop" in line:  # the button that a run under way shows
            is_sent.set()

    with ThreadPoolExecutor(1) as pool, httpx.Client(timeout=60) as client:
        waiting = pool.submit(paid_page.run, "quality-restoration", [], photo, "7" * 32, consent=True, on_line=watch)
        assert is_sent.wait(60)
        statuses = {flood(client, number) for number in range(300)}
        answers.set()
        assert "No face was found" in waiting.result()
    assert 200 in statuses
    assert statuses <= {200, 400}  # refused in words while the events of all its sessions still run
    count = len(paid_page.app.state.gradio.get_blocks().state_holder.session_data)
    assert count <= 11
    figure(f"sessions: 300 of one address, {count} kept in all, the paid call of another arrived")
