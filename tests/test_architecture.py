"""The shape of the code: imports go downward only, and each library has its door. A failure names file and line."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import meitu_demo

PACKAGE = Path(meitu_demo.__file__).parent

# Lowest first. A part imports from the floors below, and on its own floor only what belongs to the same part.
FLOORS = (
    ("redaction",),
    ("errors", "words", "store", "address", "outlets"),
    ("spec", "settings", "logs", "allocator"),
    ("tables",),
    ("imaging",),
    ("template_rows", "link_rules", "provenance", "inspector"),
    ("templates", "links"),
    ("providers", "effects", "billing"),
    ("endpoints", "preflight", "recipes", "sheets", "ledger", "calling", "explain", "journal"),
    ("service", "offline", "accounts", "fair"),
    ("routes", "errand", "till"),
    ("transport", "desk", "serving"),
    ("ui",),
)
RANK = {part: rank for rank, parts in enumerate(FLOORS) for part in parts}

# Who may import a library: a path prefix below the package. A library that is not named here may be used by all.
DOORS = {
    "gradio": ("ui/",),
    "fastapi": ("ui/",),
    "mcp": ("ui/assistants/",),
    "httpx": (
        "providers/",
        "service.py",
        "transport.py",
        "links.py",
        "link_rules.py",
        "calling/exchange.py",
        "inspector/",
        "offline/app.py",
        "ui/",
    ),
    "starlette": ("offline/", "serving.py", "transport.py", "ui/"),
    "uvicorn": ("serving.py", "offline/__main__.py", "offline/wired.py", "offline/alongside.py"),
    "mediapipe": ("imaging/solutions.py",),
    "dotenv": ("settings/environment.py",),
    "sqlalchemy": ("ledger/",),
    "tenacity": ("calling/",),
}
# The environment is read by settings alone. The door to mediapipe sets its log level there, which is its only way.
ENVIRONMENT = ("settings/environment.py",)
SETS_ENVIRONMENT = ("imaging/solutions.py",)


def imports(tree: ast.AST, file: str) -> Iterator[tuple[int, str, bool]]:
    """(line, dotted name, whether it is ours) of every import, nested ones too."""
    here = ["meitu_demo", *Path(file).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, alias.name.split(".")[0] == "meitu_demo"
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            whole = [*base, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                yield node.lineno, ".".join([*whole, alias.name]), whole[0] == "meitu_demo"


def faults(source: str, file: str) -> list[str]:
    """Each line of `source` (the module `file`, relative to the package) that breaks a floor or a door."""
    tree = ast.parse(source)
    part = Path(file).parts[0].removesuffix(".py")
    found = []
    for line, name, ours in imports(tree, file):
        where = f"meitu_demo/{file}:{line}"
        library = name.split(".")[0]
        if not ours:
            doors = DOORS.get(library)
            if doors is not None and not file.startswith(doors):
                found.append(f"{where} imports {library}, whose door is {', '.join(doors)}")
            continue
        other = name.split(".")[1] if "." in name else ""
        if part not in RANK:
            found.append(f"{where} is on no floor")
        elif other not in RANK and other != part:
            found.append(f"{where} imports {name}, which is on no floor")
        elif other != part and RANK[other] >= RANK[part] and (part, other) != ("settings", "spec"):
            found.append(f"{where} on floor {RANK[part]} imports {other}, on floor {RANK[other]}")
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in ("os.environ", "os.environb", "os.getenv")
            and not file.startswith(ENVIRONMENT + SETS_ENVIRONMENT)
        ):
            found.append(f"meitu_demo/{file}:{node.lineno} reads the environment, which settings does")
    return found


FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", [file for file in FILES if file != "__init__.py"])
def test_floors_and_doors(file: str) -> None:
    """Imports go downward only, and libraries come in by their doors."""
    assert not faults((PACKAGE / file).read_text("utf-8"), file)


@pytest.mark.parametrize(
    ("file", "source", "told"),
    [
        ("spec.py", "\nfrom .service import run", "spec.py:2 on floor 2 imports service"),
        ("imaging/gate.py", "from ..effects.fuse import fuse", "imaging/gate.py:1 on floor 4 imports effects"),
        ("providers/meitu.py", "from ..effects import avatar", "providers/meitu.py:1 on floor 7 imports effects"),
        ("service.py", "def f():\n    from . import offline", "service.py:2 on floor 9 imports offline"),
        ("errors.py", "import meitu_demo.domain.translations", "errors.py:1 on floor 1 imports words"),
        ("service.py", "import gradio as gr", "service.py:1 imports gradio, whose door is ui/"),
        ("effects/fuse.py", "import httpx._client", "effects/fuse.py:1 imports httpx"),
        ("imaging/codec.py", "if True:\n  import mediapipe.python", "imaging/codec.py:2 imports mediapipe"),
        ("explain.py", "from starlette.requests import Request", "explain.py:1 imports starlette"),
        ("links.py", "import os\nkey = os.environ['KEY']", "links.py:2 reads the environment"),
        ("links.py", "import os\nkey = os.getenv('KEY')", "links.py:2 reads the environment"),
        ("helper.py", "from . import spec", "helper.py:1 is on no floor"),
        ("spec.py", "from . import helper", "spec.py:1 imports meitu_demo.helper, which is on no floor"),
    ],
)
def test_a_planted_fault_is_found_by_file_and_line(file: str, source: str, told: str) -> None:
    """The checker itself is checked."""
    assert any(told in fault for fault in faults(source, file)), faults(source, file)


def test_nothing_below_is_mistaken_for_a_fault() -> None:
    """Downward, sideways in one's own part, and through a door."""
    assert not faults("from ..spec import Photo\nfrom .base import Json\nimport httpx\nimport re", "providers/meitu.py")
    assert not faults("import os\nimport gradio.utils\nos.path.join('a')", "ui/panel/panel.py")
