"""`make check` finds what breaks the architecture: each of its checks is run on a copy with planted faults."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
LINT_IMPORTS = ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")
FAULTS = {
    "domain/planted.py": "from ..calls import pipeline",
    "photos/planted.py": "\nfrom ..engine.effects import fuse",
    "vendors/planted.py": "def f():\n    from ..engine.effects import avatar",
    "calls/planted.py": "from .. import offline",
    "redaction/planted.py": "import meitu_demo.domain.translations",
    "domain/planted_gradio.py": "import gradio as gr",
    "engine/effects/planted.py": "import httpx._client",
    "photos/planted_mediapipe.py": "if True:\n  import mediapipe.python",
    "engine/effects/planted_network.py": "import ncnn",
    "domain/planted_starlette.py": "from starlette.requests import Request",
    "domain/planted_server.py": "import uvicorn",
    "domain/planted_dotenv.py": "import dotenv",
    "calls/planted_database.py": "import sqlalchemy",
    "ui/planted_tool.py": "import mcp",
    "vendors/planted_page.py": "import fastapi",
    "photos/planted_markup.py": "import jinja2",
    "domain/planted_start.py": "import app",
}
FOUND = (
    "meitu_demo.domain.planted -> meitu_demo.calls.pipeline (l.1)",
    "meitu_demo.photos.planted -> meitu_demo.engine.effects.fuse (l.2)",
    "meitu_demo.vendors.planted -> meitu_demo.engine.effects.avatar (l.2)",
    "meitu_demo.calls.planted -> meitu_demo.offline (l.1)",
    "meitu_demo.redaction.planted -> meitu_demo.domain.translations (l.1)",
    "meitu_demo.domain.planted_gradio -> gradio (l.1)",
    "meitu_demo.engine.effects.planted -> httpx (l.1)",
    "meitu_demo.photos.planted_mediapipe -> mediapipe (l.2)",
    "meitu_demo.engine.effects.planted_network -> ncnn (l.1)",
    "meitu_demo.domain.planted_starlette -> starlette (l.1)",
    "meitu_demo.domain.planted_server -> uvicorn (l.1)",
    "meitu_demo.domain.planted_dotenv -> dotenv (l.1)",
    "meitu_demo.calls.planted_database -> sqlalchemy (l.1)",
    "meitu_demo.ui.planted_tool -> mcp (l.1)",
    "meitu_demo.vendors.planted_page -> fastapi (l.1)",
    "meitu_demo.photos.planted_markup -> jinja2 (l.1)",
    "meitu_demo.domain.planted_start -> app (l.1)",
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with `arguments` in a copy of the project."""
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the package, the tool that measures it, and the contracts."""
    for part in ("meitu_demo", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "*.png", "*.jpg")
        shutil.copytree(PROJECT / part, tmp_path / part, ignore=ignored)
    for file in ("pyproject.toml", "app.py"):
        shutil.copy(PROJECT / file, tmp_path)
    return tmp_path


def test_contracts_hold(project: Path) -> None:
    """Imports go to lower layers only, and to libraries only where the contracts allow it; no circle, no long file."""
    linted, shaped = run(project, *LINT_IMPORTS), run(project, "-m", "tools.shape", "--check")
    assert linted.returncode == 0, linted.stdout
    assert shaped.returncode == 0, shaped.stderr


def test_contracts_name_file_and_line_of_each_fault(project: Path) -> None:
    """An import of a higher layer, a nested one too, and each library where it may not be imported."""
    for file, source in FAULTS.items():
        (project / "meitu_demo" / file).write_text(source)
    linted = run(project, *LINT_IMPORTS)
    assert linted.returncode == 1
    words = " ".join(linted.stdout.split())
    assert [found for found in FOUND if found not in words] == []


def test_contracts_refuse_a_module_in_no_layer(project: Path) -> None:
    """A new package or module directly below meitu_demo has to be put into a layer first."""
    (project / "meitu_demo" / "planted.py").write_text("")
    linted = run(project, *LINT_IMPORTS)
    assert linted.returncode == 1
    assert "planted" in linted.stdout


def test_shape_refuses_circles_and_long_files(project: Path) -> None:
    """Two modules that import each other, also inside functions, and a file of 301 lines."""
    package = project / "meitu_demo"
    (package / "photos" / "first.py").write_text("from . import second\n")
    (package / "photos" / "second.py").write_text("def f():\n    from . import first\n")
    (package / "photos" / "long.py").write_text("\n" * 301)
    linted, shaped = run(project, *LINT_IMPORTS), run(project, "-m", "tools.shape", "--check")
    assert "No cycles are allowed in meitu_demo.photos" in linted.stdout
    assert shaped.returncode == 1
    assert "longer than 300 lines: meitu_demo/photos/long.py (301 lines)" in shaped.stderr
    assert "a circle of imports: meitu_demo.photos." in shaped.stderr


@pytest.mark.parametrize("reads", ["os.environ['KEY']", "os.environb[b'KEY']", "os.getenv('KEY')"])
def test_lint_refuses_to_read_the_environment_outside_settings(reads: str) -> None:
    """Only settings/environment.py may; the rest of the package gets Settings."""

    def lint(file: str) -> str:
        options = ["--select=TID251", "--no-cache", f"--stdin-filename={file}"]
        command = [sys.executable, "-m", "ruff", "check", *options, "-"]
        source = f"import os\nkey = {reads}\n"
        return subprocess.run(command, cwd=PROJECT, input=source, capture_output=True, text=True, check=False).stdout

    assert "TID251" in lint("meitu_demo/calls/download.py")
    assert "TID251" not in lint("meitu_demo/settings/environment.py")
