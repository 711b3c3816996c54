"""Code samples run as they are and do what our client does."""

import ast
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from support.unbilled_call import run_unbilled
from support.uvicorn_server import uvicorn_server

from inspector.conftest import KEYS, Execute
from meitu_demo.calls.pipeline import CallResult
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.errors import ValueRejected
from meitu_demo.domain.model import CallTarget, Credentials, Endpoint, Photo
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.inspector.code_samples import SAMPLE_LANGUAGES, render_sample, render_samples
from meitu_demo.photos import codec
from meitu_demo.settings import Settings
from meitu_demo.vendors import VENDORS

# For no control what it has anyway.
VALUES: dict[str, dict[str, Any]] = {
    "face_fuse": {"template_id": "08bp4tnfkm560qv6"},
    "anime_avatar": {"version": "2.0.0"},
    "quality_restoration": {},
    "facial_aesthetics": {"shape_type": 3, "strength": 0.85},
}


async def run_our_client(address: str, endpoint: Endpoint, photo: bytes) -> CallResult:
    """The result that our client gets from the server at `address`."""
    settings = Settings.from_env({**KEYS, "MEITU_BASE_URL": address, "AILAB_BASE_URL": address})
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await run_unbilled(
            client, TargetResolver(settings).resolve(endpoint.vendor_id), endpoint, photo, VALUES[endpoint.id]
        )


async def test_code_samples_give_our_clients_picture(
    address: str, execute: Execute, portrait: bytes, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """Samples in three languages for four endpoints, run against the stand-alone server, give our client's picture."""
    agree, differ = 0, []
    for endpoint in CATALOGUE.values():
        outcome = await run_our_client(address, endpoint, portrait)
        assert outcome.result_photo.data != outcome.sent_photo.data

        def run_and_compare(language: str, endpoint: Endpoint = endpoint, outcome: CallResult = outcome) -> bool:
            text = render_sample(endpoint, VALUES[endpoint.id], language, base_url=address)
            done = execute(language, text, outcome.sent_photo.data)
            assert done.returncode == 0, (language, endpoint.id, done.stderr[-2000:])
            return (tmp_path / language / "result.jpg").read_bytes() == outcome.result_photo.data

        with ThreadPoolExecutor(2) as pool:
            for language, same in zip(SAMPLE_LANGUAGES, pool.map(run_and_compare, SAMPLE_LANGUAGES), strict=True):
                agree += same
                differ += [] if same else [(language, endpoint.id)]
    total = agree + len(differ)
    figure(f"copy as code: {agree} of {total} programs give the picture that our client gives")
    assert (differ, total) == ([], 12)


@pytest.mark.parametrize("language", SAMPLE_LANGUAGES)
def test_code_samples_follow_a_link_to_the_picture(
    language: str, address: str, execute: Execute, portrait: bytes, tmp_path: Path
) -> None:
    """When Meitu answers with a link, the sample downloads the picture."""
    endpoint = replace(CATALOGUE["quality_restoration"], constant_fields={"rsp_media_type": "url"})
    done = execute(language, render_sample(endpoint, {}, language, base_url=address), portrait)
    assert done.returncode == 0, done.stderr
    assert min(codec.read_size((tmp_path / language / "result.jpg").read_bytes())) >= 320


@pytest.mark.parametrize("language", SAMPLE_LANGUAGES)
@pytest.mark.parametrize(("name", "code"), [("face_fuse", "20003"), ("facial_aesthetics", "ERROR_NO_FACE_IN_FILE")])
def test_code_samples_report_a_refusal(
    language: str, name: str, code: str, address: str, execute: Execute, faceless: bytes, tmp_path: Path
) -> None:
    """For a photo without a face a sample prints the vendor's code to stderr, exits with 1 and writes no picture."""
    done = execute(language, render_sample(CATALOGUE[name], {}, language, base_url=address), faceless)
    assert done.returncode == 1
    assert code in done.stderr
    assert not (tmp_path / language / "result.jpg").exists()


# ── On the wire ───────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Vendor:
    """A server on a local port that rejects every request and records it."""

    address: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: Request) -> JSONResponse:
        path = f"{request.url.path}?{request.url.query}"
        self.requests.append(parse_request(path, dict(request.headers), await request.body()))
        return JSONResponse({"ErrorCode": 20099, "ErrorMsg": "NOT_TODAY"}, 400)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    with uvicorn_server(Starlette(routes=[Route("/{path:path}", vendor.answer, methods=["POST"])])) as vendor.address:
        yield vendor


