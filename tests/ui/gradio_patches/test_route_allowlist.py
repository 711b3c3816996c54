"""What of Gradio is open, what its answers tell, and how much it takes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ui.conftest import Page, serve

from meitu_demo.settings import Settings

HOME = Path(os.environ["GRADIO_TEMP_DIR"])
PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def paying_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The app with keys; each setting that nobody may see holds the same word."""
    hidden = {name: f"hideaway-{name.lower()}" for name in ("MEITU_API_KEY", "MEITU_API_SECRET", "AILAB_API_KEY")}
    running = serve(Settings.from_env({**hidden, "DATA_DIR": str(tmp_path_factory.mktemp("hideaway"))}))
    yield next(running)
    next(running, None)


@pytest.mark.parametrize(
    "path", ["/", "/config", "/gradio_api/info", "/gradio_api/openapi.json", "/theme.css", "/nowhere"]
)
def test_no_answer_tells_where_things_are(path: str, paying_page: Page) -> None:
    """No path of the machine, no setting, no key."""
    text = httpx.get(f"{paying_page.url}{path}").text
    for hidden in ("hideaway", str(PROJECT), str(HOME), "site-packages", str(Path.home()) + "/"):
        assert hidden not in text
    assert not re.search(r'"/(?:tmp|home|usr|var|opt|root|mnt)/', text)


GONE = ("run/predict", "api/predict", "component_server", "process_recording", "vibe-edit", "undo-vibe-edit",
        "stream/x", "stream/x/close", "run-history/connect")  # fmt: skip


@pytest.mark.parametrize("path", GONE)
def test_what_the_demo_does_not_use_is_not_there(path: str, page: Page) -> None:
    """Gradio's recorder, editor, streams, server functions and direct calls: no body is even read."""
    assert httpx.post(f"{page.url}/gradio_api/{path}", json={"data": []}).status_code == 404


def test_what_is_too_large_is_not_taken(page: Page) -> None:
    """By what it says of itself, and by what comes: words of two megabytes, a form with more than one photo."""
    for path, size in (("queue/join", 3), ("call/face_fuse", 3), ("upload", 41)):
        url = f"{page.url}/gradio_api/{path}"
        headers = {"content-type": "multipart/form-data; boundary=x" if path == "upload" else "application/json"}
        assert httpx.post(url, content=b"x" * (size << 20), headers=headers).status_code == 413
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n' if path == "upload" else b""
        parts = (head if n == 0 else b"x" * (1 << 20) for n in range(size + 2))
        assert httpx.post(url, content=parts, headers=headers).status_code in (400, 413)
    assert [path for path in HOME.iterdir() if path.is_file()] == []
