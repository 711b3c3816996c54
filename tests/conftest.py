"""What all tests share: a clean environment, no way out of the machine, and photos made from the astronaut."""

import atexit
import gc
import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

# Before anything of ours or Gradio's is imported: no developer's keys, no telephoning home, uploads in a place of their
# own. What `make run` may have put into the shell must not decide a test.
OURS = ("MEITU_", "AILAB_", "RAPIDAPI_", "GRADIO_", "HF_", "SPACE_")
SINGLE = (
    "MODE",
    "HOST",
    "PORT",
    "LOG_LEVEL",
    "CONNECT_TIMEOUT",
    "READ_TIMEOUT",
    "TEMPLATES_DIR",
    "DATA_DIR",
    "DATABASE_URL",
    "CALLS_PER_DAY",
    "CALLS_PER_HOUR",
    "CALLS_PER_SECOND",
    "LONGEST_WAIT",
    "BREAKER",
    "PRICE_PER_CALL",
    "FAILURE_LAB",
    "MIRROR",
    "MCP",
    "PHOTO_URLS",
    "WRITE_TIMEOUT",
    "KEEP_MINUTES",
    "VISIBLE_LABEL",
    "OFFLINE_EACH",
    "TRUSTED_PROXIES",
    "ALLOWED_HOSTS",
    "LOGIN",
    "RESULT_HOSTS",
    "RECORDINGS",
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
for _name in list(os.environ):
    if _name.startswith(OURS) or _name in SINGLE or _name.lower() in PROXIES:
        del os.environ[_name]
# Each client of httpx reads the certificates anew: 20 ms, thousands of times, for servers that have none.
ssl.create_default_context = cache(ssl.create_default_context)
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"  # as app.py has it
os.environ["HF_HUB_OFFLINE"] = "1"
# What the tests and what they start leave lying about goes with them; pytest keeps its own folders, as it does.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="demo_tests_")
atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)
os.environ["GRADIO_TEMP_DIR"] = str(Path(tempfile.tempdir) / "gradio")

import httpx  # noqa: E402
import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from _pytest.nodeid import NodeId  # noqa: E402

from meitu_demo.domain.model import Image, Photo  # noqa: E402
from meitu_demo.engine.sample_photos import load_astronaut  # noqa: E402
from meitu_demo.photos import codec  # noqa: E402
from meitu_demo.settings import Settings, environment  # noqa: E402

# By default httpx waits for 5 s, and a busy machine may take longer; the app names its own timeouts.
for _phase in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _phase, 60.0)
pytest_plugins = ["support.figures", "ledger.postgres"]
hypothesis.settings.register_profile("machine of unknown speed", deadline=None)
hypothesis.settings.load_profile("machine of unknown speed")

_escapes: list[str] = []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of a group go to one worker, and so do those that share a fixture of their module: it is made once.

    xdist 3.8 reads the group from the id, and writes it where pytest 9.2 no longer keeps the id: groups had no effect.
    """
    if not config.getoption("loadgroup", False):
        return
    for item in items:
        fixtures: Any = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
        is_shared = any(definitions[-1].scope == "module" for definitions in fixtures)
        mark = item.get_closest_marker("xdist_group")
        if mark or is_shared:
            group = mark.args[0] if mark else item.path.relative_to(config.rootpath)
            item._id = NodeId.parse(f"{item.nodeid}@{group}")


def pytest_collection_finish() -> None:
    """As in the app: what is loaded by now is not gone through at each collection."""
    gc.freeze()


# ── Nothing leaves the machine ──────────────────────────────────────────────────────────────────────────────────────
def _stays(host: object) -> bool:
    """Whether `host`, as given to connect or getaddrinfo, is this machine."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guard(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _stays(address[0]):
            _escapes.append(f"connect to {address[0]}:{address[1]}")
            raise ConnectionRefusedError("tests stay on this machine")
        return connect(self, address)

    return guard


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guard(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not _stays(host) and not _is_number(host):
            _escapes.append(f"look-up of {host.decode() if isinstance(host, bytes) else host}")
            raise socket.gaierror(socket.EAI_NONAME, "tests ask no name server")
        return lookup(host, port, *args, **kwargs)

    def _is_number(host: Any) -> bool:
        try:
            lookup(host, None, flags=socket.AI_NUMERICHOST)
        except (OSError, ValueError):
            return False
        return True

    return guard


@pytest.fixture(scope="session", autouse=True)
def _machine_is_an_island() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


@pytest.fixture(autouse=True)
def network_escapes() -> Iterator[list[str]]:
    """What tried to leave the machine during the test; anything left in it at the end fails the test."""
    _escapes.clear()
    yield _escapes
    if _escapes:
        pytest.fail(f"left the machine: {', '.join(_escapes)}")


@pytest.fixture(autouse=True)
def _no_env_file(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads settings in a test must not find a developer's .env."""
    monkeypatch.setattr(environment, "ENV_FILE", Path(tempfile.gettempdir()) / "no such folder" / ".env")


# ── Photos ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@cache
def _portrait() -> Image:
    """The astronaut's head and shoulders, 320×320: the face is whole, 108 px, and quick to work on."""
    return np.ascontiguousarray(load_astronaut()[0:320, 60:380])


@pytest.fixture(scope="session")
def portrait_pixels() -> Image:
    """Head and shoulders of the astronaut, (320, 320, 3)."""
    return _portrait()


@pytest.fixture(scope="session")
def portrait() -> bytes:
    """Head and shoulders of the astronaut as a JPEG."""
    return codec.encode(_portrait())


@pytest.fixture(scope="session")
def astronaut_jpeg() -> bytes:
    """The whole astronaut, 512×512, as a JPEG."""
    return codec.encode(load_astronaut())


@pytest.fixture(scope="session")
def portrait_photo(portrait: bytes) -> Photo:
    """The same as a Photo."""
    return Photo(portrait, "image/jpeg", 320, 320)


@pytest.fixture(scope="session")
def faceless() -> bytes:
    """A cup of coffee."""
    from skimage.data import coffee

    return codec.encode(coffee())


# ── The app's parts ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def settings() -> Settings:
    """What an empty environment gives."""
    return Settings.from_env({})


@pytest.fixture
async def offline_client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The app's own client with the offline server mounted in process."""
    from meitu_demo.calls.http_client import create_http_client
    from meitu_demo.offline import create_app

    async with create_http_client(settings, create_app()) as client:
        yield client
