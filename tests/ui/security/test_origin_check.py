"""The origin check: no foreign page is answered, no foreign host name, and no header moves the page's addresses."""

import random
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from ui.conftest import Page, serve

from meitu_demo.domain.translations import translate
from meitu_demo.settings import Settings


@pytest.fixture(scope="module")
def public_page() -> Iterator[Page]:
    """The app on all interfaces, with a name."""
    environ = {"HOST": "0.0.0.0", "FAILURE_LAB": "off", "ALLOWED_HOSTS": "Demo.example, nas"}
    yield from serve(Settings.from_env(environ))


ORIGINS = ("null", "https://evil.example", "http://evil.example:7860", "http://localhost", "http://localhost:3000",
           "http://127.0.0.1:1", "http://0.0.0.0", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
           "http://evil.example#localhost", "file://", "chrome-extension://x", "HTTP://LOCALHOST:9", "*")  # fmt: skip
PATHS = ("/", "/config", "/gradio_api/info", "/gradio_api/upload", "/gradio_api/queue/join", "/kept/x/y.jpg",
         "/theme.css", "/gradio_api/file=/etc/passwd", "/nowhere")  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_cors_allows_no_origin(method: str, page: Page, public_page: Page) -> None:
    """Whatever the origin and the host name, no response allows a foreign script to read it."""
    for server, host in (
        (page, None),
        (public_page, None),
        (public_page, "demo.example"),
        (public_page, "evil.example"),
    ):
        for origin in ORIGINS:
            for path in PATHS:
                headers = {
                    "origin": origin,
                    "access-control-request-method": "POST",
                    **({"host": host} if host else {}),
                }
                answer = httpx.request(method, f"{server.url}{path}", headers=headers)
                assert not {"access-control-allow-origin", "access-control-allow-credentials"} & set(answer.headers)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything-else"])
def test_origin_check_refuses_cross_site_posts(site: str, page: Page, portrait: bytes) -> None:
    """By Sec-Fetch-Site: from another site nothing is uploaded, started or stopped (CSRF)."""
    for path in ("upload", "queue/join", "call/face_fuse", "cancel"):
        answer = httpx.post(
            f"{page.url}/gradio_api/{path}", headers={"sec-fetch-site": site}, files={"files": ("x", portrait)}
        )
        assert answer.status_code == 403, path


FORWARDED_HEADERS = (
          {"x-forwarded-host": "evil.example"}, {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
          {"x-gradio-server": "http://evil.example"}, {"x-forwarded-host": "evil.example, x"},
          {"x-original-url": "//evil.example"}, {"forwarded": "host=evil.example"},
          {"x-forwarded-prefix": "//evil.example"}, {"x-forwarded-server": "evil.example"},
          {"x-host": "evil.example"}, {"x-rewrite-url": "//evil.example"})  # fmt: skip


@pytest.mark.parametrize("headers", FORWARDED_HEADERS)
@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info", "/logout"])
def test_origin_check_ignores_forwarded_headers(headers: dict[str, str], path: str, page: Page) -> None:
    """Addresses on the page lead to the server that was asked, whatever forwarded headers say."""
    answer = httpx.get(f"{page.url}{path}", headers=headers)
    assert "evil" not in answer.text
    assert "evil" not in str(answer.headers)


FOREIGN_HOSTS = ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "x@localhost:y", "127.1",
                 "nas.evil.example", "localhost.", "[::1", "0x7f000001")  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_origin_check_refuses_foreign_host_names(host: str, page: Page, public_page: Page) -> None:
    """DNS rebinding gets 421 and a hint at the two settings, on loopback and everywhere, with or without port."""
    for server in (page, public_page):
        for name in (host, f"{host}:7860"):
            answer = httpx.get(f"{server.url}/config", headers={"host": name})
            assert answer.status_code == 421, name
            assert "ALLOWED_HOSTS" in answer.text
            assert "TRUSTED_PROXIES" in answer.text
            assert httpx.get(f"{server.url}/healthz", headers={"host": name}).status_code == 200


def test_origin_check_serves_names_that_cannot_be_rebound(page: Page, public_page: Page) -> None:
    """Loopback names and IP addresses, on loopback and on all interfaces; there, the names in ALLOWED_HOSTS as well."""
    port = urlsplit(page.url).port
    names = ["localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST", "192.168.0.9:80"]
    for server, hosts in ((page, names), (public_page, [*names, "demo.example", "DEMO.EXAMPLE:7860", "nas"])):
        for host in hosts:
            answer = httpx.get(f"{server.url}/config", headers={"host": host})
            assert answer.status_code == 200, host
            assert answer.json()["root"] == f"http://{host.lower().removesuffix(':80')}"
    assert httpx.get(f"{page.url}/config", headers={"host": "nas"}).status_code == 421


# Every route that changes something; a stream takes messages, and its end ends a session.
WRITES = [
    *(("POST", f"/gradio_api/{path}") for path in ("upload", "queue/join", "call/face_fuse", "call/v2/face_fuse",
                                                   "cancel", "reset")),
    ("POST", "/login"), ("GET", "/logout"), ("POST", "/mirror"), ("POST", "/mcp"), ("DELETE", "/mcp"), ("GET", "/mcp"),
    ("GET", "/gradio_api/queue/data?session_hash=x"), ("GET", "/gradio_api/heartbeat/x"),
]  # fmt: skip


