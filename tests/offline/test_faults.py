"""The failure lab, over a real port, met by the project's own client: each fault ends as the table says."""

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from client_requests import KEYS, PATHS, TIDYUP
from pydantic import SecretStr
from support.failure_lab_server import NEVER_ANSWERED, PROJECT, charges, check, serve_vendor
from support.unbilled_call import run_unbilled

from meitu_demo.calls.exchange import MAX_RESPONSE_BYTES
from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.billing import Billing
from meitu_demo.domain.errors import DemoError, VendorError
from meitu_demo.domain.model import CallTarget, Credentials
from meitu_demo.domain.translations import load_toml
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline import create_app
from meitu_demo.offline.faults import CODE_PREFIX, FAULT_HANDLERS, FAULTS, RESPONSE_FAULTS, resolve_fault

IMPATIENT = httpx.Timeout(20, read=0.3)
PATIENT = httpx.Timeout(60)
CODES = [(vendor_id, code) for vendor_id, part in load_toml("data/errors.toml").items() for code in part["codes"]]


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    """A server with the lab."""
    with serve_vendor("--lab") as address:
        yield address


@asynccontextmanager
async def told_to(fault: str, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client that asks for `fault` with each call; the service itself knows of no such header."""

    async def ask(request: httpx.Request) -> None:
        request.headers["x-fault"] = fault

    timeout = IMPATIENT if fault in NEVER_ANSWERED else PATIENT
    hooks = {"request": [ask]}
    async with httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False, event_hooks=hooks) as client:
        yield client


async def called(
    address: str, fault: str, endpoint: str, photo: bytes, transport: httpx.AsyncBaseTransport | None = None
) -> CallResult | DemoError:
    """How a live call of ours to `endpoint` at `address` ends."""
    vendor_id = CATALOGUE[endpoint].vendor_id
    route = CallTarget(vendor_id, address, Credentials(SecretStr("key"), SecretStr("pair")), is_billable=True)
    async with told_to(fault, transport) as client:
        try:
            return await run_unbilled(client, route, CATALOGUE[endpoint], photo, {})
        except DemoError as error:
            return error


# ── Each fault, at each endpoint ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("endpoint", sorted(CATALOGUE))
@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_a_call_ends_as_declared(name: str, endpoint: str, lab: str, portrait: bytes) -> None:
    """In the declared error or a result, explained in both languages, and counted as a vendor would bill it."""
    fault = resolve_fault(name, CATALOGUE[endpoint].vendor_id)
    before = charges(lab)
    check(await asyncio.wait_for(called(lab, name, endpoint, portrait), 60), fault)
    after = charges(lab)
    assert after.get(endpoint, 0) - before.get(endpoint, 0) == fault.billed
    assert sum(after.values()) - sum(before.values()) == fault.billed


@pytest.mark.parametrize("endpoint", ["face_fuse", "facial_aesthetics"])
async def test_every_code_of_the_vendor(endpoint: str, portrait: bytes) -> None:
    """In the vendor's form, with its status, billed if its outcome is not known; and a code that is in no list."""
    vendor_id = CATALOGUE[endpoint].vendor_id
    app = create_app(lab=True)
    for code in [code for name, code in CODES if name == vendor_id] + ["77777", "ERROR_OF_TOMORROW", "9" * 5000]:
        fault = resolve_fault(CODE_PREFIX + code, vendor_id)
        count = app.state.charges[endpoint]
        found = await called("http://lab.test", CODE_PREFIX + code, endpoint, portrait, httpx.ASGITransport(app))
        check(found, fault)
        assert app.state.charges[endpoint] - count == fault.billed


@pytest.mark.parametrize("name", ["huge", "gzip_bomb"])
@pytest.mark.parametrize("endpoint", ["quality_restoration", "facial_aesthetics"])
async def test_a_body_without_end_is_left_in_time(name: str, endpoint: str, lab: str, portrait: bytes) -> None:
    """The client never holds much more than its bound, however little came over the wire."""
    await called(lab, "empty", endpoint, portrait)  # what is loaded at the first call is none of this
    tracemalloc.start()
    try:
        found = await called(lab, name, endpoint, portrait)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    check(found, FAULTS[name])
    print(f"{name} at {endpoint}: peak {peak / 1e6:.0f} MB, bound {MAX_RESPONSE_BYTES / 1e6:.0f} MB")
    assert peak < MAX_RESPONSE_BYTES * 1.5


# ── The lab itself ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_table_and_lab_know_the_same_faults() -> None:
    """What is declared is done, and nothing else."""
    assert set(FAULTS) == {"timeout_before", *FAULT_HANDLERS, *RESPONSE_FAULTS} - {CODE_PREFIX}
    with pytest.raises(KeyError):
        resolve_fault("nonsense", "meitu")


async def test_strangers_cannot_tell_a_server_to_fail(portrait: bytes) -> None:
    """Without the lab the header means nothing, nothing is counted, and there is no page of charges."""
    app = create_app()
    found = await called("http://vendor.test", "html_200", "quality_restoration", portrait, httpx.ASGITransport(app))
    assert isinstance(found, CallResult)
    assert not app.state.charges
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        assert (await client.get("http://vendor.test/lab/charges")).status_code == 404


async def test_good_calls_are_charged_and_refused_ones_are_not(portrait: bytes, faceless: bytes) -> None:
    """As by a vendor: what was worked on costs, a refusal does not, with a fault on top or without."""
    app = create_app(lab=True)
    transport = httpx.ASGITransport(app)
    assert isinstance(await called("http://lab.test", "", "anime_avatar", portrait, transport), CallResult)
    assert dict(app.state.charges) == {"anime_avatar": 1}
    for fault in ("", "base64_garbage"):
        refused = await called("http://lab.test", fault, "face_fuse", faceless, transport)
        assert isinstance(refused, VendorError)
        assert refused.code == "20003"
    assert dict(app.state.charges) == {"anime_avatar": 1}


@pytest.mark.parametrize("path", [*PATHS.values(), TIDYUP])
async def test_an_unknown_fault_is_told(path: str) -> None:
    """A slip of the pen must not look like a server in good health."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(lab=True))) as client:
        answer = await client.post(f"http://lab.test{path}", params=KEYS, headers={"x-fault": "gzipbomb"}, content=b"x")
    assert answer.status_code == 400
    assert "gzip_bomb" in answer.text


async def test_the_two_rate_limits_differ_in_their_advice(lab: str) -> None:
    """429 both, in the vendor's own form; one says when to come back."""
    for path in (PATHS["face_fuse"], TIDYUP):
        async with told_to("rate_limited") as client, told_to("rate_limited_bare") as bare:
            advised, silent = await client.post(lab + path), await bare.post(lab + path)
        assert (advised.status_code, advised.headers["retry-after"]) == (429, "1")
        assert (silent.status_code, silent.headers.get("retry-after")) == (429, None)
        assert set(advised.json()) == set(silent.json())


async def test_a_reset_is_a_reset(lab: str) -> None:
    """RST on the wire, not the end of the connection in good order."""
    host, port = lab.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(_request(host, "reset"))
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_what_is_never_read_stands_still(lab: str) -> None:
    """A body that fits no buffer is not taken in: the client waits while it is still sending."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1_000_000)

    timeout = httpx.Timeout(20, write=0.3)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False) as client:
        with pytest.raises(httpx.WriteTimeout):
            await client.post(lab + TIDYUP, headers={"x-fault": "timeout_before"}, content=endless())


def test_a_server_that_always_fails_and_still_stops(portrait: bytes) -> None:
    """`--fault` holds for every call, a header outranks it, and a call that is being held holds up no stop."""
    with serve_vendor("--fault", "timeout_after") as address:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(address + TIDYUP, content=portrait, timeout=IMPATIENT, trust_env=False)
        html = httpx.post(address + TIDYUP, headers={"x-fault": "html_200"}, trust_env=False)
        assert html.headers["content-type"].startswith("text/html")
        assert charges(address) == {"facial_aesthetics": 2}
        host, port = address.removeprefix("http://").split(":")
        held = asyncio.run(_hold_open(host, int(port)))
    assert held


async def _hold_open(host: str, port: int) -> bool:
    """Send a call whose answer is never waited for, and leave its connection to the end of the process."""
    _, writer = await asyncio.open_connection(host, port)
    writer.write(_request(host))
    await writer.drain()
    return not writer.is_closing()


def _request(host: str, fault: str = "") -> bytes:
    return f"POST {TIDYUP} HTTP/1.1\r\nhost: {host}\r\nx-fault: {fault}\r\ncontent-length: 1\r\n\r\nx".encode()


def test_a_fault_that_is_none_does_not_start() -> None:
    """`--fault` with an unknown name ends with a word about it."""
    command = [sys.executable, "-m", "meitu_demo.offline", "--fault", "nonsense"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "no fault 'nonsense'" in done.stderr


# ── docs/vendor-server.md ───────────────────────────────────────────────────────────────────────────────────────────
GUIDE = (PROJECT / "docs" / "vendor-server.md").read_text("utf-8")
SECTION = GUIDE.partition("## Failure lab")[2].partition("\n## ")[0]
ROWS = {
    "may have been billed": Billing.UNKNOWN,
    "was billed": Billing.DONE,
    "did nothing": Billing.NOT_PROCESSED,
    "readable": None,
}


def test_documented_faults_are_those_of_the_lab() -> None:
    """Each fault stands in the row of its verdict, in the table's order."""
    for words_of_row, verdict in ROWS.items():
        (row,) = [line for line in SECTION.splitlines() if line.startswith("|") and words_of_row in line]
        named = [name for name in re.findall(r"`(\w+)`", row) if name in FAULTS]
        assert named == [name for name, fault in FAULTS.items() if fault.outcome is verdict]
    for code in re.findall(r"`code:(\w+)`", SECTION):
        assert code in {known for _, known in CODES}


def test_documented_failure_lab_lines_run(lab: str, tmp_path: Path) -> None:
    """As they stand there, with the port of this server."""
    (lines,) = re.findall(r"^```console\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    fails, counts = (shlex.split(line.replace("http://127.0.0.1:8700", lab)) for line in lines.splitlines())
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    (tmp_path / "p.json").write_text("{}")
    before = charges(lab)
    for words_of_line in (fails, counts):
        done = subprocess.run([*words_of_line, "-sS", "--noproxy", "*"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        if words_of_line is fails:
            assert "200 OK" in done.stdout
            assert "<title>" in done.stdout
    assert json.loads(done.stdout)["quality_restoration"] == before.get("quality_restoration", 0) + 1
