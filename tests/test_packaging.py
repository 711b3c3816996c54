"""What is shipped fits together: pins, image, system packages, and a set-up that says what is wrong in one sentence."""

import ast
import os
import re
import shutil
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from meitu_demo import ui
from tools.image import context, dockerfile
from tools.image.dockerfile import Stage

PROJECT = Path(ui.__file__).resolve().parents[2]
PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==\d+(\.\d+)*")
IMPORTED_AS = {
    "PIL": "pillow", "dotenv": "python-dotenv", "pillow_heif": "pillow-heif", "sse_starlette": "sse-starlette",
}  # fmt: skip


def read(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


def requirements(name: str) -> list[str]:
    """A requirements file's lines without comments."""
    return [line for raw in read(name).splitlines() if (line := raw.partition("#")[0].strip())]


# ── What is installed ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-mcp.txt", "locks/container.in", "locks/build.in"]
)
def test_requirements_are_pinned(name: str) -> None:
    """Each requirement names one exact version, so that two installations are the same."""
    lines = [line for line in requirements(name) if not line.startswith("-r ")]
    assert lines
    assert [line for line in lines if not PIN.fullmatch(line)] == []


def test_requirements_say_what_they_are_for() -> None:
    """Each line of requirements.txt carries its reason."""
    assert all("#" in line for line in read("requirements.txt").splitlines() if "==" in line)


