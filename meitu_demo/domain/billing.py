"""What a failure means for money: whether the call that ended in it was, or may have been, billed.

The one place that knows. Explanations, the ledger, repeats and joined clicks all ask here. Imports `errors` and
`tables`.
"""

from enum import StrEnum

from .errors import (
    CircuitOpen,
    DemoError,
    ImageRejected,
    InvalidResponse,
    LedgerUnavailable,
    LinkRejected,
    MissingConsent,
    MissingKey,
    OutcomeUnknown,
    OverBudget,
    QueueFull,
    RateLimited,
    RecipeRejected,
    ShuttingDown,
    StorageFull,
    Unreachable,
    ValueRejected,
    VendorError,
)
from .vendor_codes import find_vendor_code, match_text_slug


class Billing(StrEnum):
    """What may be concluded about a call; the values of a vendor's code (`data/errors.toml`) among them."""

    NOT_SENT = "not_sent"  # it never began
    REFUSED = "refused"  # not processed, and the same request would be refused again
    NOT_PROCESSED = "not_processed"  # never arrived, or turned away for load: may be repeated
    UNKNOWN = "unknown"  # may have been billed: only a person may repeat it
    DONE = "done"  # processed; only the picture is out of reach


BILLING_BY_ERROR: tuple[tuple[type[DemoError], Billing], ...] = (
    (Unreachable, Billing.NOT_PROCESSED),
    (OutcomeUnknown, Billing.UNKNOWN),
    (InvalidResponse, Billing.UNKNOWN),
    (LinkRejected, Billing.DONE),
    (StorageFull, Billing.DONE),  # where money is at stake, it is the result that finds no room
    *(
        (kind, Billing.NOT_SENT)
        for kind in (
            ImageRejected,
            ValueRejected,
            RecipeRejected,
            MissingKey,
            MissingConsent,
            OverBudget,
            LedgerUnavailable,
            RateLimited,
            QueueFull,
            CircuitOpen,
        )
    ),
)


def may_be_billed(error: BaseException) -> bool:
    """Whether a call that ended in `error` was or may have been billed: then only a person may repeat it."""
    return classify_billing(error) in (Billing.UNKNOWN, Billing.DONE)


def classify_billing(error: BaseException) -> Billing | None:
    """What `error` says about a call that could cost money; None for what says nothing, as no failure of ours should.

    A vendor's code that is in no list may have been billed: what nobody knows, nobody can rule out.
    """
    if isinstance(error, VendorError):
        if match_text_slug(error.provider, error.vendor_message):
            return Billing.REFUSED
        known = find_vendor_code(error.provider, error.code.strip() or str(error.http_status))
        return Billing(known.outcome) if known else Billing.UNKNOWN
    if isinstance(error, ShuttingDown):
        return Billing.UNKNOWN if error.facts.get("cause") == "sent" else Billing.NOT_SENT
    return next((meaning for kind, meaning in BILLING_BY_ERROR if isinstance(error, kind)), None)
