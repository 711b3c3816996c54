"""The whole app on a free port, composed as app.py does it, with a recorder around its offline server."""

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.uvicorn_server import uvicorn_server

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.offline import create_app as create_offline
from meitu_demo.offline.failure_lab import ThreadedServer
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.settings import Settings
from meitu_demo.ui.app import create_app
from meitu_demo.ui.screens import history


@dataclass
class OfflineRecorder:
    """The offline server; records the paths of its calls and the pictures it answered with, in order."""

    app: Any
    pictures: list[bytes] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body: list[bytes] = []

        async def record(message: Any) -> None:
            body.append(message.get("body", b""))
            await send(message)

        await self.app(scope, receive, record)
        self.calls.append(scope["path"])
        answer = b"".join(body)
        if scope["path"].startswith("/results/"):
            self.pictures.append(answer)
        elif match := re.search(rb'"media_data":"([A-Za-z0-9+/=]+)"', answer):
            self.pictures.append(base64.b64decode(match[1]))


@dataclass
class Page:
    """A running app. offline: its offline server. client: the app's HTTP client. http: the test's HTTP client.
    app: the FastAPI app.
    """

    url: str
    offline: OfflineRecorder = field(default_factory=lambda: OfflineRecorder(None))
    client: Any = None
    http: Any = httpx
    app: Any = None
    _config: dict[str, Any] = field(default_factory=dict)

    def upload(self, data: bytes, name: str = "me.jpg") -> dict[str, Any]:
        """Upload a photo; returns its payload for calls and events."""
        paths = self.http.post(f"{self.url}/gradio_api/upload", files={"files": (name, data)}).json()
        return {"path": paths[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def call(self, name: str, *data: Any, language: str = "en", address: str = "") -> tuple[str, Any]:
        """(event, data) at the end of an API call over plain HTTP. address: for X-Forwarded-For."""
        headers = {"accept-language": language, **({"x-forwarded-for": address} if address else {})}
        url = f"{self.url}/gradio_api/call/{name}"
        event = self.http.post(url, json={"data": data}, headers=headers).json()["event_id"]
        text = self.http.get(f"{url}/{event}", headers=headers, timeout=60).text
        kind, _, value = text.strip().split("\n\n")[-1].partition("\ndata: ")
        return kind.removeprefix("event: "), json.loads(value)

    def run(self, slug: str, values: list[Any], photo: Any, tab: str = "", **more: Any) -> str:
        """Press a panel's run button and return the answer. tab: the tab's id."""
        consent = more.pop("consent", False)
        return self.press(f"{slug}-run", [photo, *values, consent, tab, None, None], **more)

    def press(self, element: str, data: list[Any], trigger: str = "click", **more: Any) -> str:
        """Trigger the component with this element id and return the answer. It may be a button below a result."""
        if not self._has_component(element):
            slug, _, action = element.rpartition("-")
            element, trigger = f"{slug}-actions", history.ACTION_EVENTS[action] if slug == "history" else "click"
            data = data if slug == "history" else [*data, action]
        target = [self._component(element), trigger]
        press = next(event["id"] for event in self.config["dependencies"] if target in map(list, event["targets"]))
        return self.join(press, data, **more)

    @property
    def config(self) -> dict[str, Any]:
        """The page's components and events."""
        if not self._config:
            self._config.update(self.http.get(f"{self.url}/config").json())
        return self._config

    def _has_component(self, element: str) -> bool:
        return any(part["props"].get("elem_id") == element for part in self.config["components"])

    def _component(self, element: str) -> int:
        ids = (part["id"] for part in self.config["components"] if part["props"].get("elem_id") == element)
        return int(next(ids))

    def join(
        self,
        fn_index: int,
        data: list[Any],
        on_line: Callable[[str], object] = str,
        session: str = "",
        query: str = "",
        payers: str = "meitu=owner ailab=owner",
        event_data: Any = None,
    ) -> str:
        """Call a private event and return its complete answer as text.

        on_line: called with each line as it arrives. session: Gradio's session hash, a new one by default.
        query: the query of the page's URL, with its "?". payers: who pays, as the page shows it.
        event_data: what the browser says of the event, such as the index of a selection.
        """
        session = session or f"s{secrets.token_hex(8)}"
        body = {"data": data, "fn_index": fn_index, "session_hash": session, "event_data": event_data}
        headers = {"content-type": "application/json", "x-payers": payers}
        # `content` instead of `json`, because httpx refuses NaN, a hostile value.
        joined = self.http.post(f"{self.url}/gradio_api/queue/join{query}", content=json.dumps(body), headers=headers)
        if joined.status_code != 200:
            return joined.text
        lines: list[str] = []
        address = f"{self.url}/gradio_api/queue/data?session_hash={session}"
        with self.http.stream("GET", address, timeout=60) as stream:
            for line in stream.iter_lines():
                lines.append(line)
                on_line(line)
                if '"process_completed"' in line or '"close_stream"' in line:
                    break
        return json.dumps([json.loads(line.removeprefix("data: ")) for line in lines if line], ensure_ascii=False)


def serve(settings: Settings, *, single_use_links: bool = False) -> Iterator[Page]:
    """Run the app until the generator is closed. single_use_links: as in app.py."""
    offline = OfflineRecorder(create_offline(single_use_links=single_use_links))
    client = create_http_client(settings, offline)
    app = create_app(settings, client)
    with uvicorn_server(app, log_level="warning", log_config=None, ws="auto") as url:
        yield Page(url, offline, client, app=app)


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    """The app without keys."""
    yield from serve(Settings.from_env({}))


@pytest.fixture
def picture_addresses(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The addresses as whose visitors' pictures are counted when they are stored."""
    addresses: set[str] = set()
    put = PictureStore.put

    def record(store: PictureStore, data: bytes, owner: str = "") -> str:
        token = put(store, data, owner)
        addresses.update({store._entries[token].address} if owner else ())
        return token

    monkeypatch.setattr(PictureStore, "put", record)
    return addresses


@pytest.fixture(scope="session")
def portrait_file(portrait: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portrait as a file on a client's disk."""
    path = tmp_path_factory.mktemp("client") / "my photo.jpg"
    path.write_bytes(portrait)
    return path


@contextmanager
def vendor() -> Iterator[str]:
    """The offline server on a local port, as the vendor of an app with keys."""
    server = ThreadedServer()
    try:
        yield server.start()
    finally:
        server.stop()
