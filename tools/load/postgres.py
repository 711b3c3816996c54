"""A PostgreSQL server of one's own, for load and tests: made in a folder, started on a socket in it, and stopped."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path


def find_binaries() -> Path | None:
    """The newest of Debian's servers, or the one whose `initdb` is on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class PostgresServer:
    """A server in `folder`, which no network reaches: it listens on a socket in there."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._user_prefix: list[str] = []
        if os.geteuid() == 0:  # the server does not run as root
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._user_prefix = ["runuser", "-u", "postgres", "--"]

    def start(self) -> None:
        """Make and start it; returns when it answers. Raises CalledProcessError."""
        data = self._folder / "data"
        self._run_command(
            "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        self.ensure_running()

    def ensure_running(self) -> None:
        """Start it again; nothing, if it runs. Raises CalledProcessError."""
        if (self._folder / "data" / "postmaster.pid").exists() and self._is_running():
            return
        options = (
            f"-c listen_addresses= -c unix_socket_directories={self._folder} "
            "-c fsync=off -c max_connections=60 -c shared_buffers=16MB"
        )
        data = self._folder / "data"
        self._run_command("pg_ctl", "-D", data, "-o", options, "-l", self._folder / "log", "-w", "-t", "60", "start")

    def _is_running(self) -> bool:
        try:
            self._run_command("pg_ctl", "-D", self._folder / "data", "status")
        except subprocess.CalledProcessError:
            return False
        return True

    def stop(self) -> None:
        """Stop it at once."""
        self._run_command("pg_ctl", "-D", self._folder / "data", "-m", "immediate", "-w", "stop")

    def build_url(self, schema: str = "public") -> str:
        """Where the app would find it, with a schema as a place of its own."""
        return f"postgresql://postgres@/postgres?host={self._folder}&options=-csearch_path%3D{schema}"

    def _run_command(self, name: str, *arguments: object) -> None:
        command = [*self._user_prefix, str(self._binaries / name), *map(str, arguments)]
        subprocess.run(command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL, timeout=90)
