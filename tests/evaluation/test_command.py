"""``python -m meitu_demo.evaluate`` in a process of its own: report, exit codes, Ctrl-C, kill, resume."""

import contextlib
import csv
import itertools
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from support.failure_lab_server import serve_vendor

from meitu_demo.domain.model import Image
from meitu_demo.evaluate.__main__ import build_parser
from meitu_demo.evaluation.photo_set import MAX_PHOTOS
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance

COMMAND = [sys.executable, "-m", "meitu_demo.evaluate"]
LIVE = ["--endpoint", "quality_restoration", "--target", "live", "--yes"]
PHOTO_COUNT = 10
SHIFTS = itertools.count()  # of photos, so that the vendor knows none from another test


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    with serve_vendor("--lab") as url:
        yield url


@pytest.fixture
def photos(tmp_path: Path, portrait_pixels: Image) -> Path:
    return write_photos(tmp_path / "photos", portrait_pixels, PHOTO_COUNT)


def write_photos(folder: Path, pixels: Image, count: int) -> Path:
    """Photos that differ from each other, and from those of other tests."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:03d}.jpg").write_bytes(
            codec.encode(np.roll(pixels, divmod(next(SHIFTS), pixels.shape[1]), axis=(0, 1)))
        )
    return folder


def environ(tmp_path: Path, vendor: str = "", **more: str) -> dict[str, str]:
    keys = {"MEITU_API_KEY": "k" * 20, "MEITU_API_SECRET": "s" * 20, "MEITU_BASE_URL": vendor} if vendor else {}
    return {**os.environ, "DATA_DIR": str(tmp_path / "data"), "CALLS_PER_SECOND": "off", **keys, **more}


def evaluate(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=variables, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL
    )


def read_csv(out: Path) -> list[dict[str, str]]:
    with (out / "calls.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def count_charges(vendor: str) -> int:
    return httpx.get(f"{vendor}/lab/charges").json().get("quality_restoration", 0)


def count_billed(out: Path) -> tuple[int, int]:
    """(surely, perhaps)"""
    charges = [row["charge"] for row in read_csv(out)]
    return charges.count("billed"), charges.count("maybe")


def test_command_writes_a_report_and_takes_it_up_again(tmp_path: Path, portrait: bytes, faceless: bytes) -> None:
    """From a ZIP: figures, labelled pictures, one file without references, closed to others even in an open folder; the
    threshold decides; then nothing is left to do.
    """
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name, data in {"Anna 安娜.jpg": portrait, "cup.jpg": faceless, "notes.txt": b"hello"}.items():
            archive.writestr(name, data)
    out = tmp_path / "report"
    out.mkdir(mode=0o755)
    arguments = [str(tmp_path / "in.zip"), "--endpoint", "face_fuse", "--endpoint", "facial_aesthetics", "--values",
                 "strength=0.8", "shape_type=8", "--out", str(out), "--min-success", "0.9"]  # fmt: skip
    first = evaluate(arguments, environ(tmp_path))
    assert first.returncode == 1, first.stderr
    assert "left out: notes.txt" in first.stderr
    assert "4/4" in first.stderr
    rows = read_csv(out)
    assert [(row["outcome"], row["target"]) for row in rows] == [("success", "offline")] * 2 + [
        ("refused", "offline")
    ] * 2
    assert {row["code"] for row in rows} == {"", "20003", "ERROR_NO_FACE_IN_FILE"}
    pictures = sorted((out / "pictures").iterdir())
    assert [path.name.partition("_")[0] for path in pictures] == ["Anna-安娜"] * 2
    assert all(read_provenance(path.read_bytes()) for path in pictures)
    html = (out / "report.html").read_text("utf-8")
    assert html.count("data:image/jpeg;base64,") == 2 * 2 + 2  # the photo in each of its tiles, and the results
    assert not re.search(r"(src|href)=\"(?!data:)|url\((?!\"?data:)|@import|<script", html)
    assert not [path for path in out.iterdir() if path.stat().st_mode & 0o077]
    second = evaluate([*arguments[:-1], "0.4", "--language", "zh"], environ(tmp_path))
    assert (second.returncode, "answered before: 4" in second.stderr) == (0, True), second.stderr
    assert "<title>人像接口评测</title>" in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--endpoint", "face_fusion"], "there is no endpoint face_fusion"),
        (["--endpoint", "face_fuse", "--values", "size=1"], "face_fuse does not take size=; it takes template_id"),
        (["--endpoint", "face_fuse", "--target", "live"], "MEITU_API_KEY"),
    ],
)
def test_command_says_what_is_wrong(photos: Path, tmp_path: Path, arguments: list[str], words: str) -> None:
    """Wrong use ends with 2 and words, without a stack trace."""
    ended = evaluate([str(photos), "--out", str(tmp_path / "out"), *arguments], environ(tmp_path))
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_command_that_cannot_write_says_that_calls_are_missing(photos: Path, tmp_path: Path) -> None:
    """A disk that takes no more ends the run with 3, not with 2, which means that nothing was sent."""

    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # in bytes: the journal fits, a picture does not

    ended = subprocess.run(
        [*COMMAND, str(photos), "--endpoint", "quality_restoration", "--out", str(tmp_path / "out")],
        env=environ(tmp_path), capture_output=True, text=True, timeout=600, preexec_fn=limit_file_size,
    )  # fmt: skip
    assert ended.returncode == 3, ended.stderr
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--values", "a=1", "--endpoint", "x"], "behind an --endpoint"),
        (["--endpoint", "x", "--min-success", "95"], "success_rate"),
    ],
)
def test_parser_refuses_arguments_that_make_no_sense(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values without an endpoint, and a rate that is not between 0 and 1."""
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(["photos", "--out", "out", *arguments])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_command_asks_before_it_pays(photos: Path, tmp_path: Path, vendor: str) -> None:
    """It says how many calls cost how much and where the photos go; where nobody can answer, nothing is sent."""
    before, variables = count_charges(vendor), environ(tmp_path, vendor, PRICE_PER_CALL="quality_restoration=0.25 CNY")
    ended = evaluate([str(photos), *LIVE[:-1], "--out", str(tmp_path / "out")], variables)
    assert ended.returncode == 2
    assert "paid calls: 10, about 2.50 CNY" in ended.stderr
    assert "may be sent to 127.0.0.1" in ended.stderr
    assert count_charges(vendor) == before


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_command_is_stopped_and_pays_for_nothing_twice(
    tmp_path: Path, portrait_pixels: Image, vendor: str, ending: signal.Signals, rounds: Callable[[int], int]
) -> None:
    """Ctrl-C leaves a report within a second; after a kill the next run writes it. Both times the vendor's count is the
    report's, and photos that moved to another folder are known by their content.
    """
    count = rounds(MAX_PHOTOS)
    photos = write_photos(tmp_path / "photos", portrait_pixels, count)
    before, out = count_charges(vendor), tmp_path / "out"
    variables = environ(tmp_path, vendor, CALLS_PER_SECOND="4")
    arguments = [str(photos), *LIVE, "--out", str(out)]
    process = subprocess.Popen([*COMMAND, *arguments], env=variables, stderr=subprocess.PIPE, text=True)
    try:
        _await_outcomes(out / "journal.jsonl", 3)
        stopped_at = time.time()
        process.send_signal(ending)
        if ending is signal.SIGINT:
            _await((out / "report.html").exists)
            assert time.time() - stopped_at < 1.0 * SLOW_MACHINE
    finally:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == (130 if ending is signal.SIGINT else -signal.SIGKILL), errors
    if ending is signal.SIGINT:
        assert 3 <= count_charges(vendor) - before == sum(count_billed(out)) < count
    moved = photos.rename(tmp_path / "moved")
    ended = evaluate([str(moved), *LIVE, "--out", str(out)], environ(tmp_path, vendor))
    assert ended.returncode == 0, ended.stderr
    surely, perhaps = count_billed(out)
    assert surely <= count_charges(vendor) - before <= surely + perhaps
    assert surely + perhaps == count
    assert perhaps <= (0 if ending is signal.SIGINT else 4)
    if perhaps:  # only a person may decide that these are made again
        again = evaluate([str(moved), *LIVE, "--out", str(out), "--retry-unknown"], environ(tmp_path, vendor))
        assert (again.returncode, count_billed(out)) == (0, (count, 0)), again.stderr


