"""Exceptions for every way a call can fail. They carry a slug and facts, never sentences.

The slug names the explanation in ``locales/``, the facts fill its placeholders (`domain.explanations`).

    DemoError
    ├─ our checks, before anything is sent: ImageRejected  ValueRejected  RecipeRejected  MissingKey  MissingConsent
    │  PayerChanged (VisitorKeysGone)  OverBudget (OverVisitorBudget)  LedgerUnavailable  RateLimited  QueueFull
    │  CircuitOpen  UploadsFull (VisitorUploadsFull  UploadTooLarge)  SessionsFull
    ├─ our server: StorageFull  JournalUnusable  ShuttingDown
    ├─ the connection: Unreachable  OutcomeUnknown
    ├─ the vendor's answer: InvalidResponse (UnreadableResult)  LinkRejected  VendorError
    └─ the offline engine: EngineRejection (NoFace  FaceTooSmall  FaceTurned  FaceNodded  FaceCropped
       TemplateHasNoFace  UnknownTemplate)
"""

from typing import Self

from ..redaction.secrets import redact


class DemoError(Exception):
    """A failure with a stable slug and facts: numbers and short strings, never a secret, a path or a URL.

    A vendor's message may quote a key all the same: it is stored unchanged and redacted where it is shown.
    """

    slug = "unexpected"
    trace: object = None  # an `inspector.Trace` of the messages so far; not a fact, so that nothing prints it
    run: str = ""  # the id of the failed run, as in the log (`calls.run_log`)
    service: str = ""  # `CallTarget.service` of the failed run

    def __init__(self, slug: str | None = None, /, **facts: object) -> None:
        if slug is not None:
            self.slug = slug
        self.facts = facts
        super().__init__(self.slug, facts)

    def __str__(self) -> str:
        return redact(" ".join([self.slug, *(f"{name}={value!r}" for name, value in self.facts.items())]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def without_traceback(self) -> Self:
        """A copy to keep: the frames of a traceback would keep the photo in memory."""
        return type(self)(self.slug, **self.facts)


class ImageRejected(DemoError):
    """The photo cannot be used; nothing was sent."""

    slug = "image_unreadable"


class ValueRejected(DemoError):
    """The endpoint does not accept a control's value; nothing was sent. Facts: control, value, allowed."""

    slug = "value_rejected"


class RecipeRejected(DemoError):
    """A recipe cannot be read or run; nothing was sent.

    Facts, where they apply: step (from 1), effect, found, known, steps, limit, limit_kb, and those of ValueRejected.
    """

    slug = "recipe_unreadable"


class MissingKey(DemoError):
    """A live call without an API key. Facts: vendor, setting."""

    slug = "missing_key"


class MissingConsent(DemoError):
    """A live call without consent; nothing was sent. Facts: vendor."""

    slug = "missing_consent"


class PayerChanged(DemoError):
    """Somebody else than the page showed would pay for a call; nothing was sent. Facts: vendor."""

    slug = "payer_changed"


class VisitorKeysGone(PayerChanged):
    """The page shows that the visitor pays, and the server no longer has the visitor's keys."""

    slug = "visitor_keys_gone"


class OverBudget(DemoError):
    """The owner's daily cap is reached; nothing was sent. Facts: limit, vendor, hours (to midnight UTC)."""

    slug = "over_budget_day"


class OverVisitorBudget(OverBudget):
    """A visitor's hourly cap on paid calls is reached. Facts: limit, vendor, minutes (until the next call)."""

    slug = "over_budget_hour"


class StorageFull(DemoError):
    """A photo or result could not be written on this server. Facts: cause (the errno's name, such as ENOSPC)."""

    slug = "no_room"


class JournalUnusable(DemoError):
    """What an evaluation has paid for cannot be read or written, so nothing was sent."""

    slug = "journal_unwritable"


class UploadsFull(DemoError):
    """All visitors' uploads together take up the room that there is for them."""

    slug = "uploads_full"


class VisitorUploadsFull(UploadsFull):
    """The uploads of one address take up its share. Facts: files, bytes (the limits)."""

    slug = "uploads_full_visitor"


class UploadTooLarge(UploadsFull):
    """One upload, of one file or several, is larger than is taken at a time. Facts: bytes, limit."""

    slug = "upload_too_large"


class SessionsFull(DemoError):
    """An address has as many sessions as it may, and all of them are in use."""

    slug = "sessions_full"


class ShuttingDown(DemoError):
    """The server stopped during the call. Facts: cause ("sent" if the call may have been billed)."""

    slug = "stopping"


class LedgerUnavailable(DemoError):
    """A paid call cannot be recorded, so it is not made. Facts: cause (the database's error name)."""

    slug = "ledger_unavailable"


class RateLimited(DemoError):
    """Too many calls wait for the vendor's rate limit; nothing was sent. Facts: vendor, seconds (to wait)."""

    slug = "busy"


class QueueFull(DemoError):
    """The offline engine's queue is full, in all or for this visitor (slug "crowded_visitor").

    Facts: waiting (runs ahead in the queue, or the visitor's unfinished runs); seconds (estimate until they, or the
    first of the visitor's, are done; None if unknown).
    """

    slug = "crowded"


class CircuitOpen(DemoError):
    """The circuit breaker is open; nothing was sent. Facts: vendor, seconds (until the next probe)."""

    slug = "resting"


class Unreachable(DemoError):
    """The request provably never reached the vendor: it is safe to retry.

    Facts: vendor, cause (dns | refused | tls | proxy | connect_timeout | busy).
    """

    slug = "unreachable"


class OutcomeUnknown(DemoError):
    """The request was sent and no readable answer came: it may have been billed.

    Facts: vendor, cause (read_timeout | reset | server_error); of a server's error also http_status and, where given,
    those of VendorError.
    """

    slug = "outcome_unknown"


class InvalidResponse(DemoError):
    """The vendor answered, but not as its document promises. Facts: vendor, cause; those of VendorError where given."""

    slug = "bad_reply"


class UnreadableResult(InvalidResponse):
    """The vendor's answer is as promised, but what it sent as the picture is none."""


class LinkRejected(DemoError):
    """A URL that must not be fetched (SSRF), or could not be. Facts: cause; host, http_status, limit, but no URL."""

    slug = "link_rejected"


class VendorError(DemoError):
    """The vendor answered with an error code, which `data/errors.toml` maps to a slug.

    code: of an answer without one, its HTTP status. Facts, where the vendor gives them: log_id, vendor_detail (what
    stands beside the message), and measurements.
    """

    slug = "vendor_unknown"

    def __init__(
        self,
        vendor_id: str,
        code: str,
        *,
        vendor_message: str = "",
        http_status: int = 0,
        request_id: str | None = None,
        **facts: object,
    ) -> None:
        super().__init__(
            vendor=vendor_id,
            code=code,
            vendor_message=vendor_message,
            http_status=http_status,
            request_id=request_id,
            **facts,
        )
        self.vendor_id = vendor_id
        self.code = code
        self.vendor_message = vendor_message
        self.http_status = http_status
        self.request_id = request_id


class EngineRejection(DemoError):
    """The offline engine rejects the input. The offline server turns it into the vendor's error code."""


class NoFace(EngineRejection):
    slug = "no_face"


class FaceTooSmall(EngineRejection):
    """Facts: side, limit (pixels)."""

    slug = "face_too_small"


class FaceTurned(EngineRejection):
    """Facts: angle, limit (degrees of yaw)."""

    slug = "face_turned"


class FaceNodded(EngineRejection):
    """Facts: angle, limit (degrees of pitch)."""

    slug = "face_nodded"


class FaceCropped(EngineRejection):
    """Facts: share (per cent of the face outside the frame)."""

    slug = "face_cropped"


class TemplateHasNoFace(EngineRejection):
    """Facts: template."""

    slug = "template_has_no_face"


class UnknownTemplate(EngineRejection):
    """Facts: template."""

    slug = "unknown_template"
