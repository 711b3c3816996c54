"""LazyLedger: opened once, when it is needed; if that fails, the error has an explanation."""

import asyncio
import socket
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from meitu_demo.domain.errors import LedgerUnavailable
from meitu_demo.ledger import paid_calls as paid_calls_module
from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.ledger.paid_calls import PaidCallRecorder
from meitu_demo.settings import Settings


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[PaidCallRecorder]:
    """Every ledger that is opened."""
    found: list[PaidCallRecorder] = []
    from_settings = PaidCallRecorder.from_settings

    def noted(settings: Settings) -> PaidCallRecorder:
        found.append(from_settings(settings))
        return found[-1]

    monkeypatch.setattr(paid_calls_module.PaidCallRecorder, "from_settings", noted)
    return found


async def test_lazy_ledger_opens_once_for_concurrent_callers(tmp_path: Path, opened: list[PaidCallRecorder]) -> None:
    """All callers get the same recorder, and before the first one nothing is created."""
    lazy_ledger = LazyLedger(Settings(data_dir=str(tmp_path / "data")))
    assert not (tmp_path / "data").exists()
    found = await asyncio.gather(*(lazy_ledger.get_recorder() for _ in range(20)))
    assert len(opened) == 1
    assert {id(recorder) for recorder in found} == {id(lazy_ledger.recorder)}
    await lazy_ledger.close()


async def test_lazy_ledger_uses_the_ledger_opened_at_startup(tmp_path: Path, opened: list[PaidCallRecorder]) -> None:
    """Where there are keys, it is opened at the start, and later callers get that recorder."""
    lazy_ledger = LazyLedger(Settings(data_dir=str(tmp_path)))
    lazy_ledger.connect()
    assert await lazy_ledger.get_recorder() is lazy_ledger.recorder
    assert len(opened) == 1


async def test_lazy_ledger_retries_an_unwritable_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each caller gets an error without the path; once the folder is writable, it opens."""
    folder = tmp_path / "secret place"
    folder.write_text("a file, not a folder")
    lazy_ledger = LazyLedger(Settings(data_dir=str(folder)))
    for _ in range(2):
        with pytest.raises(LedgerUnavailable) as caught:
            await lazy_ledger.get_recorder()
        assert "secret place" not in str(caught.value) + caplog.text
    with pytest.raises(OSError, match="secret place"):
        lazy_ledger.connect()
    folder.unlink()
    assert await lazy_ledger.get_recorder()


async def test_lazy_ledger_tolerates_a_server_that_is_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The start goes on, the password is not logged, and concurrent callers share one attempt."""
    attempts: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server_socket:
        url = f"postgresql://demo:secret-word@127.0.0.1:{server_socket.getsockname()[1]}/demo"
    lazy_ledger = LazyLedger(Settings(data_dir=str(tmp_path), database_url=SecretStr(url)))
    lazy_ledger.verify_at_startup()
    assert lazy_ledger.recorder is None
    connect = lazy_ledger.connect

    def counted() -> None:
        attempts.append(time.monotonic())
        time.sleep(0.05)
        connect()

    lazy_ledger.connect = counted  # type: ignore[method-assign]
    ends = await asyncio.gather(*(lazy_ledger.get_recorder() for _ in range(20)), return_exceptions=True)
    assert {type(end) for end in ends} == {LedgerUnavailable}
    assert len(attempts) == 1
    with pytest.raises(LedgerUnavailable):
        await lazy_ledger.get_recorder()
    assert len(attempts) == 2
    assert "live calls wait" in caplog.text
    assert "secret-word" not in caplog.text


async def test_lazy_ledger_heartbeat_waits_for_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat starts when the ledger is opened, and runs until it is cancelled."""
    lazy_ledger, started = LazyLedger(Settings(data_dir=str(tmp_path))), asyncio.Event()
    task = asyncio.create_task(lazy_ledger.run_heartbeat())
    await asyncio.sleep(0)

    async def heartbeat(ledger: object) -> None:
        started.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("meitu_demo.ledger.async_ledger.Ledger.run_heartbeat", heartbeat)
    assert not started.is_set()
    await lazy_ledger.get_recorder()
    await asyncio.wait_for(started.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_lazy_ledger_closes_unopened() -> None:
    """A ledger that was never opened can be closed."""
    await LazyLedger(Settings()).close()
