"""What is copied as code runs as it is, and does what our own client does."""

import ast
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from inspector.conftest import KEYS, Execute
from meitu_demo.calls.pipeline import CallResult, run_unbilled
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.errors import ValueRejected
from meitu_demo.domain.model import CallTarget, Credentials, Endpoint, Photo
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.inspector import SAMPLE_LANGUAGES, render_sample, render_samples
from meitu_demo.photos import codec
from meitu_demo.settings import Settings
from meitu_demo.vendors import VENDORS

pytestmark = pytest.mark.xdist_group("programs")
# For no control what it has anyway.
VALUES: dict[str, dict[str, Any]] = {
    "face_fuse": {"template_id": "08bp4tnfkm560qv6"},
    "anime_avatar": {"version": "2.0.0"},
    "quality_restoration": {},
    "facial_aesthetics": {"shape_type": 3, "strength": 0.85},
}


async def our_own(address: str, endpoint: Endpoint, photo: bytes) -> CallResult:
    """What our client gets from the server at `address`."""
    settings = Settings.from_env({**KEYS, "MEITU_BASE_URL": address, "AILAB_BASE_URL": address})
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await run_unbilled(
            client, TargetResolver(settings).resolve(endpoint.provider), endpoint, photo, VALUES[endpoint.id]
        )


