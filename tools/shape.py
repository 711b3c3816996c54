"""``make shape``: size and structure of the code in figures. With --check, only what `make check` rejects.

Rejects circular imports and files over 300 lines. Import-linter checks the layers and who may import which library
(pyproject.toml). Other sizes are only printed, because features add to them.
"""

import graphlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import grimp

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = "meitu_demo"
MAX_LINES = 300


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


def find_package(module: str) -> str:
    """The package or module directly below meitu_demo that `module` belongs to; empty for meitu_demo itself."""
    return ".".join(module.split(".")[1:2])


def list_package_imports(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    """(importer, imported) of packages."""
    pairs = {
        (find_package(module), find_package(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return {(importer, imported) for importer, imported in pairs if importer and imported and importer != imported}


def measure(graph: grimp.ImportGraph) -> Iterator[tuple[str, object]]:
    """Name and value of each figure."""
    files = list_files(PACKAGE)
    importers = [len(graph.find_modules_that_directly_import(module)) for module in graph.modules]
    yield "packages, and modules beside them", len({find_package(module) for module in graph.modules} - {""})
    yield "imports between them", len(list_package_imports(graph))
    yield "files in the package", len(files)
    yield "files with one importer", importers.count(1)
    yield "lines in the package", count_lines(files)
    yield "lines in tests", count_lines(list_files("tests"))
    yield "lines in tools", count_lines(list_files("tools"))
    yield f"files over {MAX_LINES} lines in tests", len(find_long_files("tests"))


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
