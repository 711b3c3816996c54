"""A start that cannot work ends with one sentence and exit code 2, before anything heavy is loaded."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.settings import Settings, SettingsError
from meitu_demo.ui.gradio_patches.uploads import check_upload_dir
from process.app_process import PROJECT, refused


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It is named; nothing is written, and Gradio has not been loaded."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, words = refused(tmp_path, PORT=str(port), PYTHONPROFILEIMPORTTIME="1")
    lines = words.splitlines()
    told = [line for line in lines if not line.startswith("import time:")]
    assert (code, len(told)) == (2, 1)
    assert f"PORT {port} is taken" in told[0]
    assert not any("gradio" in line or "sqlalchemy" in line or "cv2" in line for line in lines)
    assert not list(tmp_path.iterdir())


def test_a_place_where_no_paid_call_can_be_written_down(tmp_path: Path) -> None:
    """With keys, a data folder that cannot be made stops the start and is named by its setting, not by its path."""
    (tmp_path / "file").write_text("")
    keys = {"MEITU_API_KEY": "k", "MEITU_API_SECRET": "s", "PORT": "0"}
    code, words = refused(tmp_path, DATA_DIR=str(tmp_path / "file" / "data"), **keys)
    assert (code, len(words.splitlines())) == (2, 1)
    assert "DATA_DIR cannot be written" in words
    assert str(tmp_path) not in words


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root is tested as it is")
def test_no_permission_to_write(tmp_path: Path) -> None:
    """As a user who may not write there: neither the ledger nor an upload finds a place, and both say so."""
    tmp_path.chmod(0o755)
    code = """
import os, sys
from pathlib import Path
import meitu_demo.ledger.paid_calls
from meitu_demo.settings import Settings
from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.ui.gradio_patches.uploads import check_upload_dir
os.setuid(65534)
folder = Path(sys.argv[1])
ledger = LazyLedger(Settings(data_dir=str(folder / "data")))
for attempt in (ledger.verify_at_startup, lambda: check_upload_dir(folder)):
    try:
        attempt()
    except Exception as error:
        print(type(error).__name__, error)
"""
    place = tmp_path / "place"
    place.mkdir(mode=0o755)
    run = subprocess.run(
        [sys.executable, "-c", code, str(place)], cwd=PROJECT, capture_output=True, text=True, timeout=90,
        env={**os.environ, "HOME": "/nonexistent", "MPLCONFIGDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    told = run.stdout.splitlines()
    assert len(told) == 2, run.stderr
    assert told[0].startswith("SettingsError DATA_DIR cannot be written (Permission denied)")
    assert told[1].startswith("SettingsError GRADIO_TEMP_DIR: uploads cannot be kept there")


def test_a_ledger_that_is_no_database(tmp_path: Path) -> None:
    """A file that holds something else is told at the start, and not at the first call."""
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    with pytest.raises(SettingsError, match="DATA_DIR: no call can be written down there"):
        LazyLedger(Settings(data_dir=str(tmp_path))).verify_at_startup()


def test_room_for_uploads(tmp_path: Path) -> None:
    """A folder is made; a place where none can be is named by its setting."""
    check_upload_dir(tmp_path / "new" / "folder")
    assert not list((tmp_path / "new" / "folder").iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="GRADIO_TEMP_DIR"):
        check_upload_dir(tmp_path / "file")
