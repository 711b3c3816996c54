"""LazyLedger: opened once, when it is needed; if that fails, the error has an explanation."""

import asyncio
import socket
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from meitu_demo.domain.errors import LedgerUnavailable
from meitu_demo.ledger import paid_calls as accounts_module
from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.ledger.paid_calls import PaidCallRecorder
from meitu_demo.settings import Settings


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[PaidCallRecorder]:
    """Every ledger that is opened."""
    found: list[PaidCallRecorder] = []
    open_it = PaidCallRecorder.from_settings

    def noted(settings: Settings) -> PaidCallRecorder:
        found.append(open_it(settings))
        return found[-1]

    monkeypatch.setattr(accounts_module.PaidCallRecorder, "from_settings", noted)
    return found


async def test_lazy_ledger_opens_once_for_concurrent_callers(tmp_path: Path, opened: list[PaidCallRecorder]) -> None:
    """All callers get the same recorder, and before the first one nothing is created."""
    till = LazyLedger(Settings(data_dir=str(tmp_path / "data")))
    assert not (tmp_path / "data").exists()
    found = await asyncio.gather(*(till.get_recorder() for _ in range(20)))
    assert len(opened) == 1
    assert {id(accounts) for accounts in found} == {id(till.recorder)}
    await till.close()


async def test_lazy_ledger_uses_the_ledger_opened_at_startup(tmp_path: Path, opened: list[PaidCallRecorder]) -> None:
    """Where there are keys, it is opened at the start, and later callers get that recorder."""
    till = LazyLedger(Settings(data_dir=str(tmp_path)))
    till.connect()
    assert await till.get_recorder() is till.recorder
    assert len(opened) == 1


async def test_lazy_ledger_retries_an_unwritable_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each caller gets an error without the path; once the folder is writable, it opens."""
    place = tmp_path / "secret place"
    place.write_text("a file, not a folder")
    till = LazyLedger(Settings(data_dir=str(place)))
    for _ in range(2):
        with pytest.raises(LedgerUnavailable) as caught:
            await till.get_recorder()
        assert "secret place" not in str(caught.value) + caplog.text
    with pytest.raises(OSError, match="secret place"):
        till.connect()
    place.unlink()
    assert await till.get_recorder()


async def test_lazy_ledger_tolerates_a_server_that_is_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The start goes on, the password is not logged, and concurrent callers share one attempt."""
    tries: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"postgresql://demo:secret-word@127.0.0.1:{door.getsockname()[1]}/demo"
    till = LazyLedger(Settings(data_dir=str(tmp_path), database_url=SecretStr(url)))
    till.verify_at_startup()
    assert till.recorder is None
    open_now = till.connect

    def counted() -> None:
        tries.append(time.monotonic())
        time.sleep(0.05)
        open_now()

    till.connect = counted  # type: ignore[method-assign]
    ends = await asyncio.gather(*(till.get_recorder() for _ in range(20)), return_exceptions=True)
    assert {type(end) for end in ends} == {LedgerUnavailable}
    assert len(tries) == 1
    with pytest.raises(LedgerUnavailable):
        await till.get_recorder()
    assert len(tries) == 2
    assert "live calls wait" in caplog.text
    assert "secret-word" not in caplog.text


async def test_lazy_ledger_heartbeat_waits_for_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat starts when the ledger is opened, and runs until it is cancelled."""
    till, tended = LazyLedger(Settings(data_dir=str(tmp_path))), asyncio.Event()
    task = asyncio.create_task(till.run_heartbeat())
    await asyncio.sleep(0)

    async def tend(ledger: object) -> None:
        tended.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("meitu_demo.ledger.Ledger.run_heartbeat", tend)
    assert not tended.is_set()
    await till.get_recorder()
    await asyncio.wait_for(tended.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_lazy_ledger_closes_unopened() -> None:
    """A ledger that was never opened can be closed."""
    await LazyLedger(Settings()).close()
