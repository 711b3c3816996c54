"""Which of Gradio's routes are served, what their answers reveal, and how large requests may be."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI
from gradio.routes import App
from ui.conftest import Page, serve

from meitu_demo.settings import Settings
from meitu_demo.ui.gradio_patches.mount import mount_patched
from meitu_demo.ui.gradio_patches.route_allowlist import GET_ALLOWLIST, POST_ALLOWLIST

pytestmark = pytest.mark.gradio_internals
UPLOADS_DIR = Path(os.environ["GRADIO_TEMP_DIR"])
PROJECT = Path(__file__).resolve().parents[3]
# Every route of Gradio's that is not served, without its parameters and its second spelling with a slash at the end.
CLOSED_ROUTES = {
    "GET": {
        "/gradio_api/custom_component/", "/gradio_api/deep_link", "/gradio_api/dev/reload", "/gradio_api/file/",
        "/gradio_api/file=", "/gradio_api/proxy=", "/gradio_api/run-history/buckets", "/gradio_api/run-history/records",
        "/gradio_api/run-history/records/", "/gradio_api/runs", "/gradio_api/startup-events", "/gradio_api/stream/",
        "/gradio_api/token", "/gradio_api/vibe-code", "/monitoring", "/monitoring/", "/monitoring/summary",
        "/openapi.json", "/pwa_icon", "/pwa_icon/",
    },
    "POST": {
        "/gradio_api/api/", "/gradio_api/component_server", "/gradio_api/process_recording",
        "/gradio_api/run-history/connect", "/gradio_api/run/", "/gradio_api/stream/", "/gradio_api/undo-vibe-edit",
        "/gradio_api/vibe-code", "/gradio_api/vibe-edit", "/gradio_api/vibe-starter-queries",
    },
}  # fmt: skip
# Routes of Gradio's published advisories and of security fixes in its change log, up to 6.31.
ADVISORY_ROUTES = [
    ("CVE-2026-28416, GHSA-2mr9-9r47-px2g", "GET", "/gradio_api/proxy=https://a.hf.space/x"),
    ("CVE-2026-28416, GHSA-2mr9-9r47-px2g", "GET", "/proxy=https://a.hf.space/x"),
    ("CVE-2026-28415", "GET", "/login/callback?_target_url=////evil.example"),
    ("CVE-2026-28415, CVE-2026-27167", "GET", "/login/huggingface?_target_url=//evil.example"),
    ("CVE-2026-28414", "GET", "/static//windows/win.ini"),
    ("CVE-2026-28414", "GET", "/static/%5Cwindows%5Cwin.ini"),
    ("#13593, #13608", "GET", "/gradio_api/file=https://evil.example/x"),
    ("#13593, #13608", "GET", "/gradio_api/file/https://evil.example/x"),
    ("#13868", "GET", "/gradio_api/deep_link?session_hash=x"),
    ("#13808, #13811", "GET", "/gradio_api/stream/x/y/z/playlist.m3u8"),
    ("CVE-2024-34511", "POST", "/gradio_api/component_server"),
    ("CVE-2024-1561", "POST", "/component_server"),
    ("CVE-2023-51449", "GET", "/file=/etc/passwd"),
]
UNUSED_POSTS = ("run/predict", "api/predict", "component_server", "process_recording", "vibe-edit", "undo-vibe-edit",
                "stream/x", "stream/x/close", "run-history/connect")  # fmt: skip


@pytest.fixture(scope="module")
def billable_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The app with keys; each setting that nobody may see contains the same word."""
    hidden = {name: f"hideaway-{name.lower()}" for name in ("MEITU_API_KEY", "MEITU_API_SECRET", "AILAB_API_KEY")}
    yield from serve(Settings.from_env({**hidden, "DATA_DIR": str(tmp_path_factory.mktemp("hideaway"))}))


def list_routes(app: App) -> Iterator[tuple[str, str]]:
    """(method, path) of each of Gradio's routes."""
    routes: list[Any] = list(app.routes)
    for route in list(routes):
        routes += getattr(getattr(route, "original_router", None), "routes", [])  # of an included router
    for route in routes:
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


