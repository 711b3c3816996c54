"""Canary keys through every fault, every quoting vendor and every way to call: no key appears in any output.

Two vendors run on local ports, the failure lab and one that quotes what it was sent, so that the HTTP libraries log
what they log in production. All output is searched, with all loggers at DEBUG.
"""

import io
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from traceback import format_exception
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from support.failure_lab_server import NEVER_ANSWERED
from support.quoting_vendor import ANSWERS, HOME, WRITINGS, Vendor, quoting
from support.secret_finder import seen
from support.uvicorn_server import uvicorn_port
from ui.conftest import Page, serve

from meitu_demo.calls import pipeline
from meitu_demo.calls.circuit_breaker import VendorHealth
from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.retry import RetryBudget
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.errors import DemoError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import Credentials, Endpoint
from meitu_demo.domain.translations import translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ledger.__main__ import main as ledger_report
from meitu_demo.ledger.paid_calls import PaidCallRecorder
from meitu_demo.offline import create_app
from meitu_demo.offline.connection import ConnectionProtocol
from meitu_demo.offline.faults import CODE_PREFIX, FAULTS
from meitu_demo.redaction.log_filter import RedactingFilter
from meitu_demo.settings import Settings
from meitu_demo.ui import api
from meitu_demo.ui.gradio_patches import sessions
from meitu_demo.ui.result import result_view
from meitu_demo.ui.result.facts import build_file_name

pytestmark = pytest.mark.xdist_group("canary")