SLOW_MACHINE = 3.0  # this test shares its cores with others


def _await_outcomes(journal: Path, count: int) -> None:
    _await(lambda: journal.exists() and journal.read_text("utf-8").count('"outcome"') >= count)


def _await(is_there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_command_marks_the_rest_not_sent_when_the_vendor_dies(photos: Path, tmp_path: Path) -> None:
    """The vendor ends in the middle: exit code 3, the paid calls in the report, the rest not sent; then it is back."""
    out = tmp_path / "out"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(serve_vendor("--lab"))
        variables = environ(tmp_path, url, CALLS_PER_SECOND="4")
        process = subprocess.Popen(
            [*COMMAND, str(photos), *LIVE, "--out", str(out)], env=variables, stderr=subprocess.PIPE, text=True
        )
        _await_outcomes(out / "journal.jsonl", 2)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    outcomes = [row["outcome"] for row in read_csv(out)]
    assert outcomes.count("success") >= 2
    assert outcomes.count("not_sent") + outcomes.count("success") + outcomes.count("failed") == PHOTO_COUNT
    assert "not sent" in errors
    states = [json.loads(line) for line in (out / "journal.jsonl").read_text("utf-8").splitlines()[1:]]
    assert len({row["key"] for row in states}) == PHOTO_COUNT
