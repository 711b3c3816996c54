"""The photos to begin with, asked for by many at once."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path
from threading import Barrier, Event

import pytest

from meitu_demo.ui import examples


def test_whoever_comes_first_together_gets_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is made at first use, by each who asks meanwhile; no copy is taken of what another has half written."""
    examples.example_file.cache_clear()
    together, made, halved, copied = Barrier(2), Event(), Event(), Event()
    turns, write = count(), Path.write_bytes

    def in_turn(path: Path, data: bytes) -> int:
        first = next(turns) == 0
        together.wait(60)
        if first:
            written = write(path, data)
            made.set()
            assert halved.wait(60)
            return written
        assert made.wait(60)
        write(path, data[: len(data) // 2])
        halved.set()
        assert copied.wait(60)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", in_turn)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(examples.own_copy, "astronaut", tmp_path) for _ in range(2)]
        wait(jobs, 60, FIRST_COMPLETED)
        copied.set()
        one, other = (job.result(60) for job in jobs)
    assert one.read_bytes() == other.read_bytes()
    assert one.parent != other.parent
