"""Starts an image's command the way ``docker run --read-only --tmpfs /tmp -v …:/data --cap-drop ALL`` would.

It has its own mount and process namespaces, so that the command is process 1; the root is read-only, /tmp is a tmpfs
without execution, and the volume is a folder. The network is the machine's.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .build import BuiltImage

CONTAINER_SCRIPT = """
root=$1 volume=$2 workdir=$3; shift 3
mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" &&
mount -t tmpfs -o mode=1777,nosuid,nodev,noexec,size=512m tmpfs "$root/tmp" &&
mount --bind "$volume" "$root/data" &&
mount -t proc proc "$root/proc" &&
mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev" || exit 120
for device in null zero full random urandom; do
    touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device" || exit 120
done
mkdir "$root/dev/shm" && mount -t tmpfs -o mode=1777,nosuid,nodev,noexec,size=64m tmpfs "$root/dev/shm" || exit 120
cd / && exec chroot "$root" setpriv "$@"
"""
SETPRIV_OPTIONS = ("--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")


@dataclass(slots=True)
class RunningContainer:
    """A started command. pid: of its process 1, in this machine's namespace."""

    image: BuiltImage
    environ: dict[str, str]
    launcher: subprocess.Popen[bytes]
    pid: int

    def run_command(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside as the same user, as a health check does."""
        nsenter = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--root", "--wd", "--"]
        return subprocess.run(
            [*nsenter, "setpriv", *_list_user_options(self.image), *SETPRIV_OPTIONS, "env", "-i",
            *_format_environ(self.environ), *command],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def stop(self, timeout_s: float) -> tuple[float, int]:
        """Send the stop signal; returns (seconds until the end, exit code), with 137 if it had to be killed."""
        start = time.perf_counter()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, getattr(signal, self.image.stop_signal))
        try:
            code = self.launcher.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            code = 137
        return time.perf_counter() - start, code

    def kill(self) -> None:
        """Kill process 1, and with it all others, if it is running."""
        if self.launcher.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.launcher.wait()


@contextlib.contextmanager
def run_container(
    image: BuiltImage, volume: Path, log: Path, settings: Mapping[str, str]
) -> Iterator[RunningContainer]:
    """Run the image's command with `settings` added to its environment; it is killed afterwards."""
    volume.mkdir(parents=True, exist_ok=True)
    os.chown(volume, int(image.user), int(image.user))
    environ = {**image.environ, **settings}
    launcher = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--propagation", "private", "sh", "-c", CONTAINER_SCRIPT, "sh",
         str(image.root), str(volume), image.workdir, *_list_user_options(image), *SETPRIV_OPTIONS,
         "env", "-i", "-C", image.workdir, *_format_environ(environ), *image.command],
        stdout=log.open("ab"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    app = RunningContainer(image, environ, launcher, _wait_for_first_child(launcher))
    try:
        yield app
    finally:
        app.kill()


def _wait_for_first_child(launcher: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children")
    for _ in range(200):
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.02)
    raise RuntimeError("namespaces cannot be made here")


def _list_user_options(image: BuiltImage) -> tuple[str, str]:
    return f"--reuid={image.user}", f"--regid={image.user}"


def _format_environ(environ: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in environ.items()]