async def test_code_samples_give_our_clients_picture(
    address: str, execute: Execute, portrait: bytes, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """Three languages, four endpoints: each is run against the stand-alone server, and the pictures are the same."""
    agree, differ = 0, []
    for endpoint in CATALOGUE.values():
        outcome = await our_own(address, endpoint, portrait)
        assert outcome.result_photo.data != outcome.sent_photo.data

        def one(language: str, endpoint: Endpoint = endpoint, outcome: CallResult = outcome) -> bool:
            text = render_sample(endpoint, VALUES[endpoint.id], language, base_url=address)
            done = execute(language, text, outcome.sent_photo.data)
            assert done.returncode == 0, (language, endpoint.id, done.stderr[-2000:])
            return (tmp_path / language / "result.jpg").read_bytes() == outcome.result_photo.data

        with ThreadPoolExecutor(2) as pool:
            for language, same in zip(SAMPLE_LANGUAGES, pool.map(one, SAMPLE_LANGUAGES), strict=True):
                agree += same
                differ += [] if same else [(language, endpoint.id)]
    all_of_them = agree + len(differ)
    figure(f"copy as code: {agree} of {all_of_them} programs give the picture that our client gives")
    assert (differ, all_of_them) == ([], 12)


@pytest.mark.parametrize("language", SAMPLE_LANGUAGES)
def test_code_samples_follow_a_link_to_the_picture(
    language: str, address: str, execute: Execute, portrait: bytes, tmp_path: Path
) -> None:
    """Meitu answers with a link where that is asked for: the program follows it."""
    endpoint = replace(CATALOGUE["quality_restoration"], constant_fields={"rsp_media_type": "url"})
    done = execute(language, render_sample(endpoint, {}, language, base_url=address), portrait)
    assert done.returncode == 0, done.stderr
    assert min(codec.read_size((tmp_path / language / "result.jpg").read_bytes())) >= 320


@pytest.mark.parametrize("language", SAMPLE_LANGUAGES)
@pytest.mark.parametrize(("name", "code"), [("face_fuse", "20003"), ("facial_aesthetics", "ERROR_NO_FACE_IN_FILE")])
def test_code_samples_report_a_refusal(
    language: str, name: str, code: str, address: str, execute: Execute, faceless: bytes, tmp_path: Path
) -> None:
    """A photo without a face: the vendor's code on stderr, status 1, and no picture."""
    done = execute(language, render_sample(CATALOGUE[name], {}, language, base_url=address), faceless)
    assert done.returncode == 1
    assert code in done.stderr
    assert not (tmp_path / language / "result.jpg").exists()


# ── On the wire ─────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Vendor:
    """A server that refuses everything, and remembers what it was asked."""

    address: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """One on a port of this machine."""
    known = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            known.asked.append(understood(self.path, dict(self.headers.items()), body))
            answer = b'{"ErrorCode": 20099, "ErrorMsg": "NOT_TODAY"}'
            self.send_response(400)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield known
        server.shutdown()


def understood(target: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """What a vendor would read out of a request, whatever its spelling."""
    small = {name.lower(): value for name, value in headers.items()}
    kind, parts = small["content-type"].partition(";")[0], urlsplit(target)
    keys = {name: value for name, value in small.items() if name.startswith(("ailabapi-", "x-rapidapi-"))}
    content: Any = None
    if kind == "application/json":
        content = json.loads(body)
    else:
        form = message_from_bytes(b"Content-Type: " + small["content-type"].encode() + b"\r\n\r\n" + body)
        content = {
            part.get_param("name", header="content-disposition"): (
                part.get_filename(), part.get_content_type() if part.get_filename() else None,
                part.get_payload(decode=True),
            )
            for part in form.get_payload()
        }  # fmt: skip
    return {"path": parts.path, "query": parse_qs(parts.query), "kind": kind, "keys": keys, "content": content}


@pytest.mark.parametrize("language", SAMPLE_LANGUAGES)
@pytest.mark.parametrize("name", ["face_fuse", "facial_aesthetics", "marketplace"])
def test_code_samples_send_what_our_client_sends(
    name: str, language: str, vendor: Vendor, execute: Execute, portrait: bytes
) -> None:
    """Path, keys, fields, names and photo: a vendor cannot tell the program from us. What it says is printed."""
    market = name == "marketplace"
    endpoint = CATALOGUE["facial_aesthetics" if market else name]
    path = "/face/editing/face-tidyup" if market else None
    key = KEYS["MEITU_API_KEY"] if name == "face_fuse" else KEYS["RAPIDAPI_KEY" if market else "AILAB_API_KEY"]
    host = KEYS["RAPIDAPI_HOST"] if market else ""
    keys = Credentials(SecretStr(key), SecretStr(KEYS["MEITU_API_SECRET"]), host)
    route = CallTarget(endpoint.provider, vendor.address, keys, is_billable=True, path_override=path)
    photo = Photo(portrait, "image/jpeg", 320, 320)
    values = endpoint.validate(VALUES[endpoint.id])
    ours = VENDORS[endpoint.provider].build(endpoint, route, photo, values)
    ours.read()
    done = execute(language, render_samples(endpoint, VALUES[endpoint.id], route)[language], portrait)
    assert (done.returncode, len(vendor.asked)) == (1, 1)
    assert "20099" in done.stderr
    assert "NOT_TODAY" in done.stderr
    assert vendor.asked[0] == understood(ours.url.raw_path.decode(), dict(ours.headers), ours.content)


# ── As texts ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("endpoint", CATALOGUE.values(), ids=CATALOGUE)
def test_code_samples_are_short_and_hold_no_key(endpoint: Endpoint) -> None:
    """Of any route: variables instead of keys, the vendor's address where the call stays here, no long lines."""
    keys = Credentials(SecretStr("CANARY0KEY0CANARY"), SecretStr("CANARY0SECRET0CANARY"))
    live = CallTarget(endpoint.provider, "https://proxy.example/vendor", keys, is_billable=True)
    for route in (
        live,
        replace(live, is_failure_lab=True),
        TargetResolver(Settings()).resolve_offline(endpoint.provider),
    ):
        for text in render_samples(endpoint, {}, route).values():
            assert "CANARY" not in text
            assert "offline" not in text
            assert ("https://proxy.example/vendor" in text) == (route is live)
            assert len(text.splitlines()) <= 42
            assert max(map(len, text.splitlines())) <= 120
            assert text.endswith("\n")
            assert not text.endswith("\n\n")


def test_code_samples_escape_values_in_every_language() -> None:
    """What could end a text or start a command is written out as what it is."""
    odd = "a\"b$(c)`d\\e${f}'"
    endpoint = replace(CATALOGUE["face_fuse"], constant_fields={"rsp_media_type": odd})
    samples = {
        language: render_sample(endpoint, {}, language, base_url="https://vendor.example")
        for language in SAMPLE_LANGUAGES
    }
    tree = ast.parse(samples["python"])
    assert odd in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert json.dumps(odd) in samples["javascript"]
    assert r'a\\"b\$(c)\`d\\\\e\${f}' in samples["curl"]


def test_code_samples_validate_values() -> None:
    """No program is written for a call that would not be made."""
    with pytest.raises(ValueRejected):
        render_sample(CATALOGUE["facial_aesthetics"], {"shape_type": 22}, "curl", base_url="https://vendor.example")
