"""The ledger is opened when it is needed, once, and its absence is an error with words."""

import asyncio
import socket
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from meitu_demo import accounts as accounts_module
from meitu_demo.accounts import Accounts
from meitu_demo.errors import LedgerUnavailable
from meitu_demo.settings import Settings
from meitu_demo.till import Till


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Accounts]:
    """Every ledger that is opened."""
    found: list[Accounts] = []
    open_it = Accounts.open

    def noted(settings: Settings) -> Accounts:
        found.append(open_it(settings))
        return found[-1]

    monkeypatch.setattr(accounts_module.Accounts, "open", noted)
    return found


async def test_many_at_once_open_it_once(tmp_path: Path, opened: list[Accounts]) -> None:
    """Everybody gets the same accounts, and before anybody comes nothing is made."""
    till = Till(Settings(data_dir=str(tmp_path / "data")))
    assert not (tmp_path / "data").exists()
    found = await asyncio.gather(*(till.open() for _ in range(20)))
    assert len(opened) == 1
    assert {id(accounts) for accounts in found} == {id(till.accounts)}
    await till.close()


async def test_opened_at_the_start(tmp_path: Path, opened: list[Accounts]) -> None:
    """Where there are keys; who comes later gets those."""
    till = Till(Settings(data_dir=str(tmp_path)))
    till.open_now()
    assert await till.open() is till.accounts
    assert len(opened) == 1


async def test_no_place_to_write(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Is told without the place, as often as somebody asks; once there is a place, it opens."""
    place = tmp_path / "secret place"
    place.write_text("a file, not a folder")
    till = Till(Settings(data_dir=str(place)))
    for _ in range(2):
        with pytest.raises(LedgerUnavailable) as caught:
            await till.open()
        assert "secret place" not in str(caught.value) + caplog.text
    with pytest.raises(OSError, match="secret place"):
        till.open_now()
    place.unlink()
    assert await till.open()


async def test_a_server_that_is_not_there_yet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It does not stop the start, its password stays untold, and many who ask at once wait for one try between them."""
    tries: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"postgresql://demo:secret-word@127.0.0.1:{door.getsockname()[1]}/demo"
    till = Till(Settings(data_dir=str(tmp_path), database_url=SecretStr(url)))
    till.require()
    assert till.accounts is None
    open_now = till.open_now

    def counted() -> None:
        tries.append(time.monotonic())
        time.sleep(0.05)
        open_now()

    till.open_now = counted  # type: ignore[method-assign]
    ends = await asyncio.gather(*(till.open() for _ in range(20)), return_exceptions=True)
    assert {type(end) for end in ends} == {LedgerUnavailable}
    assert len(tries) == 1
    with pytest.raises(LedgerUnavailable):
        await till.open()
    assert len(tries) == 2
    assert "live calls wait" in caplog.text
    assert "secret-word" not in caplog.text


async def test_tending_begins_with_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a ledger it waits; with one it tends it, until it is cancelled."""
    till, tended = Till(Settings(data_dir=str(tmp_path))), asyncio.Event()
    task = asyncio.create_task(till.tend())
    await asyncio.sleep(0)

    async def tend(ledger: object) -> None:
        tended.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("meitu_demo.ledger.Ledger.run_heartbeat", tend)
    assert not tended.is_set()
    await till.open()
    await asyncio.wait_for(tended.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_till_that_was_never_opened_closes() -> None:
    """There is nothing to give back."""
    await Till(Settings()).close()