def test_route_allowlist_knows_every_route_of_gradio(tmp_path: Path) -> None:
    """A route that an upgrade of Gradio adds or renames fails here, until somebody decides whether it is served."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.HTML("text")
    gradio_app = mount_patched(FastAPI(), blocks, tmp_path)
    closed: dict[str, set[str]] = {"GET": set(), "POST": set()}
    for method, path in list_routes(gradio_app):
        sample = re.sub(r"\{[^}]*\}", "x", path.replace("{api_name}", "face_fuse"))
        allowlist = POST_ALLOWLIST if method == "POST" else GET_ALLOWLIST
        if not allowlist.fullmatch(sample.removesuffix("/") or "/"):
            closed["POST" if method == "POST" else "GET"].add(
                path.partition("{")[0] if "{" in path else path.rstrip("/")
            )
    assert closed == CLOSED_ROUTES


@pytest.mark.parametrize(
    "path", ["/", "/config", "/gradio_api/info", "/gradio_api/openapi.json", "/theme.css", "/nowhere"]
)
def test_no_answer_reveals_a_path_a_setting_or_a_key(path: str, billable_page: Page) -> None:
    """Neither of this machine's folders nor of the owner's settings is there a word."""
    text = httpx.get(f"{billable_page.url}{path}").text
    for hidden in ("hideaway", str(PROJECT), str(UPLOADS_DIR), "site-packages", str(Path.home()) + "/"):
        assert hidden not in text
    assert not re.search(r'"/(?:tmp|home|usr|var|opt|root|mnt)/', text)


@pytest.mark.parametrize("path", UNUSED_POSTS)
def test_route_allowlist_answers_404_to_what_the_demo_does_not_use(path: str, page: Page) -> None:
    """Gradio's recorder, editor, streams, server functions and direct calls: no body is even read."""
    assert httpx.post(f"{page.url}/gradio_api/{path}", json={"data": []}).status_code == 404


@pytest.mark.parametrize(("advisory", "method", "path"), ADVISORY_ROUTES)
def test_route_allowlist_answers_404_to_the_routes_of_advisories(
    advisory: str, method: str, path: str, page: Page
) -> None:
    """Whether or not the installed Gradio has mended them."""
    answer = httpx.request(method, f"{page.url}{path}", json={} if method == "POST" else None)
    assert answer.status_code == 404, advisory
    assert "evil" not in str(answer.headers)


def test_logout_leads_to_no_other_site(page: Page) -> None:
    """Whatever it is told (CVE-2026-28415)."""
    for query in ("_target_url=////evil.example", "next=https://evil.example", "all_session=x"):
        assert "evil" not in str(httpx.get(f"{page.url}/logout?{query}").headers)


def test_deep_link_is_not_served_and_writes_no_file(
    portrait: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio would write what a session sees into a file, for a link to it."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    running = serve(Settings.from_env({}))
    page = next(running)
    page.run("quality-restoration", [], page.upload(portrait), session="s")
    assert httpx.get(f"{page.url}/gradio_api/deep_link?session_hash=s").status_code == 404
    assert not (tmp_path / "deep_links").exists()
    next(running, None)


def test_route_allowlist_limits_bodies_by_their_header_and_by_their_bytes(page: Page) -> None:
    """More than two megabytes, or more than one photo in a form, is refused and leaves no partial file."""
    for path, size in (("queue/join", 3), ("call/face_fuse", 3), ("upload", 41)):
        url = f"{page.url}/gradio_api/{path}"
        headers = {"content-type": "multipart/form-data; boundary=x" if path == "upload" else "application/json"}
        assert httpx.post(url, content=b"x" * (size << 20), headers=headers).status_code == 413
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n' if path == "upload" else b""
        parts = (head if n == 0 else b"x" * (1 << 20) for n in range(size + 2))
        assert httpx.post(url, content=parts, headers=headers).status_code in (400, 413)
    assert [path for path in UPLOADS_DIR.iterdir() if path.is_file()] == []
