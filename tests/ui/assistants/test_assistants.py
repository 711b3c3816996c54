"""The tools for assistants over a real port, by the protocol's own client and by hand."""

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ImageContent, ResourceLink, TextContent
from ui.conftest import Page, serve, vendor

import app
from meitu_demo.domain.translations import translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance
from meitu_demo.settings import Settings, SettingsError
from meitu_demo.ui import assistants
from meitu_demo.ui.assistants import http_endpoint
from meitu_demo.ui.assistants.http_endpoint import MAX_BODY_BYTES, MAX_ENVELOPE_BYTES

ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture(scope="module")
def open_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Keys for Meitu, whose vendor is our own server, three calls an hour; AILabTools' API runs offline."""
    with vendor() as address:
        keys = {"MEITU_API_KEY": "k-canary-1", "MEITU_API_SECRET": "s-canary-1", "MEITU_BASE_URL": address}
        folder = str(tmp_path_factory.mktemp("ledger"))
        limits = {"DATA_DIR": folder, "CALLS_PER_SECOND": "off", "CALLS_PER_HOUR": "3"}
        yield from serve(Settings.from_env({"MCP": "1", **keys, **limits}))


@pytest.fixture(scope="module")
def locked() -> Iterator[Page]:
    """The app behind a login, where strangers come."""
    yield from serve(Settings.from_env({"MCP": "on", "LOGIN": "ann:pass: word", "HOST": "0.0.0.0"}))


@pytest.fixture(scope="module")
def photo(portrait: bytes) -> str:
    return base64.b64encode(portrait).decode()


def session(page: Page, **headers: str) -> AbstractAsyncContextManager[ClientSession]:
    @asynccontextmanager
    async def open_session() -> Any:
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as http,
            streamable_http_client(f"{page.url}/mcp", http_client=http) as (incoming, outgoing, _),
            ClientSession(incoming, outgoing) as client,
        ):
            await client.initialize()
            yield client

    return open_session()


async def fetch(url: str, **headers: str) -> httpx.Response:
    """What lies at an address."""
    async with httpx.AsyncClient() as http:
        return await http.get(url, headers=headers)


def read_error(result: CallToolResult) -> str:
    """What a failure says."""
    (part,) = result.content
    assert result.isError
    assert isinstance(part, TextContent)
    return part.text


def read_refusal(page: Page, arguments: Any, tool: str = "facial_aesthetics") -> str:
    """What a call says that no client has looked at."""
    return read_error(call_tool(page, arguments, tool))


