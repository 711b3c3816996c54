"""`make run` and set-up: Python found or fetched by uv, progress, and one sentence for what is wrong; with stubs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meitu_demo import ui

PROJECT = Path(ui.__file__).resolve().parents[2]
TOO_NEW = """#!/bin/sh
exec {python} -c 'import sys; sys.version_info = (3, 13, 1, "final", 0); exec(sys.argv[1])' "$2"
"""
BROKEN = """#!/bin/sh
echo "version manager: no such version" >&2; exit 127
"""
WORKING = """#!/bin/sh
echo "$0 $*" >>"$CALLS"
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi
"""


SLOW_CLOCK = """#!/bin/sh
now=$(($(cat "$CLOCK" 2>/dev/null || echo 1000) + 1)); echo $now >"$CLOCK.new"; mv "$CLOCK.new" "$CLOCK"; echo $now
"""
SLOW_PIP = """
if [ "$1 $2 $3" = "-m pip install" ]; then
    while [ "$(cat "$CLOCK")" -lt 1012 ]; do :; done
    echo "Collecting mediapipe==0.10.21 (from -r requirements.txt (line 9))"
    echo "  Downloading https://index.example/a/mediapipe-0.10.21-py3-none-any.whl (35.6 MB)"
    while [ "$(cat "$CLOCK")" -lt 1023 ]; do :; done
    echo "Installing collected packages: numpy, mediapipe"
    while [ "$(cat "$CLOCK")" -lt 1035 ]; do :; done
fi
"""
BROKEN_PIP = """
if [ "$1 $2 $3" = "-m pip install" ]; then echo "No space left on device" >&2; exit 1; fi
"""
NO_NETWORK = """#!/bin/sh
[ "$1" = --version ] && exit
echo "error: failed to lookup address information" >&2; exit 1
"""
FETCHING_UV = """#!/bin/sh
echo "$0 $*" >>"$CALLS"
case "$1 $2" in
"--version ") echo "uv 0.13.9" ;;
"python install") touch "$CALLS.fetched" ;;
"python find") [ -e "$CALLS.fetched" ] && echo "$FETCHED" ;;
esac
"""
OLD_WITH_PIP = """#!/bin/sh
echo "$0 $*" >>"$CALLS"
case "$*" in
"-c import ensurepip, venv") ;;
"-c "*) exit 1 ;;
"-m venv "*) mkdir -p build/uv/bin; cp "$0" build/uv/bin/python ;;
"-m pip install "*) cp "$UV" build/uv/bin/uv ;;
esac
"""
PINS = ("requirements.txt", "requirements-dev.txt", "requirements-mcp.txt")
PYTHONS = ("python3.12", "python3.11", "python3", "python", "python3.13", "python3.14")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A checkout with Makefile, set-up and requirements, and an empty bin/ that comes first on the path."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "locks").mkdir()
    for name in ("Makefile", "tools/venv.sh", "tools/uv.sh", "locks/build.in", *PINS):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def stub(folder: Path, name: str, text: str) -> Path:
    path = folder / "bin" / name
    path.write_text(text.format(python=sys.executable) if "{python}" in text else text)
    path.chmod(0o755)
    return path


def run(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    env = {"PATH": path, "CALLS": str(folder / "calls"), "HOME": str(folder), "LC_ALL": "C.UTF-8", **environ}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, timeout=60, check=False)


def test_make_run_refuses_python_3_13_in_one_sentence(fresh: Path) -> None:
    """`make run` with a Python that mediapipe has no wheel for says so, once, and leaves nothing behind."""
    python = stub(fresh, "python3.13", TOO_NEW)
    done = run(fresh, "make", "run", f"PYTHON={python}")
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert len(said) == 1
    assert "3.11 and 3.12" in said[0]
    assert "mediapipe" in said[0]
    assert str(python) in said[0]
    assert not (fresh / ".venv").exists()
    assert not done.stdout


def test_app_py_refuses_python_3_13() -> None:
    """Without make, app.py refuses Python 3.13 in one sentence before anything is imported."""
    code = "import sys; sys.version_info = (3, 13, 0); exec(open('app.py', encoding='utf-8').read())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "3.11 and 3.12" in done.stderr


def test_make_run_without_python_and_uv_names_two_commands(fresh: Path) -> None:
    """Without a working Python, only stubs of a version manager, and without uv, set-up names two commands, once."""
    for name in (*PYTHONS, "uv"):
        stub(fresh, name, BROKEN)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "https://astral.sh/uv/install.sh" in done.stderr
    assert "make run PYTHON=" in done.stderr
    assert not (fresh / ".venv").exists()


def test_uv_without_network_names_two_commands(fresh: Path) -> None:
    """If uv cannot fetch a Python, set-up says so in one sentence without uv's own words."""
    for name in PYTHONS:
        stub(fresh, name, BROKEN)
    stub(fresh, "uv", NO_NETWORK)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "none could be fetched" in done.stderr
    assert "lookup" not in done.stdout + done.stderr


