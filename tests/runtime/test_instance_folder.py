"""The temporary folder of an instance: its own, and deleted by itself or, after a kill, by the next start."""

import subprocess
import sys
from pathlib import Path

import pytest

from meitu_demo.runtime.instance_folder import PREFIX, InstanceFolder, delete_abandoned_folders
from meitu_demo.settings import SettingsError

KILLED = """
import os, signal, sys
from pathlib import Path
from meitu_demo.runtime.instance_folder import InstanceFolder
folder = InstanceFolder(Path(sys.argv[1]))
(folder.path / "me.jpg").write_bytes(b"face")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_instances_have_folders_of_their_own(tmp_path: Path) -> None:
    """Each for its user alone, in a parent that is made; deleting one leaves the other."""
    parent = tmp_path / "new" / "parent"
    one, other = InstanceFolder(parent), InstanceFolder(parent)
    assert one.path != other.path
    assert one.path.stat().st_mode & 0o777 == 0o700
    (other.path / "me.jpg").write_bytes(b"face")
    one.delete()
    one.delete()
    assert list(parent.rglob("*")) == [other.path, other.path / "me.jpg"]


def test_start_deletes_what_a_killed_instance_left_and_nothing_else(tmp_path: Path) -> None:
    """Neither a living instance's folder nor other programs' files, however old, nor what a link leads to."""
    living = InstanceFolder(tmp_path)
    (living.path / "me.jpg").write_bytes(b"face")
    for name in ("tmp12345678", "notes.txt", f"{PREFIX}list"):
        (tmp_path / name).write_text("of another program")
    target = tmp_path / "elsewhere"
    target.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(target)
    before = sorted(tmp_path.rglob("*"))
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)]).returncode == -9
    assert len(sorted(tmp_path.rglob("*"))) == len(before) + 2
    delete_abandoned_folders(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_instance_folder_names_its_setting_where_it_cannot_be_made(tmp_path: Path) -> None:
    """Without the path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="GRADIO_TEMP_DIR: uploads cannot be kept there") as caught:
        InstanceFolder(tmp_path / "file")
    assert str(tmp_path) not in str(caught.value)
