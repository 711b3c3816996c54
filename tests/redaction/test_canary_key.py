"""Canary keys through every fault, every quoting vendor and every way to call: no key appears in any output.

Two vendors stand on ports of this machine, the failure lab and one that quotes what it was sent, so that the libraries
below our client speak as they do outside. Everything that they and we say is looked through, with all loggers at DEBUG.
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
from support.quoting_vendor import ANSWERS, HOME, WRITINGS, Vendor, quoting
from support.secret_finder import seen
from support.uvicorn_server import uvicorn_port
from ui.conftest import Page, serve

from meitu_demo.calls import pipeline
from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.retry import RetryBudget
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.calls.vendor_health import VendorHealth
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
from meitu_demo.ui.result import result_view
from meitu_demo.ui.result.facts import build_file_name

pytestmark = pytest.mark.xdist_group("canary")

# The first of a pair may stand in a name; the others have whatever else a key may have.
OWNERS = {
    "meitu": ("Kq7ZtB2mXw9LrV4cNp8HsD3f", "sE/cr+3t=&\"%7B\\Vw9 Yp2'LmX4qR8"),
    "ailab": ('aI5+Lab/9w=Qm&2\\Tz"8x%4Ck7',),
}
VISITORS = {
    "meitu": ("vK3nR8sWq5TzB7mXc2LpH9dF", "vS+7k/Q%2F\"x='m^4N&9b\\Jt6w<Z>"),
    "ailab": ("vA9w8Lb2Qm5nTz7xRk4cYd3H",),
}
KEYS = [key for keys in (OWNERS, VISITORS) for pair in keys.values() for key in pair]
# Half a key is looked for, not a whole one: a text that is cut short must not show the half that is left.
HALVES = [half for key in KEYS for half in (key[: len(key) // 2], key[len(key) // 2 :])]
ENV = {
    "MEITU_API_KEY": OWNERS["meitu"][0], "MEITU_API_SECRET": OWNERS["meitu"][1], "AILAB_API_KEY": OWNERS["ailab"][0],
    "MEITU_BASE_URL": HOME, "AILAB_BASE_URL": HOME, "BREAKER": "off", "CALLS_PER_SECOND": "off", "LOG_LEVEL": "DEBUG",
}  # fmt: skip
LOUD = ("", "meitu_demo", "httpx", "httpcore", "gradio", "uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy",
        "sqlalchemy.engine", "sqlalchemy.pool", "asyncio", "PIL", "multipart", "python_multipart")  # fmt: skip
LANGUAGES = ("en", "zh")
NEVER_ANSWERED = {"timeout_before", "timeout_after", "drip"}
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
    """What happens, at which endpoint, and by which way it comes to the screen or the client."""

    kind: str
    endpoint: str
    way: str  # service, API, panel


PLACES = [(endpoint, way) for way in ("service", "API", "panel") for endpoint in sorted(CATALOGUE)]
# Every kind once, then every kind once more elsewhere, and so on.
COMBINATIONS = [
    Combination(kind, *PLACES[(number + turn) % len(PLACES)])
    for turn in range(len(PLACES))
    for number, kind in enumerate(KINDS)
]


class Elsewhere(httpx.AsyncBaseTransport):
    """Takes everything to one port of this machine, wherever it was to go, or fails on the way."""

    def __init__(self) -> None:
        self.port = 0
        self.fails = ""
        self._real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = f"while at {request.url} with {request.headers.raw}"
        if self.fails == "a failure of ours":
            raise RuntimeError(said)
        if self.fails == "lost on the way":
            raise httpx.ReadTimeout(said, request=request)
        url = request.url.copy_with(host="127.0.0.1", port=self.port)
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return await self._real.handle_async_request(there)


class Heard:
    """What was logged: all of it behind the filter; our own lines without; and how much would have been seen."""

    def __init__(self) -> None:
        self.filtered, self.ours, self.bare = io.StringIO(), io.StringIO(), io.StringIO()
        self.seen_bare: set[str] = set()  # loggers that would have told a key
        self.hidden = 0

    def take(self) -> dict[str, str]:
        """The lines since the last time."""
        for line in self.bare.getvalue().splitlines():
            if any(key in line for key in KEYS):
                self.seen_bare.add(line.split(".")[0].split(" ")[0])
        found = {"log": self.filtered.getvalue(), "our own lines, unfiltered": self.ours.getvalue()}
        self.hidden += found["log"].count("…")
        for stream in (self.filtered, self.ours, self.bare):
            stream.seek(0)
            stream.truncate()
        return found


@contextmanager
def listening() -> Iterator[Heard]:
    """Everything at DEBUG, as after `install_redaction`."""
    heard = Heard()
    handlers = {"": [heard.bare, heard.filtered], "meitu_demo": [heard.ours]}
    put_up = []
    with pytest.MonkeyPatch.context() as patch:
        for name, streams in handlers.items():
            for stream in streams:
                handler = logging.StreamHandler(stream)
                handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
                if stream is heard.filtered:
                    handler.addFilter(RedactingFilter())
                logging.getLogger(name).addHandler(handler)
                put_up.append((logging.getLogger(name), handler))
        for name in LOUD:
            patch.setattr(logging.getLogger(name), "level", logging.DEBUG)
            patch.setattr(logging.getLogger(name), "filters", [])
            patch.setattr(logging.getLogger(name), "propagate", True)  # a server that ran here before may have said no
        logging.root.manager._clear_cache()  # type: ignore[attr-defined]  # of which levels are on
        try:
            yield heard
        finally:
            for logger, handler in put_up:
                logger.removeHandler(handler)
    logging.root.manager._clear_cache()  # type: ignore[attr-defined]


@contextmanager
def lab() -> Iterator[tuple[Any, int]]:
    """The failure lab and its port. With an access log, whose lines hold whole paths."""
    app = create_app(lab=True)
    with uvicorn_port(app, http=ConnectionProtocol, log_config=None, log_level="debug") as port:
        yield app, port


@dataclass
class World:
    """All that the combinations share."""

    vendor: Vendor
    lab: Any
    lab_port: int
    page: Page
    settings: Settings
    accounts: PaidCallRecorder
    photo: bytes
    upload: dict[str, Any]
    events: dict[str, int]  # of a click on a panel's button, and on the one that takes keys

    def prepare(self, kind: str, provider: str, transport: Elsewhere) -> None:
        """Have the vendors and the way to them do what `kind` says."""
        group, _, name = kind.partition(": ")
        transport.fails = name if group == "here" else ""
        transport.port = {"fault": self.lab_port, "quoted": self.vendor.port, "here": self.vendor.port}[group]
        if name == "nobody is there":
            transport.port = 9  # discard; nothing listens there
        self.vendor.kind = name if group == "quoted" else "result"
        self.lab.state.fault = name
        if name.startswith(CODE_PREFIX):
            code = name.removeprefix(CODE_PREFIX)
            told = OWNERS[provider][0] if code == "the key" else CODES[code][provider == "ailab"]
            self.lab.state.fault = CODE_PREFIX + told

    def values(self, kind: str, endpoint: Endpoint) -> dict[str, Any]:
        """The endpoint's defaults, or a key where a value should be."""
        values = {control.name: control.default for control in endpoint.controls}
        if kind == OWN_KINDS[-1] and values:
            values[endpoint.controls[0].name] = OWNERS["meitu"][0]
        return values

    async def by_service(self, combination: Combination, client: httpx.AsyncClient, number: int) -> dict[str, str]:
        """Called directly, every other time with a visitor's keys; all that the way back is made of."""
        endpoint = CATALOGUE[combination.endpoint]
        keys = VISITORS if number % 2 else OWNERS
        own = {endpoint.provider: Credentials(*map(SecretStr, keys[endpoint.provider]))}
        self.vendor.keys = keys
        routes = TargetResolver(self.settings, own if number % 2 else None)
        route = routes.resolve(endpoint.provider)
        objects: list[Any] = [
            self.settings,
            routes,
            route,
            route.credentials,
            own,
            routes.get_status(endpoint.provider),
        ]
        sinks: dict[str, str] = {}
        try:
            order = await pipeline.prepare(endpoint, self.photo, self.values(combination.kind, endpoint))
            objects.append(order)
            pay = partial(
                self.accounts.record,
                route,
                order,
                fingerprint=self.accounts.compute_fingerprint(order),
                visitor="127.0.0.1",
            )
            asked = await pipeline.send(
                client, route, order, open_paid_call=pay, health=VendorHealth(retry_budget=RetryBudget(0, 0))
            )
            objects.append(asked)
            outcome = await pipeline.fetch_result(client, route, order, asked)
            objects.append(outcome)
            sinks["file's name"] = build_file_name(outcome)
            sinks["report"] = "".join(str(api.build_report(outcome, language, 30)) for language in LANGUAGES)
        except DemoError as error:
            objects += [error, error.__cause__]
            sinks["trace"] = "".join(format_exception(error))
            for language in LANGUAGES:
                told = explain(error, language)
                sinks[f"explanation, {language}"] = (
                    f"{told!r}\n{told.as_text()}\n{result_view.render_explanation(told, language)}"
                )
        sinks["repr and str"] = "\n".join(f"{thing!r} {thing!s}" for thing in objects)
        return sinks

    def by_api(self, combination: Combination, number: int) -> dict[str, str]:
        """As a program calls it, in the one language or the other."""
        self.vendor.keys = OWNERS
        endpoint = CATALOGUE[combination.endpoint]
        values = self.values(combination.kind, endpoint)
        data = [self.upload, *values.values(), True, True]
        answer = self.page.call(endpoint.id, *data, language=LANGUAGES[number % 2])
        return {"API's answer": str(answer)}

    def by_panel(self, combination: Combination, number: int) -> dict[str, str]:
        """As the page asks, whose events hold what it shows; every other time with keys that a visitor has typed."""
        endpoint = CATALOGUE[combination.endpoint]
        values = self.values(combination.kind, endpoint)
        session = f"canary{number}"
        self.vendor.keys = VISITORS if number % 2 else OWNERS
        told = ""
        if number % 2:
            told = self.page.join(self.events["keys"], [*VISITORS["meitu"], *VISITORS["ailab"]], session=session)
            assert escape(translate("keys.used", "en"))[:20] in told
        data = [self.upload, *values.values(), True, "", None, 0]
        return {"page's events": told + self.page.join(self.events[endpoint.id], data, session=session)}

    def at_the_end(self, folders: Mapping[str, Path]) -> Iterator[tuple[str, str | bytes]]:
        """What has been gathered meanwhile: pages, the ledgers, files and their names."""
        for name, path in (("page", "/"), ("config", "/config"), ("API's description", "/gradio_api/info")):
            yield name, httpx.get(self.page.url + path, timeout=30).text
        known: set[bytes] = set()
        for name, folder in folders.items():
            for path in sorted(folder.rglob("*")):
                yield f"names of files, {name}", str(path.relative_to(folder))
                data = path.read_bytes() if path.is_file() else b""
                if data not in known:
                    known.add(data)
                    yield f"files, {name}", data


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Where this test's files are written: the two ledgers, and the folder that uploads and results land in."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    return {"ledger of the service": tmp_path / "service", "ledger of the app": tmp_path / "app", "uploads": uploads}


