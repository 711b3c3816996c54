"""``make shape``: size and structure of the code in figures. With --check, only what `make check` rejects.

Rejects circular imports and files over 300 lines. Import-linter checks floors and library contracts (pyproject.toml).
Other sizes are only printed, because features add to them.
"""

import ast
import graphlib
import itertools
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import grimp

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = "meitu_demo"
MAX_LINES = 300
VENDOR_IDS = ("meitu", "ailab")
CALL_PATH = (  # the main modules that a click on Run passes through
    "ui.panel.panel",
    "ui.result.run_stream",
    "service",
    "calls.single_flight",
    "calls.pipeline",
    "calls.exchange",
)


def list_files(folder: str) -> list[Path]:
    """The Python files below a folder of the project."""
    return sorted((PROJECT / folder).rglob("*.py"))


def count_lines(files: Iterable[Path]) -> int:
    """Lines of all `files`."""
    return sum(len(file.read_text("utf-8").splitlines()) for file in files)


def find_long_files(*folders: str) -> list[str]:
    """Files of more than MAX_LINES lines, with their length."""
    files = [file for folder in folders for file in list_files(folder)]
    lengths = [(count_lines([file]), file.relative_to(PROJECT).as_posix()) for file in files]
    return [f"{name} ({lines} lines)" for lines, name in lengths if lines > MAX_LINES]


def find_circle(graph: grimp.ImportGraph) -> list[str]:
    """The modules of one circle of imports, first and last the same; empty if there is none."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return list(reversed(error.args[1]))
    return []


def find_room(module: str) -> str:
    """The package or module directly below meitu_demo that `module` belongs to; empty for meitu_demo itself."""
    return ".".join(module.split(".")[1:2])


def list_arrows(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Which room imports which."""
    pairs = {
        (find_room(module), find_room(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return {(importer, imported) for importer, imported in pairs if importer and imported and importer != imported}


def spells_vendor(file: Path) -> bool:
    """Whether a string in `file` is a vendor's id."""
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    return any(isinstance(node, ast.Constant) and node.value in VENDOR_IDS for node in nodes)


def find_chain(graph: grimp.ImportGraph) -> list[str]:
    """The modules from the Run button to the request: the shortest import chains between the parts of CALL_PATH."""
    parts = [f"{PACKAGE}.{part}" for part in CALL_PATH if f"{PACKAGE}.{part}" in graph.modules]
    chain = parts[:1]
    for start, end in itertools.pairwise(parts):
        chain += (graph.find_shortest_chain(start, end) or (start, "?"))[1:]
    return [module.removeprefix(f"{PACKAGE}.") for module in chain]


def measure(graph: grimp.ImportGraph) -> Iterator[tuple[str, object]]:
    """Name and value of each figure."""
    linter = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    floors = next(contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers")
    rooms = {find_room(module) for module in graph.modules} - {""}
    files = list_files(PACKAGE)
    importers = [len(graph.find_modules_that_directly_import(module)) for module in graph.modules]
    chain = find_chain(graph)
    yield "rooms (packages, and modules beside them)", len(rooms)
    yield "floors", len(floors)
    yield "arrows between rooms", len(list_arrows(graph))
    yield "files in the package", len(files)
    yield "files with one importer", importers.count(1)
    yield "lines in the package", count_lines(files)
    yield f"files over {MAX_LINES} lines, package and tools", ", ".join(find_long_files(PACKAGE, "tools")) or 0
    yield f"files over {MAX_LINES} lines, tests", len(find_long_files("tests"))
    yield "lines in tests", count_lines(list_files("tests"))
    yield "lines in tools", count_lines(list_files("tools"))
    yield "files that spell a vendor's id", sum(map(spells_vendor, files))
    yield "files from click to vendor", f"{len(chain)}: {' → '.join(chain)}"
    yield "a circle of modules", " → ".join(find_circle(graph)) or "none"


def main() -> None:
    """Print the figures, or check."""
    sys.path.insert(0, str(PROJECT))
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    if "--check" not in sys.argv[1:]:
        for name, value in measure(graph):
            print(f"{name:45} {value}")
        return
    faults = [f"longer than {MAX_LINES} lines: {file}" for file in find_long_files(PACKAGE, "tools")]
    if circle := find_circle(graph):
        faults.append(f"a circle of imports: {' → '.join(circle)}")
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
