"""Other pages and other names: nobody's page but our own is answered, and no header says where ours is."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from ui.conftest import Page, serve

from meitu_demo.settings import Settings


@pytest.fixture(scope="module")
def public_page() -> Iterator[Page]:
    """The app as it is where strangers come, with a name of its own."""
    running = serve(Settings.from_env({"HOST": "0.0.0.0", "FAILURE_LAB": "off"}))
    yield next(running)
    next(running, None)


ORIGINS = ("null", "https://evil.example", "http://evil.example:7860", "http://localhost", "http://localhost:3000",
           "http://127.0.0.1:1", "http://0.0.0.0", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
           "http://evil.example#localhost", "file://", "chrome-extension://x", "HTTP://LOCALHOST:9", "*")  # fmt: skip
PATHS = ("/", "/config", "/gradio_api/info", "/gradio_api/upload", "/gradio_api/queue/join", "/kept/x/y.jpg",
         "/theme.css", "/gradio_api/file=/etc/passwd", "/nowhere")  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_origin_is_let_in(method: str, page: Page, public_page: Page) -> None:
    """Whatever a page elsewhere calls itself and the server, no answer says that its script may read it."""
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


@pytest.mark.parametrize("where", ["cross-site", "same-site", "anything-else"])
def test_a_form_elsewhere_can_do_nothing(where: str, page: Page, portrait: bytes) -> None:
    """A browser says where a request comes from: nothing is uploaded, started, stopped or logged in from elsewhere."""
    for path in ("upload", "queue/join", "call/face_fuse", "cancel"):
        answer = httpx.post(
            f"{page.url}/gradio_api/{path}", headers={"sec-fetch-site": where}, files={"files": ("x", portrait)}
        )
        assert answer.status_code == 403, path


CLAIMS = ({"x-forwarded-host": "evil.example"}, {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
          {"x-gradio-server": "http://evil.example"}, {"x-forwarded-host": "evil.example, x"},
          {"x-original-url": "//evil.example"}, {"forwarded": "host=evil.example"},
          {"x-forwarded-prefix": "//evil.example"}, {"x-forwarded-server": "evil.example"},
          {"x-host": "evil.example"}, {"x-rewrite-url": "//evil.example"})  # fmt: skip


@pytest.mark.parametrize("claims", CLAIMS)
@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info", "/logout"])
def test_a_request_does_not_say_where_the_page_is(claims: dict[str, str], path: str, page: Page) -> None:
    """Addresses on the page lead to the server that was asked, whatever the headers claim."""
    answer = httpx.get(f"{page.url}{path}", headers=claims)
    assert "evil" not in answer.text
    assert "evil" not in str(answer.headers)


def test_a_demo_for_this_machine_alone_answers_to_its_own_names(page: Page, public_page: Page) -> None:
    """A page elsewhere whose name was made to lead here is refused, with the way out; elsewhere any name will do."""
    port = urlsplit(page.url).port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "127.0.0.2", "LOCALHOST"):
        assert httpx.get(f"{page.url}/config", headers={"host": host}).status_code == 200, host
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.0.9",
        "x@localhost:y",
    ):
        answer = httpx.get(f"{page.url}/config", headers={"host": host})
        assert answer.status_code == 421, host
        assert "TRUSTED_PROXIES" in answer.text
    assert (
        httpx.get(f"{public_page.url}/config", headers={"host": "demo.example"}).json()["root"] == "http://demo.example"
    )


def test_a_proxy_that_the_owner_names_is_believed() -> None:
    """The page is then where the proxy says, by https."""
    running = serve(Settings.from_env({"TRUSTED_PROXIES": "127.0.0.1"}))
    named = {"host": "inside", "x-forwarded-host": "demo.example", "x-forwarded-proto": "https"}
    config = httpx.get(f"{next(running).url}/config", headers=named).json()
    next(running, None)
    assert config["root"] == "https://demo.example"


def test_where_strangers_come_there_is_no_mirror(page: Page, public_page: Page) -> None:
    """Neither its tab nor its route exists, unless the owner switches it on."""
    sent = {"x-mirror": "a" * 32, "content-type": "image/png"}
    assert httpx.post(f"{page.url}/mirror", headers=sent).status_code == 415
    assert httpx.post(f"{public_page.url}/mirror", headers=sent).status_code == 404
    tabs = [any(part["props"].get("elem_id") == "mirror-tab" for part in each.config["components"])
            for each in (page, public_page)]  # fmt: skip
    assert tabs == [True, False]
