"""Startup errors: one line, exit code 2, before any slow import."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.settings import Settings, SettingsError
from meitu_demo.ui.gradio_patches.uploads import check_upload_dir
from process.app_process import PROJECT, run_demo, start_and_fail


def test_start_names_a_port_in_use(tmp_path: Path) -> None:
    """Nothing is written, and neither Gradio nor the database nor OpenCV has been imported."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        code, output = start_and_fail(tmp_path, PORT=str(port), PYTHONPROFILEIMPORTTIME="1")
    lines = output.splitlines()
    messages = [line for line in lines if not line.startswith("import time:")]
    assert (code, len(messages)) == (2, 1)
    assert f"PORT {port} is taken" in messages[0]
    assert not any("gradio" in line or "sqlalchemy" in line or "cv2" in line for line in lines)
    assert not list(tmp_path.iterdir())


def test_start_with_keys_needs_a_writable_data_folder(tmp_path: Path) -> None:
    """The message names the setting, not the path."""
    (tmp_path / "file").write_text("")
    keys = {"MEITU_API_KEY": "k", "MEITU_API_SECRET": "s", "PORT": "0"}
    code, output = start_and_fail(tmp_path, DATA_DIR=str(tmp_path / "file" / "data"), **keys)
    assert (code, len(output.splitlines())) == (2, 1)
    assert "DATA_DIR cannot be written" in output
    assert str(tmp_path) not in output


def test_start_needs_no_network_settings() -> None:
    """Offline, proxies and certificates that httpx cannot read do not stop the start: calls do not use them."""
    unreadable = {"NO_PROXY": "localhost,[::1]", "no_proxy": "fd00::/8", "ALL_PROXY": "ftp://proxy"}
    with run_demo(**unreadable, SSL_CERT_FILE="/no/such.pem") as demo:
        assert any("ALL_PROXY must be a proxy" in line for line in demo.output)


def test_start_without_keys_loads_no_database() -> None:
    """SQLAlchemy, a twentieth of the start, is loaded by the first call that is paid for."""
    with run_demo(PYTHONPROFILEIMPORTTIME="1") as demo:
        assert any("gradio" in line for line in demo.output)
        assert not any("sqlalchemy" in line for line in demo.output)


def test_start_with_keys_names_an_unusable_proxy(tmp_path: Path) -> None:
    """One line and exit code 2, because no paid call could be made."""
    code, output = start_and_fail(tmp_path, AILAB_API_KEY="k", HTTPS_PROXY="socks4://proxy:1080", PORT="0")
    assert (code, len(output.splitlines())) == (2, 1)
    assert "HTTPS_PROXY must be a proxy" in output


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_start_names_folders_without_write_permission(tmp_path: Path) -> None:
    """As a user who may not write there: the ledger's and the uploads' checks both name their setting."""
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
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=PROJECT, capture_output=True, text=True, timeout=90,
        env={**os.environ, "HOME": "/nonexistent", "MPLCONFIGDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    messages = run.stdout.splitlines()
    assert len(messages) == 2, run.stderr
    assert messages[0].startswith("SettingsError DATA_DIR cannot be written (Permission denied)")
    assert messages[1].startswith("SettingsError GRADIO_TEMP_DIR: uploads cannot be kept there")


def test_start_checks_that_the_ledger_is_a_database(tmp_path: Path) -> None:
    """At startup, not at the first call."""
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    with pytest.raises(SettingsError, match="DATA_DIR: no call can be written down there"):
        LazyLedger(Settings(data_dir=str(tmp_path))).verify_at_startup()


def test_check_upload_dir_creates_the_folder_or_names_its_setting(tmp_path: Path) -> None:
    """And leaves no file in it."""
    check_upload_dir(tmp_path / "new" / "folder")
    assert not list((tmp_path / "new" / "folder").iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="GRADIO_TEMP_DIR"):
        check_upload_dir(tmp_path / "file")
