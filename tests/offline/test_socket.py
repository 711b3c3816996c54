"""The stand-alone server over a real port: the documents' own curl lines, and the app running "live" against it."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from client_requests import PATHS
from support.failure_lab_server import serve_vendor
from support.unbilled_call import run_unbilled

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline import create_app
from meitu_demo.photos import codec
from meitu_demo.settings import Settings


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The stand-alone server's address."""
    with serve_vendor() as found:
        yield found


@pytest.fixture
def ask_file(portrait: bytes, tmp_path: Path) -> Path:
    """A request's body as a file, as the documents' curl lines want it."""
    media = {"media_data": base64.b64encode(portrait).decode(), "media_profiles": {"media_data_type": "jpg"}}
    body = {"parameter": {"rsp_media_type": "jpg"}, "extra": {}, "media_info_list": [media]}
    path = tmp_path / "p.json"
    path.write_text(json.dumps(body))
    return path


def curl(*arguments: str) -> httpx.Response:
    """What curl gets."""
    program = shutil.which("curl") or pytest.skip("there is no curl on this machine")
    command = [program, "--silent", "--show-error", "--noproxy", "*", "-X", "POST", *arguments, "-w", "\n%{http_code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return httpx.Response(int(status), text=body)


@pytest.mark.parametrize("name", sorted(PATHS))
def test_the_documents_curl_lines(name: str, address: str, ask_file: Path) -> None:
    """Only the host is changed; large bodies come with curl's own Expect header."""
    response = curl(
        f"{address}{PATHS[name]}?api_key=xxx&api_secret=xxx", "-d", f"@{ask_file}", "--header",
        "Content-Type: application/json",
    )  # fmt: skip
    assert response.status_code == 200, response.text
    media = response.json()["media_info_list"][0]
    assert min(codec.read_size(base64.b64decode(media["media_data"]))) >= 100


@pytest.mark.parametrize("name", sorted(CATALOGUE))
async def test_the_app_runs_live_against_it(name: str, address: str, portrait: bytes) -> None:
    """With the base URLs pointing here and any key, every endpoint is a live call over the network."""
    settings = Settings.from_env(
        {
            "MEITU_API_KEY": "any", "MEITU_API_SECRET": "any", "AILAB_API_KEY": "any", "MODE": "live",
            "MEITU_BASE_URL": address, "AILAB_BASE_URL": address,
        }
    )  # fmt: skip
    endpoint = CATALOGUE[name]
    async with create_http_client(settings, create_app()) as client:
        outcome = await run_unbilled(
            client, TargetResolver(settings).resolve(endpoint.vendor_id), endpoint, portrait, {}
        )
    assert outcome.mode == "live"
    assert min(outcome.result_photo.width, outcome.result_photo.height) >= 100
