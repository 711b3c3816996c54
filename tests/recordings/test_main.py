"""The command: what list prints, what verify finds, what delete deletes."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from meitu_demo.domain.errors import VendorError
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.recordings import RecordingStore
from meitu_demo.recordings.__main__ import main
from recordings.conftest import MakeService, list_files, run


@pytest.fixture
async def recorded(make_service: MakeService, folder: Path, portrait: bytes, faceless: bytes) -> RecordingStore:
    """A restoration, a reshaping and a refusal."""
    service = make_service()
    await run(service, CATALOGUE["quality_restoration"], portrait)
    await run(service, CATALOGUE["facial_aesthetics"], portrait, shape_type=8)
    with pytest.raises(VendorError):
        await run(service, CATALOGUE["anime_avatar"], faceless)
    return RecordingStore(folder)


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[object]:
    """Runs the command on the folder; returns its exit code and what it printed."""

    def call(*arguments: str) -> tuple[int, str]:
        code = main(["--folder", str(folder), *arguments])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return call


async def test_list_prints_a_line_for_each_recording(recorded: RecordingStore, command) -> None:
    """Name, time, endpoint, values, outcome, seconds and size, the oldest first."""
    code, text = command("list")
    lines = text.splitlines()
    assert code == 0
    assert ["quality_restoration" in lines[0], "facial_aesthetics" in lines[1], "anime_avatar" in lines[2]] == [
        True
    ] * 3
    assert "shape_type=8 strength=0.5  result" in lines[1]
    assert "refused: no_face" in lines[2]
    assert re.fullmatch(r"recordings: 3, \d\.\d of 1000 MB", lines[3])


async def test_verify_finds_what_today_s_client_reads_differently(recorded: RecordingStore, command) -> None:
    """0 when all read as they did; 1 and the fact for a refusal that had another meaning, and for a damaged file."""
    assert command("verify") == (0, "recordings: 3, read differently or damaged: 0\n")
    refusal = next(each for each in map(recorded.read, recorded.list_keys()) if not each.has_picture)
    recorded.save(replace(refusal, reading={**refusal.reading, "slug": "two_faces"}))
    code, text = command("verify")
    assert code == 1
    assert "slug: was 'two_faces', is 'no_face'" in text
    path = next(path for path in list_files(Path(recorded._folder)) if path.stem != refusal.key)
    path.write_bytes(path.read_bytes()[:-1])
    code, text = command("verify")
    assert "cannot be read: it was cut off or changed" in text
    assert "recordings: 3, read differently or damaged: 2\n" in text


async def test_delete_takes_names_and_their_beginnings(recorded: RecordingStore, command) -> None:
    """A name that fits nothing deletes nothing at all; --all deletes the rest."""
    first, *rest = recorded.list_keys()
    assert command("delete")[0] == command("delete", first[:9], "nothing")[0] == 2
    assert len(recorded.list_keys()) == 3
    assert command("delete", first[:9]) == (0, "recordings deleted: 1\n")
    assert recorded.list_keys() == rest
    assert command("delete", "--all")[0] == 0
    assert command("list") == (0, "recordings: 0, 0.0 of 1000 MB\n")


def test_command_without_a_folder_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither RECORDINGS nor --folder: exit code 2 and one line."""
    assert main(["list"]) == 2
    assert "RECORDINGS names no folder" in capsys.readouterr().err
    monkeypatch.setenv("RECORDINGS", "/nowhere at all")
    assert main(["list"]) == 0
