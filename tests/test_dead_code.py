"""No dead code: every module is reached from an entry point, and vulture finds no unused name."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from vulture import Vulture

from meitu_demo.vendors import VENDORS

PROJECT = Path(__file__).resolve().parents[1]
ENTRY_POINTS = ("app.py", "meitu_demo/*/__main__.py")
LOADED_BY_NAME = tuple(f"meitu_demo/offline/{vendor_id}.py" for vendor_id in VENDORS)


def imported_names(file: Path) -> Iterator[str]:
    """Dotted names of modules that `file` imports, and of what it imports from them, which may be modules as well."""
    package = file.relative_to(PROJECT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def module_files() -> dict[str, Path]:
    """The package's modules by dotted name."""
    files = {}
    for file in (PROJECT / "meitu_demo").rglob("*.py"):
        parts = file.relative_to(PROJECT).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return files


def test_every_module_is_reached_from_an_entry_point() -> None:
    """From app.py and the packages' `python -m` programs, imports lead to every module; none is dead."""
    modules = module_files()
    waiting = [file for pattern in ENTRY_POINTS + LOADED_BY_NAME for file in PROJECT.glob(pattern)]
    assert len(waiting) >= 3
    reached: set[Path] = set(waiting)
    while waiting:
        for name in imported_names(waiting.pop()):
            parts = name.split(".")
            for length in range(1, len(parts) + 1):  # importing a module imports the packages that hold it
                file = modules.get(".".join(parts[:length]))
                if file is not None and file not in reached:
                    reached.add(file)
                    waiting.append(file)
    dead = sorted(str(file.relative_to(PROJECT)) for file in modules.values() if file not in reached)
    assert not dead, f"no entry point imports {dead}"


def test_vulture_finds_no_unused_name() -> None:
    """Every function, class, attribute and variable is used in Python or in a template, or is listed in pyproject."""
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["vulture"]
    templates = [file.read_text("utf-8") for file in (PROJECT / "meitu_demo/ui/templates").glob("*.html")]
    blocks = [block for text in templates for block in re.findall(r"{[{%](.*?)[%}]}", text, re.DOTALL)]
    template_names = {name for block in blocks for name in re.findall(r"\.(\w+)", block)}
    assert template_names
    vulture = Vulture(
        ignore_names=[*config["ignore_names"], *template_names], ignore_decorators=config["ignore_decorators"]
    )
    vulture.scavenge([str(PROJECT / path) for path in config["paths"]])
    unused = [item.get_report() for item in vulture.get_unused_code(config["min_confidence"])]
    assert not unused, "\n".join(unused)
