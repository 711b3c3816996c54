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
    """A lock holds every pin as it is but those it leaves out, hashes for everything, and names no index."""
    pins = dict(line.split("==") for file in LOCKS[name] for line in requirements(file) if not line.startswith("-r"))
    for package in requirements("locks/container.without") if name == "container.txt" else ():
        pins.pop(package, None)
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


def test_gate_is_executable_and_its_targets_exist() -> None:
    """.ci/run is executable, and calls targets that the Makefile has."""
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert set(read(".ci/run").splitlines()[-1].split()[1:]) <= targets
