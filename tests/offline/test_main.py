"""The command line of the stand-alone server: wrong arguments end it before it listens."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from meitu_demo.offline.__main__ import main


def test_main_with_a_missing_templates_folder_exits_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of templates that does not exist: one line on stderr that names it, and exit code 2."""
    folder = tmp_path / "missing"
    monkeypatch.setattr(sys, "argv", ["offline", "--templates", str(folder)])
    assert main() == 2
    printed = capsys.readouterr()
    assert printed.err == f"--templates {folder}: the folder cannot be read (No such file or directory)\n"
    assert not printed.out


def test_main_with_ambiguous_templates_exits_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two templates with one id: one line on stderr that names folder and file, and exit code 2."""
    for name in ("ann.jpg", "ann.png"):
        Image.new("RGB", (64, 64)).save(tmp_path / name)
    monkeypatch.setattr(sys, "argv", ["offline", "--templates", str(tmp_path)])
    assert main() == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"--templates {tmp_path}: ann.png: ")
    assert printed.count("\n") == 1