# The first key of a pair is alphanumeric; the others contain special characters.
OWNERS = {
    "meitu": ("Kq7ZtB2mXw9LrV4cNp8HsD3f", "sE/cr+3t=&\"%7B\\Vw9 Yp2'LmX4qR8"),
    "ailab": ('aI5+Lab/9w=Qm&2\\Tz"8x%4Ck7',),
}
VISITORS = {
    "meitu": ("vK3nR8sWq5TzB7mXc2LpH9dF", "vS+7k/Q%2F\"x='m^4N&9b\\Jt6w<Z>"),
    "ailab": ("vA9w8Lb2Qm5nTz7xRk4cYd3H",),
}
KEYS = [key for keys in (OWNERS, VISITORS) for pair in keys.values() for key in pair]
# Half keys are searched for, because a truncated text must not contain the remaining half.
HALVES = [half for key in KEYS for half in (key[: len(key) // 2], key[len(key) // 2 :])]
ENV = {
    "MEITU_API_KEY": OWNERS["meitu"][0], "MEITU_API_SECRET": OWNERS["meitu"][1], "AILAB_API_KEY": OWNERS["ailab"][0],
    "MEITU_BASE_URL": HOME, "AILAB_BASE_URL": HOME, "BREAKER": "off", "CALLS_PER_SECOND": "off", "LOG_LEVEL": "DEBUG",
}  # fmt: skip
LOGGERS = ("", "meitu_demo", "httpx", "httpcore", "gradio", "uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy",
        "sqlalchemy.engine", "sqlalchemy.pool", "asyncio", "PIL", "multipart", "python_multipart")  # fmt: skip
LANGUAGES = ("en", "zh")
CODES = {
    "refused": ("20003", "ERROR_PARAMETERS"),
    "for load": ("90024", "ERROR_QPS"),
    "in no list": ("77777", "TOMORROW"),
}

FAULT_KINDS = [f"fault: {name}" for name in [*FAULTS, *(CODE_PREFIX + name for name in CODES), CODE_PREFIX + "the key"]]
OWN_KINDS = ["here: a failure of ours", "here: lost on the way", "here: nobody is there", "here: typed as a value"]
KINDS = [*FAULT_KINDS, *(f"quoted: {name}" for name in ANSWERS), *OWN_KINDS]


@dataclass(frozen=True)
class Combination:
    """What happens, at which endpoint, and by which way of calling."""

    kind: str
    endpoint: str
    way: str  # service, API, panel


PLACES = [(endpoint, way) for way in ("service", "API", "panel") for endpoint in sorted(CATALOGUE)]
# Every kind once, then every kind once more elsewhere, and so on.
COMBINATIONS = [
    Combination(kind, *PLACES[(number + round_number) % len(PLACES)])
    for round_number in range(len(PLACES))
    for number, kind in enumerate(KINDS)
]


class RedirectingTransport(httpx.AsyncBaseTransport):
    """Sends every request to one local port, or fails."""

    def __init__(self) -> None:
        self.port = 0
        self.fails = ""
        self._real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        message = f"while at {request.url} with {request.headers.raw}"
        if self.fails == "a failure of ours":
            raise RuntimeError(message)
        if self.fails == "lost on the way":
            raise httpx.ReadTimeout(message, request=request)
        url = request.url.copy_with(host="127.0.0.1", port=self.port)
        redirected = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return await self._real.handle_async_request(redirected)


class CapturedLogs:
    """Captured logs: all after the filter; our own without it; all without it, to count what the filter hides."""

    def __init__(self) -> None:
        self.filtered, self.ours, self.unfiltered = io.StringIO(), io.StringIO(), io.StringIO()
        self.leaking_loggers: set[str] = set()  # loggers that log a key
        self.redaction_count = 0

    def take(self) -> dict[str, str]:
        """Return and clear what was captured since the last call."""
        for line in self.unfiltered.getvalue().splitlines():
            if any(key in line for key in KEYS):
                self.leaking_loggers.add(line.split(".")[0].split(" ")[0])
        found = {"log": self.filtered.getvalue(), "our own lines, unfiltered": self.ours.getvalue()}
        self.redaction_count += found["log"].count("…")
        for stream in (self.filtered, self.ours, self.unfiltered):
            stream.seek(0)
            stream.truncate()
        return found


@contextmanager
def capture_logs() -> Iterator[CapturedLogs]:
    """Capture all loggers at DEBUG, as after `install_redaction`."""
    logs = CapturedLogs()
    handlers = {"": [logs.unfiltered, logs.filtered], "meitu_demo": [logs.ours]}
    added_handlers = []
    with pytest.MonkeyPatch.context() as patch:
        for name, streams in handlers.items():
            for stream in streams:
                handler = logging.StreamHandler(stream)
                handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
                if stream is logs.filtered:
                    handler.addFilter(RedactingFilter())
                logging.getLogger(name).addHandler(handler)
                added_handlers.append((logging.getLogger(name), handler))
        for name in LOGGERS:
            patch.setattr(logging.getLogger(name), "level", logging.DEBUG)
            patch.setattr(logging.getLogger(name), "filters", [])
            patch.setattr(logging.getLogger(name), "propagate", True)  # an earlier server may have switched it off
        logging.root.manager._clear_cache()  # type: ignore[attr-defined]  # it caches enabled levels
        try:
            yield logs
        finally:
            for logger, handler in added_handlers:
                logger.removeHandler(handler)
    logging.root.manager._clear_cache()  # type: ignore[attr-defined]


@contextmanager
def lab() -> Iterator[tuple[Any, int]]:
    """The failure lab and its port, with an access log, whose lines contain full paths."""
    app = create_app(lab=True)
    with uvicorn_port(app, http=ConnectionProtocol, log_config=None, log_level="debug") as port:
        yield app, port


@dataclass
class World:
    """Everything that the combinations share."""

    vendor: Vendor
    lab: Any
    lab_port: int
    page: Page
    settings: Settings
    paid_calls: PaidCallRecorder
    photo: bytes
    upload: dict[str, Any]
    events: dict[str, int]  # of a click on a panel's button, and on the one that takes keys

    def prepare(self, kind: str, vendor_id: str, transport: RedirectingTransport) -> None:
        """Configure the vendors and the transport for `kind`."""
        group, _, name = kind.partition(": ")
        transport.fails = name if group == "here" else ""
        transport.port = {"fault": self.lab_port, "quoted": self.vendor.port, "here": self.vendor.port}[group]
        if name == "nobody is there":
            transport.port = 9  # discard; nothing listens there
        self.vendor.kind = name if group == "quoted" else "result"
        self.lab.state.fault = name
        if name.startswith(CODE_PREFIX):
            code = name.removeprefix(CODE_PREFIX)
            code_or_key = OWNERS[vendor_id][0] if code == "the key" else CODES[code][vendor_id == "ailab"]
            self.lab.state.fault = CODE_PREFIX + code_or_key

    def values(self, kind: str, endpoint: Endpoint) -> dict[str, Any]:
        """The endpoint's defaults, or a key as a value."""
        values = {control.name: control.default for control in endpoint.controls}
        if kind == OWN_KINDS[-1] and values:
            values[endpoint.controls[0].name] = OWNERS["meitu"][0]
        return values

    async def call_service(self, combination: Combination, client: httpx.AsyncClient, number: int) -> dict[str, str]:
        """Call the pipeline directly, every other time with a visitor's keys; return all texts that result."""
        endpoint = CATALOGUE[combination.endpoint]
        keys = VISITORS if number % 2 else OWNERS
        credentials = {endpoint.vendor_id: Credentials(*map(SecretStr, keys[endpoint.vendor_id]))}
        self.vendor.keys = keys
        resolver = TargetResolver(self.settings, credentials if number % 2 else None)
        target = resolver.resolve(endpoint.vendor_id)
        objects: list[Any] = [
            self.settings,
            resolver,
            target,
            target.credentials,
            credentials,
            resolver.get_status(endpoint.vendor_id),
        ]
        sinks: dict[str, str] = {}
        try:
            call = await pipeline.prepare(endpoint, self.photo, self.values(combination.kind, endpoint))
            objects.append(call)
            open_paid_call = partial(
                self.paid_calls.record,
                target,
                call,
                fingerprint=self.paid_calls.compute_fingerprint(call),
                visitor="127.0.0.1",
            )
            reply = await pipeline.send(
                client, target, call, open_paid_call=open_paid_call, health=VendorHealth(retry_budget=RetryBudget(0, 0))
            )
            objects.append(reply)
            result = await pipeline.fetch_result(client, target, call, reply)
            objects.append(result)
            sinks["file's name"] = build_file_name(result)
            sinks["report"] = "".join(str(api.build_report(result, language, 30)) for language in LANGUAGES)
        except DemoError as error:
            objects += [error, error.__cause__]
            sinks["trace"] = "".join(format_exception(error))
            for language in LANGUAGES:
                explanation = explain(error, language)
                sinks[f"explanation, {language}"] = (
                    f"{explanation!r}\n{explanation.as_text()}\n{result_view.render_explanation(explanation, language)}"
                )
        sinks["repr and str"] = "\n".join(f"{thing!r} {thing!s}" for thing in objects)
        return sinks

    def call_api(self, combination: Combination, number: int) -> dict[str, str]:
        """Call the API, alternating between the languages."""
        self.vendor.keys = OWNERS
        endpoint = CATALOGUE[combination.endpoint]
        values = self.values(combination.kind, endpoint)
        data = [self.upload, *values.values(), True, True]
        answer = self.page.call(endpoint.id, *data, language=LANGUAGES[number % 2])
        return {"API's answer": str(answer)}

    def call_panel(self, combination: Combination, number: int) -> dict[str, str]:
        """Click as the page does, every other time with a visitor's keys; return the page's events."""
        endpoint = CATALOGUE[combination.endpoint]
        values = self.values(combination.kind, endpoint)
        session = f"canary{number}"
        self.vendor.keys = VISITORS if number % 2 else OWNERS
        events = ""
        if number % 2:
            events = self.page.join(self.events["keys"], [*VISITORS["meitu"], *VISITORS["ailab"]], session=session)
            assert escape(translate("keys.used", "en"))[:20] in events
        data = [self.upload, *values.values(), True, "", None, 0]
        payer = "visitor" if number % 2 else "owner"
        run = self.page.join(self.events[endpoint.id], data, session=session, payers=f"meitu={payer} ailab={payer}")
        return {"page's events": events + run}

    def collect_leftovers(self, folders: Mapping[str, Path]) -> Iterator[tuple[str, str | bytes]]:
        """What remains after all calls: pages, ledgers, files and file names."""
        for name, path in (("page", "/"), ("config", "/config"), ("API's description", "/gradio_api/info")):
            yield name, httpx.get(self.page.url + path, timeout=60).text
        contents: set[bytes] = set()
        for name, folder in folders.items():
            for path in sorted(folder.rglob("*")):
                yield f"names of files, {name}", str(path.relative_to(folder))
                data = path.read_bytes() if path.is_file() else b""
                if data not in contents:
                    contents.add(data)
                    yield f"files, {name}", data


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The test's folders: two ledgers, and the folder of uploads and results."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    return {"ledger of the service": tmp_path / "service", "ledger of the app": tmp_path / "app", "uploads": uploads}


@pytest.fixture
def world(folders: dict[str, Path], portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Both vendors, the app, and a second ledger for the direct calls of the service. Each click has a session."""
    monkeypatch.setattr(sessions, "MAX_ADDRESS_SESSIONS", len(COMBINATIONS))
    app, direct = (
        Settings.from_env({**ENV, "DATA_DIR": str(folders[name])})
        for name in ("ledger of the app", "ledger of the service")
    )
    with quoting(OWNERS, portrait) as vendor, lab() as (failing, port):
        serving = serve(app)
        page = next(serving)
        config = httpx.get(f"{page.url}/config").json()
        elements = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        buttons = {endpoint.id: f"{endpoint.slug}-run" for endpoint in CATALOGUE.values()} | {"keys": "own-keys-use"}
        events = {
            name: next(
                event["id"]
                for event in config["dependencies"]
                if event["targets"] == [[elements[button], "click"]] and event["backend_fn"]
            )
            for name, button in buttons.items()
        }
        upload = page.upload(portrait)
        try:
            yield World(
                vendor, failing, port, page, direct, PaidCallRecorder.from_settings(direct), portrait, upload, events
            )
        finally:
            serving.close()


# ── The tests ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("writing", sorted(WRITINGS))
def test_secret_finder_finds_every_encoding(writing: str) -> None:
    """The finder detects a key in each encoding of the quoting vendor, and none in a text without keys."""
    sent = "&".join(f"api_key={key}" for key in OWNERS["meitu"])
    written = WRITINGS[writing](sent)
    keys = OWNERS["meitu"][:1] if writing == "in words" else OWNERS["meitu"]
    assert seen(f"<p>{written}</p>\n", KEYS) == set(keys)
    assert seen(written.encode(), KEYS) == set(keys) or writing == "invisible between"
    assert not seen(written, VISITORS["meitu"])


@pytest.mark.chaos
async def test_redaction_hides_keys_in_every_output(
    world: World,
    folders: dict[str, Path],
    capfd: pytest.CaptureFixture[str],
    rounds: Callable[[int], int],
    figure: Callable[[str], None],
    network_escapes: list[str],
) -> None:
    """No page, event, log, file or ledger contains a key in any encoding or case, whatever the vendor does."""
    found: list[str] = []
    sinks: set[str] = set()
    combinations = COMBINATIONS[: rounds(len(COMBINATIONS))]
    assert {combination.kind for combination in combinations} == set(KINDS)
    transport, app_transport = RedirectingTransport(), RedirectingTransport()
    client = create_http_client(world.settings, create_app())
    client._transport, world.page.client._transport = transport, app_transport

    def search(where: str, things: Mapping[str, str | bytes]) -> None:
        sinks.update(things)
        found.extend(f"{where}: {sink}" for sink, text in things.items() if seen(text, HALVES))

    with capture_logs() as logs:
        for number, combination in enumerate(combinations):
            patience = httpx.Timeout(20, read=0.3 if combination.kind.partition(": ")[2] in NEVER_ANSWERED else 20)
            client.timeout = world.page.client.timeout = patience
            world.prepare(
                combination.kind,
                CATALOGUE[combination.endpoint].vendor_id,
                transport if combination.way == "service" else app_transport,
            )
            asked_before = len(world.vendor.asked)
            if combination.way == "service":
                things = await world.call_service(combination, client, number)
            elif combination.way == "API":
                things = world.call_api(combination, number)
            else:
                things = world.call_panel(combination, number)
            assert combination.kind.startswith("quoted") <= (len(world.vendor.asked) > asked_before), combination
            out, err = capfd.readouterr()
            search(str(combination), {**things, **logs.take(), "stdout": out, "stderr": err})
        await client.aclose()
        for sink, data in world.collect_leftovers(folders):
            search("at the end", {sink: data})
        for name in ("ledger of the service", "ledger of the app"):
            url = f"sqlite:///{folders[name]}/ledger.db"
            assert ledger_report(["--database", url]) == ledger_report(["--database", url, "--csv"]) == 0
            out, err = capfd.readouterr()
            assert "reserved_at" in out
            search(name, {"report and CSV of the ledger": out + err})
        search("at the end", logs.take())
    figure(f"canary key: {len(found)} occurrences in {len(combinations)} combinations of {len(sinks)} sinks")
    assert not found
    assert logs.redaction_count > len(combinations)  # otherwise no vendor quoted anything
    assert logs.leaking_loggers >= {"httpx", "httpcore", "uvicorn"}  # these log keys without the filter
    network_escapes.clear()
