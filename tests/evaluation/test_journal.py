"""Journal: what a process that was killed leaves for the next one."""

from pathlib import Path

import pytest

from meitu_demo.domain.errors import JournalUnusable
from meitu_demo.evaluation.journal import Journal
from meitu_demo.evaluation.outcomes import Charge, Outcome, OutcomeKind


def test_journal_remembers_outcomes_and_what_was_begun(tmp_path: Path) -> None:
    """After a kill in the middle of a line, a call that was begun may have been billed; all others are as they were."""
    path, refused = (
        tmp_path / "journal.jsonl",
        Outcome(OutcomeKind.REFUSED, code="20003", words={"en": ("a", "b", "c")}),
    )
    journal = Journal(path)
    for key in ("one", "two", "three"):
        journal.begin(key)
    journal.finish("one", refused)
    journal.finish("two", Outcome(OutcomeKind.NOT_SENT))
    with pytest.raises(JournalUnusable, match="journal_in_use"):
        Journal(path)
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"key": "four", "outco')
    assert path.stat().st_mode & 0o077 == 0
    for _ in range(2):
        journal = Journal(path)
        assert journal.outcomes["one"] == refused
        assert not journal.outcomes["two"].is_final
        assert journal.outcomes["three"].charge is Charge.MAYBE
        assert set(journal.outcomes) == {"one", "two", "three"}
        journal.close()


def test_journal_refuses_another_file(tmp_path: Path) -> None:
    """A file that is not a journal is left as it is."""
    path = tmp_path / "journal.jsonl"
    path.write_text("shopping list\n")
    with pytest.raises(JournalUnusable, match="journal_unreadable"):
        Journal(path)
    assert path.read_text() == "shopping list\n"