def test_requirements_cover_every_import() -> None:
    """The app imports nothing that requirements.txt neither pins nor names as brought along by another."""
    text = f"{read('requirements.txt')}\n{read('requirements-mcp.txt')}".lower()
    extra = [line for line in requirements("requirements-mcp.txt") if "==" in line]
    assert set(extra) <= set(requirements("requirements-dev.txt"))  # what is tested is what is installed
    known = {line.partition("==")[0] for line in requirements("requirements.txt") + extra}
    along = set(re.findall(r"[a-z][a-z0-9-]+", " ".join(re.findall(r"brings [^#\n]*", text))))
    strange = set()
    for path in [PROJECT / "app.py", *(PROJECT / "meitu_demo").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                wanted = {"cv2": "opencv-contrib-python"}.get(top, IMPORTED_AS.get(top, top))
                if top not in sys.stdlib_module_names | {"meitu_demo"} and wanted not in known | along:
                    strange.add(f"{path.name}: {top}")
    assert not strange


# ── The image ───────────────────────────────────────────────────────────────────────────────────────────────────────
def let_in(path: str) -> bool:
    """Whether .dockerignore lets a project path into the build."""
    return context.is_included(path, read(".dockerignore").split())


def stages() -> tuple[Stage, ...]:
    """The Dockerfile's."""
    return dockerfile.parse(read("Dockerfile"))


def copied() -> list[str]:
    """What the Dockerfile copies out of the project."""
    steps = [
        step for stage in stages() for step in stage.instructions if step.keyword == "COPY" and "from" not in step.flags
    ]
    return [step.split_arguments()[0] for step in steps]


def test_image_gets_what_the_app_needs() -> None:
    """app.py, locks, package and assets are copied, exist, and are let in; secrets and tests are not."""
    assert {"locks/container.txt", "locks/build.txt", "app.py", "assets", "meitu_demo"} <= set(copied())
    for name in copied():
        assert (PROJECT / name).exists(), name
        assert let_in(name), name
    for inside in ("meitu_demo/locales/en.toml", "meitu_demo/data/errors.toml", "assets/css/base.css"):
        assert let_in(inside), inside
    for outside in (".env", ".git/config", ".venv/bin/python", "tests/conftest.py", "meitu_demo/__pycache__/a.pyc"):
        assert not let_in(outside), outside


def test_image_user_may_write_to_one_folder() -> None:
    """The image runs as uid 1000 on a fitting Python: one volume, photos in memory, port 7860 on every address."""
    last = stages()[-1]
    found = {step.keyword: step for step in last.instructions}
    environ = dict(word.split("=", 1) for word in found["ENV"].split_arguments())
    assert found["USER"].arguments == "1000"
    assert found["VOLUME"].arguments == environ["DATA_DIR"] == "/data"
    assert environ["GRADIO_TEMP_DIR"].startswith("/tmp/")
    assert (environ["GRADIO_SERVER_NAME"], environ["GRADIO_SERVER_PORT"]) == ("0.0.0.0", "7860")
    assert found["EXPOSE"].arguments == "7860"
    assert found["CMD"].parse_command() == ("python", "app.py")
    assert {stage.base for stage in stages()} == {"python:3.12-slim-trixie"}
    assert last.instructions.index(found["USER"]) > max(
        at for at, step in enumerate(last.instructions) if step.keyword == "RUN"
    )


def test_image_keeps_the_ledger_in_the_volume_with_the_example_settings() -> None:
    """`docker run --env-file .env` says DATA_DIR=data: that, too, leads to the volume."""
    example = dotenv_values(PROJECT / ".env.example")
    links = [words for step in stages()[0].instructions for words in re.findall(r"ln -s (\S+) (\S+)", step.arguments)]
    assert links == [("/data", f"/app/{example['DATA_DIR']}")]
    assert {step.arguments for stage in stages() for step in stage.instructions if step.keyword == "WORKDIR"} == {
        "/app"
    }


def compose() -> dict[str, Any]:
    """compose.yaml, as YAML gives it."""
    return dict(yaml.safe_load(read("compose.yaml")))


def test_compose_replicas_trust_their_proxy_alone() -> None:
    """Replicas trust only the proxy, whose fixed address is outside Docker's pool, so nobody else can have it."""
    services, network = compose()["services"], compose()["networks"]["default"]["ipam"]["config"][0]
    (address,) = {services[name]["environment"]["TRUSTED_PROXIES"] for name in ("app-1", "app-2")}
    assert services["proxy"]["networks"]["default"]["ipv4_address"] == address
    assert ip_address(address) in ip_network(network["subnet"])
    assert ip_address(address) not in ip_network(network["ip_range"])


def test_compose_replicas_have_least_privileges() -> None:
    """Replicas have a read-only root, no capabilities, no new privileges, photos in memory, and listen only locally."""
    for name in ("app-1", "app-2"):
        service = compose()["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["tmpfs"][0].startswith("/tmp:")
        assert "ports" not in service
    assert compose()["services"]["proxy"]["ports"] == ["127.0.0.1:8080:8080"]
    assert "ports" not in compose()["services"]["database"]


def test_image_has_a_health_check_and_a_stop_signal() -> None:
    """The health check is a program that Python runs, of the demo's own route; a stop is what the server waits for."""
    found = {step.keyword: step for step in stages()[-1].instructions}
    python, flag, code = found["HEALTHCHECK"].parse_command()
    assert (python, flag) == ("python", "-c")
    assert "/healthz" in code
    compile(code, "HEALTHCHECK", "exec")
    assert found["STOPSIGNAL"].arguments == "SIGTERM"


def test_image_holds_no_build_tools() -> None:
    """The last stage installs nothing and takes pip away; what it holds was installed from hashes in the one before."""
    first, last = stages()
    commands = " ".join(step.arguments for step in last.instructions if step.keyword == "RUN")
    assert "pip uninstall" in commands
    assert not re.search(r"apt|pip install|\buv\b|curl", commands)
    installs = [
        step.arguments
        for step in first.instructions
        if step.keyword == "RUN" and re.search(r"pip (install|sync)", step.arguments)
    ]
    assert len(installs) == 2
    assert all("--require-hashes" in command for command in installs)


@pytest.mark.parametrize("text", ["ADD x /", "RUN x", "FROM a\nSHELL x"])
def test_dockerfile_reader_refuses_what_it_does_not_understand(text: str) -> None:
    """A Dockerfile step that our reader does not understand is an error and is not skipped."""
    with pytest.raises(ValueError, match="not known here"):
        dockerfile.parse(text)


# ── Locks and licences ──────────────────────────────────────────────────────────────────────────────────────────────
LOCKS = {
    "dev.txt": ("requirements.txt", "requirements-dev.txt"),
    "container.txt": ("requirements.txt", "locks/container.in"),
    "build.txt": ("locks/build.in",),
}


def locked(name: str) -> dict[str, set[str]]:
    """Versions by name; some differ between Pythons."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", read(f"locks/{name}"), re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_every_pin_with_hashes(name: str) -> None:
    """A lock holds every pin as it is, hashes for everything, and names no index."""
    pins = dict(line.split("==") for file in LOCKS[name] for line in requirements(file) if not line.startswith("-r"))
    lock = locked(name)
    assert {package: lock.get(package) for package in pins} == {package: {pin} for package, pin in pins.items()}
    entries = re.split(r"\n(?=[a-z0-9-]+==)", read(f"locks/{name}"))[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|--(extra-)?index-url|--find-links", read(f"locks/{name}"))


def test_container_lock_leaves_out_only_what_is_never_imported() -> None:
    """It has what the tests ran with, version for version; OpenCV is the same release without its windows."""
    dev, lean = locked("dev.txt"), locked("container.txt")
    without = set(requirements("locks/container.without"))
    assert without <= dev.keys()
    assert not without & lean.keys()
    headless = lean.pop("opencv-contrib-python-headless")
    assert headless == dev["opencv-contrib-python"]
    assert lean.items() <= dev.items()


def test_licence_table_matches_the_lock() -> None:
    """Each package of the image with its version and a licence: `make licences` after `make lock`."""
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (\d\S*) \| ([^|]+) \|", read("LICENCES.md"), re.MULTILINE)
    assert {name: {version} for name, version, _ in rows} == locked("container.txt")
    assert all(terms.strip() for _, _, terms in rows)


def test_system_libraries_are_the_same_everywhere() -> None:
    """A Space, the gate and the hint at set-up name the same libraries; the image, whose OpenCV is headless, none."""
    wanted = read("packages.txt").split()
    assert wanted == ["libgl1", "libglib2.0-0"]
    assert not any(package in read("Dockerfile") for package in wanted)
    for name in (".ci/run", "tools/venv.sh", "README.md"):
        assert all(package in read(name) for package in wanted), name


def test_gitignore_hides_no_file_of_the_app() -> None:
    """.gitignore hides keys and what is made, and nothing that the app needs."""
    if shutil.which("git") is None or not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout")
    ignored = subprocess.run(
        ["git", "check-ignore", ".env", ".venv", "build/x", "meitu_demo/data/errors.toml", "assets/css/base.css"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert set(ignored.stdout.split()) == {".env", ".venv", "build/x"}


# ── Set-up, with stubs for Python ───────────────────────────────────────────────────────────────────────────────────
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
    echo "Collecting mediapipe==0.10.21 (from -r requirements.txt (line 9))"
    echo "  Downloading https://index.example/a/mediapipe-0.10.21-py3-none-any.whl (35.6 MB)"
    while [ "$(cat "$CLOCK")" -lt 1012 ]; do :; done
    echo "Installing collected packages: numpy, mediapipe"
    while [ "$(cat "$CLOCK")" -lt 1030 ]; do :; done
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
    assert installed.endswith(requirements("locks/build.in")[0])
    assert f"{fetched} -m venv .venv" in calls


def test_install_shows_progress(fresh: Path) -> None:
    """While pip works, set-up prints seconds and pip's latest step, at most one line in five seconds."""
    stub(fresh, "python3.12", WORKING + SLOW_PIP)
    stub(fresh, "date", SLOW_CLOCK)
    done = run(fresh, "sh", "tools/venv.sh", "requirements.txt", CLOCK=str(fresh / "clock"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(re.match(r" *\d+ s  \S", line) for line in lines)
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
    targets = re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)
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


def test_gate_is_executable_and_its_targets_exist() -> None:
    """.ci/run is executable, and calls targets that the Makefile has."""
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert set(read(".ci/run").splitlines()[-1].split()[1:]) <= targets
