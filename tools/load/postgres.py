"""A temporary PostgreSQL server for load tests and tests, in a folder, reachable on a Unix socket in it."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path


def find_binaries() -> Path | None:
    """The folder of `initdb`: that of Debian's newest server, or the one on PATH; None without a server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class PostgresServer:
    """A server in `folder` that listens on a Unix socket only."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._user_prefix: list[str] = []
        if os.geteuid() == 0:  # the server does not run as root
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._user_prefix = ["runuser", "-u", "postgres", "--"]

    def start(self) -> None:
        """Create and start it; returns when it answers. Raises CalledProcessError."""
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run_command("initdb", "-D", self._folder / "data", *options)
        self.ensure_running()

    def ensure_running(self) -> None:
        """Start it unless it is running. Raises CalledProcessError."""
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
        """DATABASE_URL with `schema` as the search path."""
        return f"postgresql://postgres@/postgres?host={self._folder}&options=-csearch_path%3D{schema}"

    def _run_command(self, name: str, *arguments: object) -> None:
        command = [*self._user_prefix, str(self._binaries / name), *map(str, arguments)]
        subprocess.run(command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL, timeout=90)
