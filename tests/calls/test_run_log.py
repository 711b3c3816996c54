"""One line in the log a run: what it says of sizes and money is what happened."""

import logging

import pytest
from pydantic import SecretStr

from meitu_demo.calls.run_log import RunRecord
from meitu_demo.domain.errors import DemoError, OutcomeUnknown, Unreachable
from meitu_demo.domain.model import CallTarget, Credentials

ROUTE = CallTarget("meitu", "http://vendor.invalid", Credentials(SecretStr("key"), SecretStr("pair")), is_billable=True)


def told(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    (record,) = (record for record in caplog.records if record.name == "meitu_demo.calls.run_log")
    return record


@pytest.mark.parametrize(
    ("error", "sent", "billing"),
    [
        (Unreachable(vendor="meitu", cause="refused"), 0, "not_processed"),
        (OutcomeUnknown(vendor="meitu", cause="reset"), 700, "unknown"),
    ],
)
def test_only_what_may_have_left_counts_as_sent(
    error: DemoError, sent: int, billing: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A photo that was to go to a vendor who takes no connections has not left the machine."""
    caplog.set_level(logging.INFO, "meitu_demo.calls.run_log")
    run = RunRecord.start("face_fuse", ROUTE, 1000)
    run.bytes_sent = 700  # as it begins to be sent
    with pytest.raises(type(error)), run.track():
        raise error
    assert (told(caplog).__dict__["bytes_sent"], told(caplog).__dict__["billing"]) == (sent, billing)
    assert f"{sent} sent" in told(caplog).getMessage()


def test_a_run_has_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """An error that passes through several parts of a run ends it once."""
    caplog.set_level(logging.INFO, "meitu_demo.calls.run_log")
    run = RunRecord.start("face_fuse", ROUTE, 1000)
    with pytest.raises(Unreachable), run.track(), run.track():
        raise Unreachable(vendor="meitu", cause="dns")
    assert told(caplog).__dict__["run"] == run.id
