"""Groups of tests that go to one worker of pytest-xdist."""

import pytest

GROUP = "groups"


@pytest.mark.xdist_group(GROUP)
def test_group_is_in_the_id_that_xdist_reads(request: pytest.FixtureRequest) -> None:
    """With --dist loadgroup the id ends with the group; otherwise each worker would start every server."""
    is_grouped = request.config.getoption("loadgroup", False)
    assert request.node.nodeid.endswith(f"@{GROUP}") is is_grouped


@pytest.fixture(scope="module")
def shared() -> None:
    """Something that is made once for this module."""


def test_tests_with_a_fixture_of_their_module_are_a_group(shared: None, request: pytest.FixtureRequest) -> None:
    """Without a mark, they have the module's path for a name."""
    is_grouped = request.config.getoption("loadgroup", False)
    assert request.node.nodeid.endswith("@tests/test_groups.py") is is_grouped