def parse_request(raw_path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The parts of a request that a vendor reads, independent of its spelling."""
    lower = {name.lower(): value for name, value in headers.items()}
    kind, parts = lower["content-type"].partition(";")[0], urlsplit(raw_path)
    keys = {name: value for name, value in lower.items() if name.startswith(("ailabapi-", "x-rapidapi-"))}
    content: Any = None
    if kind == "application/json":
        content = json.loads(body)
    else:
        form = message_from_bytes(b"Content-Type: " + lower["content-type"].encode() + b"\r\n\r\n" + body)
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
    """A sample sends the path, keys, fields, names and photo that our client sends, and prints the answer."""
    is_marketplace = name == "marketplace"
    endpoint = CATALOGUE["facial_aesthetics" if is_marketplace else name]
    path = "/face/editing/face-tidyup" if is_marketplace else None
    key = KEYS["MEITU_API_KEY"] if name == "face_fuse" else KEYS["RAPIDAPI_KEY" if is_marketplace else "AILAB_API_KEY"]
    host = KEYS["RAPIDAPI_HOST"] if is_marketplace else ""
    keys = Credentials(SecretStr(key), SecretStr(KEYS["MEITU_API_SECRET"]), host)
    target = CallTarget(endpoint.vendor_id, vendor.address, keys, is_billable=True, path_override=path)
    photo = Photo(portrait, "image/jpeg", 320, 320)
    values = endpoint.validate(VALUES[endpoint.id])
    request = VENDORS[endpoint.vendor_id].build(endpoint, target, photo, values)
    request.read()
    done = execute(language, render_samples(endpoint, VALUES[endpoint.id], target)[language], portrait)
    assert (done.returncode, len(vendor.requests)) == (1, 1)
    assert "20099" in done.stderr
    assert "NOT_TODAY" in done.stderr
    assert vendor.requests[0] == parse_request(request.url.raw_path.decode(), dict(request.headers), request.content)


# ── The text of a sample ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("endpoint", CATALOGUE.values(), ids=CATALOGUE)
def test_code_samples_are_short_and_contain_no_key(endpoint: Endpoint) -> None:
    """For any target: variables for keys, the vendor's address for local calls, at most 42 lines of 120 characters."""
    keys = Credentials(SecretStr("CANARY0KEY0CANARY"), SecretStr("CANARY0SECRET0CANARY"))
    live = CallTarget(endpoint.vendor_id, "https://proxy.example/vendor", keys, is_billable=True)
    for target in (
        live,
        replace(live, is_failure_lab=True),
        TargetResolver(Settings()).resolve_offline(endpoint.vendor_id),
    ):
        for text in render_samples(endpoint, {}, target).values():
            assert "CANARY" not in text
            assert "offline" not in text
            assert ("https://proxy.example/vendor" in text) == (target is live)
            assert len(text.splitlines()) <= 42
            assert max(map(len, text.splitlines())) <= 120
            assert text.endswith("\n")
            assert not text.endswith("\n\n")


def test_code_samples_escape_values_in_every_language() -> None:
    """Characters that could end a string or start a command are escaped."""
    special = "a\"b$(c)`d\\e${f}'"
    endpoint = replace(CATALOGUE["face_fuse"], constant_fields={"rsp_media_type": special})
    samples = {
        language: render_sample(endpoint, {}, language, base_url="https://vendor.example")
        for language in SAMPLE_LANGUAGES
    }
    tree = ast.parse(samples["python"])
    assert special in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert json.dumps(special) in samples["javascript"]
    assert r'a\\"b\$(c)\`d\\\\e\${f}' in samples["curl"]


def test_code_samples_validate_values() -> None:
    """Values that a call would reject are rejected."""
    with pytest.raises(ValueRejected):
        render_sample(CATALOGUE["facial_aesthetics"], {"shape_type": 22}, "curl", base_url="https://vendor.example")