def call_tool(page: Page, arguments: Any, tool: str = "facial_aesthetics", **headers: str) -> CallToolResult:
    """What such a call gives."""
    params = {"name": tool, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    text = httpx.post(f"{page.url}/mcp", json=message, headers={**ACCEPT, **headers}, timeout=60).text
    result = json.loads(text.partition("data: ")[2].partition("\r\n")[0])["result"]
    return CallToolResult.model_validate(result)


async def test_mcp_lists_each_endpoint_as_a_documented_tool(open_page: Page) -> None:
    """Schemas are valid and follow the declarations; each tells whether a call is free or leaves for a vendor."""
    async with session(open_page) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == list(CATALOGUE)
    for name, tool in tools.items():
        jsonschema.Draft202012Validator.check_schema(tool.inputSchema)
        controls = [control.name for control in CATALOGUE[name].controls]
        ways = ["photo", "photo_upload", "photo_url"]
        assert list(tool.inputSchema["properties"]) == [*ways, *controls, "consent", "again"]
        assert all(len(about["description"]) > 20 for about in tool.inputSchema["properties"].values())
        live = name != "facial_aesthetics"
        assert ("sent to 127.0.0.1," in (tool.description or "")) is live
        assert ("free" in (tool.description or "").partition("At present")[2]) is True
    shape = tools["facial_aesthetics"].inputSchema["properties"]["shape_type"]
    assert shape["enum"] == list(range(22))
    assert "21 = Philtrum" in shape["description"]
    assert tools["facial_aesthetics"].inputSchema["required"] == ["shape_type"]
    template = tools["face_fuse"].inputSchema["properties"]["template_id"]
    assert "08bp4tnfkm560qv6" in template["description"]
    assert "knight_coif" not in template["description"]  # live: the vendor does not know it


async def test_mcp_returns_picture_link_and_report(open_page: Page, portrait: bytes) -> None:
    """By upload: what is shown and what the link gives carry the mark; progress is told; then nothing is left."""
    told: list[str] = []
    upload = open_page.upload(portrait)

    def left() -> int:
        return int(Path(upload["path"]).exists())

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with session(open_page) as client:
        given = {"photo_upload": upload["path"], "shape_type": 8, "strength": 1}
        answer = await client.call_tool("facial_aesthetics", given, progress_callback=progress)
        picture, link, text = answer.content
        assert isinstance(picture, ImageContent)
        assert isinstance(link, ResourceLink)
        assert isinstance(text, TextContent)
        shown, whole = base64.b64decode(picture.data), await fetch(str(link.uri))
        report = answer.structuredContent or {}
        assert json.loads(text.text) == report
        marks = read_provenance(shown), read_provenance(whole.content)
        assert [mark and mark.result_id for mark in marks] == [report["receipt"]["result_id"]] * 2
        assert codec.read_size(whole.content) == (report["width"], report["height"])
        assert report["mode"] == "offline"
        assert told[-1] == translate("steps.download", "en")
    assert (await fetch(str(link.uri))).status_code == 404
    assert left() == 0


async def test_mcp_paid_call_needs_consent_and_is_counted_once(open_page: Page, photo: str) -> None:
    """Consent; the same call again is joined within a session and not beyond; `again` is a new one; then the cap."""
    given = {"photo": f"data:image/jpeg;base64,{photo}"}
    agreed = {**given, "consent": True}
    async with session(open_page) as one, session(open_page) as other:
        assert "consent=True" in read_error(await one.call_tool("quality_restoration", given))
        answers = [
            await client.call_tool("quality_restoration", {**agreed, **more})
            for client, more in ((one, {}), (one, {}), (one, {"again": True}), (other, {}))
        ]
        reports = [answer.structuredContent or {} for answer in answers]
        assert [(report["mode"], report["repeated"]) for report in reports] == [
            ("live", False), ("live", True), ("live", False), ("live", False),
        ]  # fmt: skip
        over = read_error(await other.call_tool("quality_restoration", {**agreed, "again": True}))
        assert translate("errors.over_budget_hour.title", "en") in over


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "Choose a photo first"), (["photo"], "it accepts photo, photo_upload"),
        ({"foto": "x"}, "does not accept “foto”"), ({"": "x"}, "does not accept that value"),
        ({"photo": "x", "photo_url": "y"}, "does not accept “photo, photo_url”"),
        *(({"photo": value}, "base64") for value in ("%%%", "data:image/png;base64,", 5, ["x"], {"path": "/x"})),
        *(({"photo_upload": value}, "cannot be found") for value in (__file__, "/etc/passwd", 5, "\0", {"a": 1})),
        *(({"photo_url": value}, "could not be fetched") for value in (
            "file:///etc/passwd", "http://10.0.0.1/", "http://169.254.1.1/", "http://[::1]/", "SELF/config", 5,
        )),
    ],
)  # fmt: skip
def test_mcp_opens_no_other_files(arguments: Any, told: str, open_page: Page) -> None:
    """No file of the server's and no address of its network, however they are named; it is told in words."""
    if isinstance(arguments, dict):
        arguments = {
            name: value.replace("SELF", open_page.url) if isinstance(value, str) else value
            for name, value in {**arguments, "shape_type": 8}.items()
        }
    before = len(open_page.offline.calls)
    said = read_refusal(open_page, arguments)
    assert told in said
    assert not any(secret in said for secret in ("Traceback", "passwd", __file__, "config"))
    assert len(open_page.offline.calls) == before


