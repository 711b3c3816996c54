"""The demo below a path of a real nginx: page, events, uploads, pictures, login, reference page, API and MCP."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from support.servers import serve_demo

from tools.servers import find_free_port, wait_until_ready

CONF = """daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port};
    location /demo/ {{ proxy_pass {upstream}/; proxy_http_version 1.1; proxy_buffering off; client_max_body_size 64m;
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme; }} }} }}
"""


@contextmanager
def run_proxy(nginx: str, folder: Path, upstream: str) -> Iterator[str]:
    """nginx with `upstream` at /demo/; yields that address."""
    port = find_free_port()
    (folder / "nginx.conf").write_text(CONF.format(folder=folder, port=port, upstream=upstream))
    user = "nobody" if os.geteuid() == 0 else None  # may write into this folder only
    if user:
        shutil.chown(folder, user)
    command = [nginx, "-p", folder, "-c", folder / "nginx.conf"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, user=user, extra_groups=[])
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/demo/healthz", process, (folder / "error.log").read_text)
        yield f"http://127.0.0.1:{port}/demo"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def below(nginx: str) -> Iterator[str]:
    """The demo at /demo of a proxy."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        serve_demo({"ROOT_PATH": "/demo", "MCP": "on"}) as url,
        run_proxy(nginx, Path(folder), url) as address,
    ):
        yield address


def test_page_below_a_path_names_addresses_below_it(below: str) -> None:
    """Gradio's root has the path, and each script and style of the page is there."""
    html = httpx.get(f"{below}/").text
    assert f'"root":"{below}"' in html
    assert "<title>Portrait APIs</title>" in html
    assert httpx.get(f"{below}/reference").status_code == 200
    script = html.partition('src="./')[2].partition('"')[0]
    assert httpx.get(f"{below}/{script}").status_code == 200


def test_api_below_a_path_takes_and_gives_pictures(below: str, portrait: bytes, tmp_path: Path) -> None:
    """The client uploads, calls, and downloads the result."""
    photo = tmp_path / "me.jpg"
    photo.write_bytes(portrait)
    client = Client(f"{below}/", verbose=False, download_files=str(tmp_path))
    path, report = client.predict(handle_file(photo), "8", 0.5, False, False, api_name="/facial_aesthetics")
    assert Path(path).stat().st_size > 1000
    assert report["mode"] == "offline"


def test_mcp_link_below_a_path_leads_to_the_picture(below: str, portrait: bytes) -> None:
    """The picture that a tool links to can be fetched."""
    arguments = {"photo": base64.b64encode(portrait).decode(), "shape_type": 8}
    params = {"name": "facial_aesthetics", "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    accept = {"accept": "application/json, text/event-stream"}
    answer = httpx.post(f"{below}/mcp", json=message, headers=accept, timeout=60).text
    picture = json.loads(answer.partition("data: ")[2])["result"]["structuredContent"]["picture"]
    assert picture.startswith(f"{below}/download/")
    assert httpx.get(picture).status_code == 200
