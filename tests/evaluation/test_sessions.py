"""Evaluations: what a session's evaluation is after a restart, and when it is deleted."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from meitu_demo.domain.errors import ImageRejected, JournalUnusable
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation import sessions
from meitu_demo.evaluation.outcomes import Charge, Outcome, OutcomeKind
from meitu_demo.evaluation.photo_set import PhotoSet, PhotoSource
from meitu_demo.evaluation.plan import TARGETS, Plan, Setup
from meitu_demo.evaluation.sessions import Evaluations

TTL_S = 60.0
FUSE = CATALOGUE["face_fuse"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the journals; not there yet."""
    return tmp_path / "evaluations"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    photos = tuple(
        PhotoSource(f"Anna {number}.jpg", f"{number:064x}", 9, (4, 3), tmp_path / "Anna.jpg") for number in range(3)
    )
    return Plan(PhotoSet(photos), (Setup(FUSE, FUSE.validate({})),), TARGETS["both"])


def list_journals(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def write(evaluations: Evaluations, plan: Plan, session: str = "one") -> None:
    """One call has an answer, one was begun, and the process ends."""
    evaluation = await evaluations.open(session)
    evaluation.plan, evaluation.consents = plan, {"meitu": True}
    journal = await evaluations.write_plan(session, evaluation)
    live = [job.key for job in plan.jobs if job.target == "live"]
    for key in live[:2]:
        journal.begin(key)
    journal.finish(live[0], Outcome(OutcomeKind.SUCCESS, Charge.BILLED, 1.5))
    journal.close()


async def test_evaluations_remember_the_plan_and_what_was_paid_after_a_restart(folder: Path, plan: Plan) -> None:
    """Outcomes, consents and hashes are there, names and files are not, until the photos are given again."""
    await write(Evaluations(TTL_S, folder, {}), plan)
    restarted = await Evaluations(TTL_S, folder, {}).open("one")
    assert restarted.plan is not None
    assert [job.key for job in restarted.plan.jobs] == [job.key for job in plan.jobs]
    assert restarted.consents == {"meitu": True}
    live = [restarted.outcomes.get(job.key) for job in plan.jobs if job.target == "live"]
    assert [outcome and outcome.charge for outcome in live] == [Charge.BILLED, Charge.MAYBE, None]
    (path,) = list_journals(folder)
    assert "Anna" not in path.read_text()
    assert [each.stat().st_mode & 0o777 for each in (path, folder)] == [0o600, 0o700]
    with pytest.raises(ImageRejected, match="photo_gone"):
        restarted.plan.photos.photos[0].read()
    given = PhotoSet((replace(plan.photos.photos[1], name="moved.jpg"),))
    found = restarted.plan.with_files_of(given).photos.photos
    assert [photo.name for photo in found] == ["00000000…", "moved.jpg", "00000000…"]


async def test_evaluations_of_two_sessions_share_nothing(folder: Path, plan: Plan) -> None:
    """Another session begins empty, and deleting it leaves the first one's journal."""
    await write(Evaluations(TTL_S, folder, {}), plan)
    restarted = Evaluations(TTL_S, folder, {})
    other = await restarted.open("other")
    assert (other.plan, other.outcomes) == (None, {})
    await restarted.delete("other")
    assert (await restarted.open("one")).outcomes


async def test_evaluations_refuse_a_journal_that_another_process_writes(folder: Path, plan: Plan) -> None:
    """A server that is about to stop may still be paying: nobody else may begin."""
    evaluation = await (old := Evaluations(TTL_S, folder, {})).open("one")
    evaluation.plan = plan
    await old.write_plan("one", evaluation)
    with pytest.raises(JournalUnusable, match="journal_in_use"):
        await Evaluations(TTL_S, folder, {}).open("one")


async def test_evaluations_delete_the_journal(folder: Path, plan: Plan) -> None:
    """At once with the session's data, also what an earlier process wrote."""
    await write(Evaluations(TTL_S, folder, {}), plan)
    restarted = Evaluations(TTL_S, folder, {})
    await restarted.delete("one")
    assert list_journals(folder) == []
    assert (await restarted.open("one")).plan is None


async def test_evaluations_delete_what_has_rested(folder: Path, plan: Plan) -> None:
    """After the time to live, journals of earlier processes too; not those that are in use."""
    await write(Evaluations(TTL_S, folder, {}), plan)
    (path,) = list_journals(folder)
    os.utime(path, (0, 0))
    in_use = Evaluations(TTL_S, folder, {})
    await in_use.open("one")
    later = Evaluations(TTL_S, folder, {})
    await later.delete_expired()
    assert path.exists()
    (await in_use.open("one")).touched_at -= 2 * TTL_S
    await in_use.delete_expired()
    assert not path.exists()
    await write(Evaluations(TTL_S, folder, {}), plan)
    os.utime(path, (0, 0))
    await later.delete_expired()
    assert not path.exists()


async def test_evaluations_forget_a_plan_whose_api_has_changed(folder: Path, plan: Plan) -> None:
    """The server was updated: outcomes stay, the plan is made anew."""
    setup = replace(plan.setups[0], endpoint=replace(FUSE, id="face_swap"))
    await write(Evaluations(TTL_S, folder, {}), replace(plan, setups=(setup,)))
    restarted = await Evaluations(TTL_S, folder, {}).open("one")
    assert (restarted.plan, len(restarted.outcomes)) == (None, 2)


async def test_evaluations_say_that_a_journal_cannot_be_written(plan: Plan) -> None:
    """A folder that is a file stands for a full disk."""
    evaluations = Evaluations(TTL_S, Path(__file__) / "folder", {})
    evaluation = await evaluations.open("one")
    evaluation.plan = plan
    with pytest.raises(JournalUnusable, match="journal_unwritable"):
        await evaluations.write_plan("one", evaluation)


async def test_evaluations_delete_a_journal_whose_disk_is_full(folder: Path, plan: Plan) -> None:
    """What could not be written is not written when the journal is closed, by a deletion or the shutdown, either."""
    evaluations = Evaluations(TTL_S, folder, {})
    evaluation = await evaluations.open("one")
    evaluation.plan = plan
    journal = await evaluations.write_plan("one", evaluation)
    os.dup2(os.open("/dev/full", os.O_RDWR), journal._file.fileno())
    with pytest.raises(OSError, match="No space left"):
        journal.begin("key")
    await evaluations.delete("one")
    assert list_journals(folder) == []


async def test_evaluations_that_are_evicted_first_hold_nothing(
    folder: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tabs are opened by anybody, in any number: a run is stopped only if all others run too."""
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 3)
    evaluations, gate = Evaluations(TTL_S, folder, {}), asyncio.Event()
    (await evaluations.open("runs")).task = task = asyncio.create_task(gate.wait())
    (await evaluations.open("has a plan")).plan = plan
    for number in range(9):
        await evaluations.open(f"tab {number}")
        assert evaluations.get(f"tab {number}")
    assert evaluations.get("has a plan")
    for number in range(3):
        (await evaluations.open(f"plan {number}")).plan = plan
    assert not evaluations.get("has a plan")
    assert evaluations.get("runs")
    gate.set()
    await task