def test_mcp_explains_a_wrong_value_and_logs_no_photo(
    open_page: Page, photo: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The service says what would have fitted; even the log for debugging shows nothing that was given."""
    with caplog.at_level(logging.DEBUG):
        assert "99" in read_refusal(open_page, {"photo": photo, "shape_type": 99})
        assert "image" in read_refusal(open_page, {"photo": photo[:400], "shape_type": 8, "again": "image"}).lower()
        read_refusal(open_page, photo)
        picture = call_tool(open_page, {"photo": photo, "shape_type": 8}, host="127.0.0.1:99999").content[0]
    assert isinstance(picture, ImageContent)
    assert picture.data[:40] not in caplog.text
    assert photo[:40] not in caplog.text
    assert photo[80:120] not in caplog.text


def test_mcp_counts_pictures_by_address(open_page: Page, photo: str, picture_addresses: set[str]) -> None:
    """Else each call without a session would be a visitor of its own, who pushes out the pictures of others."""
    call_tool(open_page, {"photo": photo, "shape_type": 8})
    assert picture_addresses == {"127.0.0.1"}


@pytest.mark.parametrize("path", ["mcp", "mcp/"])
def test_mcp_null_leaves_an_option_at_its_default(open_page: Page, photo: str, path: str) -> None:
    """Clients send null for what is not set; the address may end in a slash."""
    arguments = {"photo": photo, "shape_type": 8, "strength": None, "photo_url": None, "again": None}
    params = {"name": "facial_aesthetics", "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    text = httpx.post(f"{open_page.url}/{path}", json=message, headers=ACCEPT, timeout=60).text
    assert '"isError":false' in text
    assert "facial-aesthetics_8_0.5_" in text


def test_mcp_bounds_the_request_body(open_page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Size, shape, method and session, each with a status of its own; nothing of it ends as a fault of the server's."""
    url = f"{open_page.url}/mcp"

    def post(content: Any, **headers: str) -> int:
        return httpx.post(url, content=content, headers={**ACCEPT, **headers}).status_code

    many = b"x" * 1_000_000
    assert post(many * 7) == 413
    assert post(many for _ in range(MAX_BODY_BYTES // len(many) + 1)) == 413
    assert post(json.dumps({"jsonrpc": "2.0", "method": "x" * MAX_ENVELOPE_BYTES}).encode()) == 413
    for nonsense in (b"", b"{", b"[]", b"[" * 100_000, b'"x"', b"\xff", b"{}", b'{"params": []}'):
        assert post(nonsense) == 400, nonsense[:20]
    assert post(b"{}", **{"mcp-session-id": "made up"}) == 404
    assert post(b"{}", **{"content-type": "text/plain"}) == 400
    assert httpx.get(url, headers=ACCEPT).status_code == 405
    with monkeypatch.context() as small:
        small.setattr(http_endpoint, "MAX_TOTAL_BODY_BYTES", 100)
        assert post(b"x" * 101) == 503
    assert post(b"x" * 101) == 400
    assert [httpx.delete(url).status_code, httpx.delete(url, headers={"mcp-session-id": "a" * 32}).status_code] == [
        404,
        200,
    ]
    assert httpx.post(url, json={}, headers={**ACCEPT, "sec-fetch-site": "cross-site"}).status_code == 403


def test_mcp_requires_the_login(locked: Page) -> None:
    """Before anything is read, and without a question that a browser would put to its user."""
    basic = base64.b64encode(b"ann:pass: word").decode()
    for header in ("", "Basic", "Basic %%%", f"Bearer {basic}", "Basic " + base64.b64encode(b"ann:x").decode()):
        answer = httpx.post(f"{locked.url}/mcp", json={}, headers={**ACCEPT, "authorization": header})
        assert answer.status_code == 401, header
        assert "www-authenticate" not in answer.headers


async def test_mcp_works_behind_the_login(locked: Page, photo: str) -> None:
    """Name and password open this and the link, and nothing of Gradio's; in public no address is fetched."""
    basic = f"Basic {base64.b64encode(b'ann:pass: word').decode()}"
    async with session(locked, authorization=basic) as client:
        tools = (await client.list_tools()).tools
        assert not any("photo_url" in tool.inputSchema["properties"] for tool in tools)
        answer = await client.call_tool("facial_aesthetics", {"photo": photo, "shape_type": 8})
        link = str((answer.structuredContent or {})["picture"])
        assert (await fetch(link)).status_code == 401
        assert (await fetch(link, authorization=basic)).status_code == 200
        by_url = {"photo_url": "http://example.com/", "shape_type": 8}
        assert "photo_url" in read_error(await client.call_tool("facial_aesthetics", by_url))
    assert (await fetch(f"{locked.url}/config", authorization=basic)).status_code == 401


def test_mcp_off_is_not_found(page: Page) -> None:
    """By default: neither ours nor Gradio's."""
    for path in ("mcp", "mcp/", "gradio_api/mcp", "gradio_api/mcp/schema"):
        assert httpx.post(f"{page.url}/{path}", json={}, headers=ACCEPT).status_code == 404
        assert httpx.get(f"{page.url}/{path}").status_code == 404


@pytest.mark.parametrize(("there", "told"), [(None, "not installed"), ("2.3.0", "version 2.3.0 is installed")])
def test_mcp_without_its_package_exits_with_a_sentence(
    there: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence names what is missing and how to get it."""

    def version(name: str) -> str:
        if there is None:
            raise assistants.PackageNotFoundError(name)
        return there

    monkeypatch.setattr(assistants, "version", version)
    with pytest.raises(SettingsError) as caught:
        app.create_server(Settings(mcp=True))
    assert told in str(caught.value)
    assert "pip install -r requirements-mcp.txt" in str(caught.value)