@pytest.fixture
def world(folders: dict[str, Path], portrait: bytes) -> Iterator[World]:
    """Both vendors, the app, and a ledger beside it for the calls that go to the service directly."""
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
    """The finder of this test sees a key in each encoding that the vendor uses, and none where there is none."""
    sent = "&".join(f"api_key={key}" for key in OWNERS["meitu"])
    written = WRITINGS[writing](sent)
    keys = OWNERS["meitu"][:1] if writing == "in words" else OWNERS["meitu"]
    assert seen(f"<p>{written}</p>\n", KEYS) == set(keys)
    assert seen(written.encode(), KEYS) == set(keys) or writing == "invisible between"
    assert not seen(written, VISITORS["meitu"])


@pytest.mark.chaos
async def test_no_output_holds_a_key(
    world: World,
    folders: dict[str, Path],
    capfd: pytest.CaptureFixture[str],
    rounds: Callable[[int], int],
    figure: Callable[[str], None],
    network_escapes: list[str],
) -> None:
    """No page, event, log, file or ledger holds a key in any encoding or case, whatever the vendor does."""
    found: list[str] = []
    sinks: set[str] = set()
    combinations = COMBINATIONS[: rounds(len(COMBINATIONS))]
    assert {combination.kind for combination in combinations} == set(KINDS)
    transport, of_app = Elsewhere(), Elsewhere()
    client = create_http_client(world.settings, create_app())
    client._transport, world.page.client._transport = transport, of_app

    def look(where: str, things: Mapping[str, str | bytes]) -> None:
        sinks.update(things)
        found.extend(f"{where}: {sink}" for sink, text in things.items() if seen(text, HALVES))

    with listening() as heard:
        for number, combination in enumerate(combinations):
            patience = httpx.Timeout(20, read=0.3 if combination.kind.partition(": ")[2] in NEVER_ANSWERED else 20)
            client.timeout = world.page.client.timeout = patience
            world.prepare(
                combination.kind,
                CATALOGUE[combination.endpoint].provider,
                transport if combination.way == "service" else of_app,
            )
            asked = len(world.vendor.asked)
            if combination.way == "service":
                things = await world.by_service(combination, client, number)
            elif combination.way == "API":
                things = world.by_api(combination, number)
            else:
                things = world.by_panel(combination, number)
            assert combination.kind.startswith("quoted") <= (len(world.vendor.asked) > asked), combination
            out, err = capfd.readouterr()
            look(str(combination), {**things, **heard.take(), "stdout": out, "stderr": err})
        await client.aclose()
        for sink, data in world.at_the_end(folders):
            look("at the end", {sink: data})
        for name in ("ledger of the service", "ledger of the app"):
            url = f"sqlite:///{folders[name]}/ledger.db"
            assert ledger_report(["--database", url]) == ledger_report(["--database", url, "--csv"]) == 0
            out, err = capfd.readouterr()
            assert "reserved_at" in out
            look(name, {"report and CSV of the ledger": out + err})
        look("at the end", heard.take())
    figure(f"canary key: {len(found)} occurrences in {len(combinations)} combinations of {len(sinks)} sinks")
    assert not found
    assert heard.hidden > len(combinations)  # or nobody has quoted anything
    assert heard.seen_bare >= {"httpx", "httpcore", "uvicorn"}  # these would have told it
    network_escapes.clear()
