"""Rounds of long tests, and figures: lines that tests report and pytest prints at the end, also from xdist workers.

`make test` runs about a tenth of each long test, `--whole` (make chaos, make fuzz, make soak) all of it. A test asks
for `rounds` to learn its number, and hands what it measured to `figure`.
"""

import math
from collections.abc import Callable

import pytest

NAME = "figure"  # of the user property that travels from an xdist worker with the test's report


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run long tests in full, not a tenth of them")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "chaos: faults, crowds and kills around paid calls (make chaos)")
    config.addinivalue_line("markers", "fuzz: odd and hostile files, paths and values (make fuzz)")
    config.addinivalue_line("markers", "soak: many visitors, for long (make soak)")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """How many of `count` rounds this run makes: all, or a tenth, at least one."""
    whole = request.config.getoption("--whole")
    return lambda count: count if whole else math.ceil(count / 10)


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Notes a line that is printed at the end of the run."""
    return lambda line: record_property(NAME, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    lines = [str(value) for report in reports for name, value in report.user_properties if name == NAME]
    if lines:
        terminalreporter.section("figures")
        for line in sorted(lines):
            terminalreporter.write_line(line)