def test_uv_on_path_fetches_python(fresh: Path) -> None:
    """If only Python 3.13 is here, uv fetches 3.12, of which .venv is made."""
    for name in PYTHONS:
        stub(fresh, name, TOO_NEW)
    uv, fetched = stub(fresh, "uv", FETCHING_UV), stub(fresh, "fetched-python", WORKING)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt", FETCHED=str(fetched))
    assert done.returncode == 0, done.stderr
    calls = (fresh / "calls").read_text().splitlines()
    assert f"{uv} python install cpython-3.12" in calls
    assert f"{fetched} -m venv .venv" in calls
    assert (fresh / ".venv" / "bin" / "python").is_file()


def test_pip_of_another_python_installs_uv(fresh: Path) -> None:
    """Without uv, a Python that does not fit installs the pinned one into build/uv, and that fetches 3.12."""
    for name in (*PYTHONS, "uv"):
        stub(fresh, name, BROKEN)
    old, fetched = stub(fresh, "python3", OLD_WITH_PIP), stub(fresh, "fetched-python", WORKING)
    uv = stub(fresh, "uv-for-pip", FETCHING_UV)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt", FETCHED=str(fetched), UV=str(uv))
    assert done.returncode == 0, done.stderr
    calls = (fresh / "calls").read_text().splitlines()
    assert f"{old} -m venv --clear build/uv" in calls
    (installed,) = [line for line in calls if line.startswith("build/uv/bin/python -m pip install")]
    (pin,) = re.findall(r"^uv==\S+", (PROJECT / "locks" / "build.in").read_text("utf-8"), re.MULTILINE)
    assert installed.endswith(pin)
    assert f"{fetched} -m venv .venv" in calls


def test_make_run_refuses_linux_on_arm_in_one_sentence(fresh: Path) -> None:
    """On a Linux machine that mediapipe has no wheel for, set-up says so before it looks for a Python."""
    stub(fresh, "uname", '#!/bin/sh\n[ "$1" = -s ] && echo Linux || echo aarch64\n')
    stub(fresh, "python3.12", WORKING)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "aarch64" in done.stderr
    assert not (fresh / ".venv").exists()


def test_install_shows_progress(fresh: Path) -> None:
    """While pip works, set-up prints seconds and pip's latest step, at most one line in five seconds."""
    stub(fresh, "python3.12", WORKING + SLOW_PIP)
    stub(fresh, "date", SLOW_CLOCK)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt", CLOCK=str(fresh / "clock"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(re.match(r" *\d+ s  \S", line) for line in lines)
    assert any(line.endswith("pip looks at what is installed") for line in lines)
    assert any("Downloading mediapipe-0.10.21-py3-none-any.whl (35.6 MB)" in line for line in lines)
    assert any(line.endswith("Installing collected packages") for line in lines)
    assert len(lines) < 9


def test_failed_install_prints_the_words_of_pip(fresh: Path) -> None:
    """If pip fails, set-up prints what pip said and fails, and the next run tries again."""
    stub(fresh, "python3.12", WORKING + BROKEN_PIP)
    for _ in range(2):
        done = run(fresh, "sh", "tools/venv.sh", "requirements.txt")
        assert done.returncode == 1
        assert "No space left on device" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "env_file", "wanted"),
    [([], "", "requirements.txt"), (["MCP=on"], "", "requirements-mcp.txt"), ([], "MCP=on\n", "requirements-mcp.txt"),
     (["MCP=off"], "MCP=on\n", "requirements.txt")],
)  # fmt: skip
def test_make_run_installs_what_mcp_needs(fresh: Path, arguments: list[str], env_file: str, wanted: str) -> None:
    """`make run` with MCP=on, as a variable or in .env, installs requirements-mcp.txt."""
    (fresh / ".env").write_text(env_file)
    done = run(fresh, "make", "--dry-run", "run", *arguments)
    assert done.stdout.splitlines()[0] == f"sh tools/venv.sh {wanted}"


def test_make_help_lists_every_target(fresh: Path) -> None:
    """`make help` has a line with a description for each target."""
    targets = re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)
    lines = run(fresh, "make", "help").stdout.splitlines()
    assert [line.split()[0] for line in lines] == targets
    assert all(len(line.split()) > 2 for line in lines)


def test_make_run_skips_a_python_stub(fresh: Path) -> None:
    """If python3.12 is a stub that does not run, python3.11 is taken."""
    stub(fresh, "python3.12", BROKEN)
    taken = stub(fresh, "python3.11", WORKING)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt")
    assert done.returncode == 0, done.stderr
    assert f"{taken} -m venv .venv" in (fresh / "calls").read_text().splitlines()


def test_make_run_installs_only_once(fresh: Path) -> None:
    """Twice in a row works, and the second time neither venv nor pip is asked; changed pins are installed again."""
    stub(fresh, "python3.12", WORKING)
    calls = fresh / "calls"

    def installs() -> list[str]:
        calls.unlink(missing_ok=True)
        assert run(fresh, "sh", "tools/venv.sh", "requirements.txt").returncode == 0
        return [line for line in calls.read_text().splitlines() if " -m " in line]

    assert [" ".join(line.split()[1:3]) for line in installs()] == ["-m venv", "-m pip"]
    assert installs() == []
    with (fresh / "requirements.txt").open("a") as pins:
        pins.write("# changed\n")
    assert [" ".join(line.split()[1:3]) for line in installs()] == ["-m pip"]
