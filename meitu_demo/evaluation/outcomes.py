"""How a call of an evaluation ended, what it cost, and in which words: for the report, and as a line of the journal."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ..calls.pipeline import CallResult
from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError, ImageRejected, ShuttingDown, VendorError
from ..domain.explanations import explain
from ..domain.translations import list_languages
from ..redaction.text import sanitize


class OutcomeKind(StrEnum):
    SUCCESS = "success"
    REFUSED = "refused"  # by the vendor, the engine or our check of the photo: the same call would be refused again
    FAILED = "failed"  # no usable answer
    NOT_SENT = "not_sent"  # it cost nothing, and a resumed run makes it


class Charge(StrEnum):
    FREE = "free"
    BILLED = "billed"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. seconds: from the first byte sent to the picture; None if that was not measured.

    words: title, reason and advice of a failure, by language. code: the vendor's, or the slug of one of our errors.
    size: of the result in px. service: see `domain.translations.describe_service`.
    """

    kind: OutcomeKind
    charge: Charge = Charge.FREE
    seconds: float | None = None
    code: str = ""
    words: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    bytes_sent: int = 0
    bytes_received: int = 0
    size: tuple[int, int] = (0, 0)
    request_id: str = ""
    service: str = ""
    ended_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def is_final(self) -> bool:
        """Whether a resumed run leaves the call out: it has an answer, or may have been billed."""
        return self.kind is not OutcomeKind.NOT_SENT

    def as_json(self) -> dict[str, Any]:
        """For `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Outcome":
        """The outcome that `as_json` wrote. Raises KeyError, TypeError or ValueError."""
        words = {str(language): tuple(map(str, texts)) for language, texts in row["words"].items()}
        width, height = row["size"]
        return cls(**{
            **row, "kind": OutcomeKind(row["kind"]), "charge": Charge(row["charge"]), "words": words,
            "size": (int(width), int(height)),
        })  # fmt: skip


def build_success(result: CallResult, seconds: float | None, *, is_billable: bool) -> Outcome:
    """The outcome of a call that brought a picture."""
    return Outcome(
        OutcomeKind.SUCCESS,
        Charge.BILLED if is_billable else Charge.FREE,
        seconds,
        bytes_sent=result.bytes_sent,
        bytes_received=len(result.result_photo.data),
        size=(result.result_photo.width, result.result_photo.height),
        request_id=sanitize(result.request_id or "") if is_billable else "",
        service=result.service,
    )


def build_failure(error: BaseException, seconds: float | None, *, is_billable: bool) -> Outcome:
    """The outcome of a call that ended in `error`. is_billable: whether it could cost money."""
    billing = classify_billing(error)
    if isinstance(error, ImageRejected):
        kind = OutcomeKind.NOT_SENT if error.slug == "photo_gone" else OutcomeKind.REFUSED
    elif billing in (Billing.NOT_SENT, Billing.NOT_PROCESSED):
        kind = OutcomeKind.NOT_SENT
    else:
        kind = OutcomeKind.REFUSED if billing is Billing.REFUSED else OutcomeKind.FAILED
    charges = {Billing.DONE: Charge.BILLED, Billing.UNKNOWN: Charge.MAYBE, None: Charge.MAYBE}
    words = {}
    for language in list_languages():
        explained = explain(error, language, is_billable=is_billable)
        words[language] = (explained.title, explained.why, explained.fix)
    return Outcome(
        kind,
        charges.get(billing, Charge.FREE) if is_billable else Charge.FREE,
        seconds,
        code=sanitize(error.code if isinstance(error, VendorError) else getattr(error, "slug", DemoError.slug)),
        words=words,
        request_id=sanitize(error.request_id or "") if isinstance(error, VendorError) and is_billable else "",
        service=getattr(error, "service", ""),
    )


def build_unanswered() -> Outcome:
    """The outcome of a paid call whose process ended, or is about to, before the answer came."""
    return build_failure(ShuttingDown(cause="sent"), None, is_billable=True)