@pytest.fixture(scope="module")
def proxied_page() -> Iterator[Page]:
    """The app behind a trusted proxy, with tools for assistants."""
    yield from serve(Settings.from_env({"TRUSTED_PROXIES": "127.0.0.1", "MCP": "on", "MIRROR": "on"}))


OWN, PROXIED = "http://127.0.0.1:7860", "https://demo.example"
FORWARDED = {"x-forwarded-host": "demo.example", "x-forwarded-proto": "https"}


@pytest.mark.chaos
def test_no_route_that_changes_something_accepts_a_foreign_origin(
    page: Page, public_page: Page, proxied_page: Page, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """Over http and https, on loopback, an address of the network, a name and behind a proxy: 403 to all of them."""
    ways: list[tuple[Page, str, dict[str, str]]] = [
        (page, OWN, {"host": "127.0.0.1:7860"}), (page, "http://localhost", {"host": "localhost:80"}),
        (public_page, "http://192.168.0.9:7860", {"host": "192.168.0.9:7860"}),
        (public_page, "http://demo.example", {"host": "demo.example"}),
        (proxied_page, PROXIED, FORWARDED), (proxied_page, PROXIED, {"host": "demo.example", **FORWARDED}),
        (proxied_page, "http://demo.example", {**FORWARDED, "x-forwarded-proto": "http"}),
    ]  # fmt: skip
    cases = []
    for server, own_origin, headers in ways:
        scheme, host = own_origin.split("://")
        other_scheme = {"http": "https", "https": "http"}[scheme]
        similar = (f"{other_scheme}://{host}", f"{own_origin}.evil.example", f"{own_origin}1", f"{scheme}://x.{host}",
                   f"{own_origin}@evil.example", "")  # fmt: skip
        cases += [(server, headers, origin) for origin in (*ORIGINS, *similar) if origin != own_origin]
    tried, accepted = 0, []
    for server, headers, origin in random.Random(7).sample(cases, rounds(len(cases))):
        with httpx.Client(base_url=server.url, headers={**headers, "origin": origin}) as client:
            statuses = {(method, path): client.request(method, path).status_code for method, path in WRITES}
        tried += len(statuses)
        accepted += [(*request, headers, origin) for request, status in statuses.items() if status != 403]
    figure(f"foreign origin: {len(accepted)} accepted of {tried} requests to {len(WRITES)} routes, by http and https")
    assert accepted == []


def test_origin_check_accepts_the_pages_own_origin_and_programs(
    page: Page, public_page: Page, proxied_page: Page, portrait: bytes
) -> None:
    """An upload of the page itself, and one without Origin as programs send it, is accepted at each address."""
    ways: list[tuple[Page, dict[str, str]]] = [
        (page, {}), (page, {"origin": page.url}), (page, {"host": "LocalHost:1", "origin": "http://localhost:1"}),
        (page, {"host": "127.0.0.1", "origin": "http://127.0.0.1:80"}),
        (public_page, {"host": "demo.example", "origin": "http://demo.example"}), (proxied_page, FORWARDED),
        (proxied_page, {**FORWARDED, "origin": PROXIED}), (proxied_page, {**FORWARDED, "origin": f"{PROXIED}:443"}),
        (proxied_page, {"host": "demo.example", "origin": PROXIED}),  # a proxy that passes nothing but Host
    ]  # fmt: skip
    for server, headers in ways:
        answer = httpx.post(f"{server.url}/gradio_api/upload", headers=headers, files={"files": ("x.jpg", portrait)})
        assert answer.status_code == 200, headers


def test_origin_check_refuses_a_foreign_page_at_mcp_in_its_own_protocol(proxied_page: Page) -> None:
    """The refusal is a JSON-RPC error without an id; without Origin the route answers."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {"accept": "application/json, text/event-stream"}
    refused = httpx.post(f"{proxied_page.url}/mcp", json=message, headers={**headers, "origin": "null"})
    assert (refused.status_code, refused.json()["id"], refused.json()["error"]["code"]) == (403, None, -32600)
    assert httpx.post(f"{proxied_page.url}/mcp", json=message, headers=headers).status_code == 200


def test_origin_check_believes_a_trusted_proxy(proxied_page: Page) -> None:
    """The page's addresses then have the forwarded host name and https."""
    config = httpx.get(f"{proxied_page.url}/config", headers={"host": "inside", **FORWARDED}).json()
    assert config["root"] == PROXIED


def test_mirror_is_off_on_all_interfaces(page: Page, public_page: Page) -> None:
    """Neither its tab nor its route exists, unless the owner switches it on."""
    headers = {"x-mirror": "a" * 32, "content-type": "image/png"}
    assert httpx.post(f"{page.url}/mirror", headers=headers).status_code == 415
    assert httpx.post(f"{public_page.url}/mirror", headers=headers).status_code == 404
    tabs = [any(part["props"].get("elem_id") == "mirror-tab" for part in each.config["components"])
            for each in (page, public_page)]  # fmt: skip
    assert tabs == [True, False]


def test_refusals_are_in_the_visitors_language(page: Page) -> None:
    """Both of them, as a browser shows them."""
    for headers, key in (({"host": "nas"}, "page.unknown_host"), ({"origin": "null"}, "page.foreign_origin")):
        for language in ("en", "zh"):
            answer = httpx.get(f"{page.url}/", headers={**headers, "accept-language": language})
            assert answer.text == translate(key, language)
