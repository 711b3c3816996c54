"""The message after "Delete my data"."""

import pytest

from meitu_demo.ui.screens.delete_data import describe_deletion
from meitu_demo.ui.security.session_data import Inventory

EMPTY = Inventory(0, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (EMPTY, EMPTY, "Checked: nothing left."),
        (
            Inventory(1, 2, 1, runs=1),  # for instance after a call in the failure lab
            EMPTY,
            "Deleted: files on disk 1, pictures in memory 2, results of calls 1, runs in your history 1. "
            "Checked: nothing left.",
        ),
        (
            Inventory(1, 0, 0, recordings=1),
            Inventory(1, 0, 0),
            "Deleted: files on disk 1, recordings of your calls 1. Checked: still here are files on disk 1. Try again.",
        ),
    ],
)
def test_deletion_message_names_only_what_there_was(before: Inventory, after: Inventory, text: str) -> None:
    """Counts of zero are left out, and the result of a failure-lab call is not called live."""
    assert describe_deletion(before, after, "en") == text
