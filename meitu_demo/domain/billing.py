"""Billing: whether a call that failed was, or may have been, billed.

The only place that decides this, for explanations, the ledger, retries and single flight.
"""

from enum import StrEnum

from . import errors
from .vendor_codes import interpret_vendor_error


class Billing(StrEnum):
    """What a failure says about the call. REFUSED, NOT_PROCESSED and UNKNOWN also occur in `data/errors.toml`."""

    NOT_SENT = "not_sent"  # nothing was sent
    REFUSED = "refused"  # not processed; the same request would be refused again
    NOT_PROCESSED = "not_processed"  # never arrived, or rejected for load: safe to retry
    UNKNOWN = "unknown"  # may have been billed: only a person may retry
    DONE = "done"  # processed and billed; only the result could not be fetched or read


BILLING_BY_ERROR: tuple[tuple[type[errors.DemoError], Billing], ...] = (
    (errors.Unreachable, Billing.NOT_PROCESSED),
    (errors.OutcomeUnknown, Billing.UNKNOWN),
    (errors.UnreadableResult, Billing.DONE),
    (errors.InvalidResponse, Billing.UNKNOWN),
    (errors.LinkRejected, Billing.DONE),
    (errors.StorageFull, Billing.DONE),  # in a paid call, it is the result that could not be written
    *((kind, Billing.NOT_SENT) for kind in (
        errors.ImageRejected, errors.ValueRejected, errors.RecipeRejected, errors.MissingKey, errors.MissingConsent,
        errors.PayerChanged, errors.OverBudget, errors.LedgerUnavailable, errors.RateLimited, errors.QueueFull,
        errors.CircuitOpen, errors.UploadsFull, errors.SessionsFull, errors.JournalUnusable,
    )),
)  # fmt: skip


def may_be_billed(error: BaseException) -> bool:
    """Whether a call that ended in `error` was or may have been billed; if so, only a person may retry it."""
    return classify_billing(error) in (Billing.UNKNOWN, Billing.DONE)


def classify_billing(error: BaseException) -> Billing | None:
    """What `error` says about a billable call; None for exceptions that say nothing about billing.

    A vendor's code that is not listed counts as UNKNOWN: it may have been billed.
    """
    if isinstance(error, errors.VendorError):
        known = interpret_vendor_error(error)
        return Billing(known.outcome) if known else Billing.UNKNOWN
    if isinstance(error, errors.ShuttingDown):
        return Billing.UNKNOWN if error.facts.get("cause") == "sent" else Billing.NOT_SENT
    return next((billing for kind, billing in BILLING_BY_ERROR if isinstance(error, kind)), None)
