"""Every way a call can fail, as exceptions that carry facts and never sentences.

Imports nothing of ours but `redaction`; everybody may import it. A slug names the explanation in ``locales/``, the
facts fill its gaps.

    DemoError
    ├─ ImageRejected     ours: unreadable, wrong kind, too large, too small
    ├─ ValueRejected     ours: a control's value that the endpoint does not take
    ├─ RecipeRejected    ours: a recipe that cannot be read or made
    ├─ MissingKey        no key for a call that was asked to go live
    ├─ MissingConsent    a photo would leave the machine, and nobody has agreed to that
    ├─ OverBudget        the owner's cap on paid calls is reached
    │  └─ OverVisitorBudget
    ├─ LedgerUnavailable a paid call cannot be written down, so none is made
    ├─ Busy              too many calls wait for the vendor's rate limit already
    ├─ Crowded           as many runs are under way on the offline engine as it takes in, of one visitor or of all
    ├─ Resting           the vendor has not answered for a while and is left alone for a little
    ├─ NoRoom            a file could not be written here: a full disk, or a folder that may not be written to
    ├─ Stopping          the demo is being stopped or restarted, and the call was under way
    ├─ Unreachable       never arrived (dns | refused | tls | connect_timeout): safe to repeat
    ├─ OutcomeUnknown    sent, no readable answer (read_timeout | reset | server_error): may have been billed
    ├─ BadReply          answered, but not what the document promises
    ├─ LinkRejected      a URL that must not or could not be fetched
    ├─ ProviderError     answered with its own code
    └─ Refusal           the offline engine says no
       ├─ NoFace  FaceTooSmall  FaceTurned  FaceNodded  FaceCropped
       └─ TemplateHasNoFace  UnknownTemplate
"""

from ..redaction.secrets import redact


class DemoError(Exception):
    """A failure with a stable slug and facts (numbers and short strings; never a secret, a path or a URL).

    A vendor's words may quote a key all the same: they are kept as they came, and scrubbed where they are shown.
    """

    slug = "unexpected"
    trace: object = None  # an `inspector.Trace` of what had gone over the wire; no fact, so nothing prints it
    run: str = ""  # the id of the run that ended in it, under which the log has it (`journal`)

    def __init__(self, slug: str | None = None, /, **facts: object) -> None:
        if slug is not None:
            self.slug = slug
        self.facts = facts
        super().__init__(self.slug, facts)

    def __str__(self) -> str:
        return redact(" ".join([self.slug, *(f"{name}={value!r}" for name, value in self.facts.items())]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class ImageRejected(DemoError):
    """The photo cannot be used; nothing was sent."""

    slug = "image_unreadable"


class ValueRejected(DemoError):
    """A control's value is not one that the endpoint takes; nothing was sent. Facts: control, value, allowed."""

    slug = "value_rejected"


class RecipeRejected(DemoError):
    """A list of effects that does not fit; nothing was sent. Facts, as far as they apply: step (from 1), effect, found,
    known, steps, limit, limit_kb, and those of ValueRejected.
    """

    slug = "recipe_unreadable"


class MissingKey(DemoError):
    """A live call was asked for and there is no key. Facts: provider, setting."""

    slug = "missing_key"


class MissingConsent(DemoError):
    """A live call without consent; nothing was sent. Facts: provider."""

    slug = "missing_consent"


class OverBudget(DemoError):
    """The owner's cap on paid calls is reached; nothing was sent. Facts: limit (calls a UTC day), provider, minutes."""

    slug = "over_budget_day"


class OverVisitorBudget(OverBudget):
    """The cap on one visitor's paid calls. Facts: limit (calls an hour), provider, minutes (until one more is free)."""

    slug = "over_budget_hour"


class StorageFull(DemoError):
    """A photo or a result could not be put down on this server. Facts: cause (the system's word, such as ENOSPC)."""

    slug = "no_room"


class ShuttingDown(DemoError):
    """The demo stops, and with it the call. Facts: cause ("sent" when it may have been billed)."""

    slug = "stopping"


class LedgerUnavailable(DemoError):
    """A paid call cannot be written down, so none is made; offline goes on. Facts: cause (the database's word)."""

    slug = "ledger_unavailable"


class RateLimited(DemoError):
    """Too many calls wait for the vendor's rate limit; nothing was sent. Facts: provider, seconds (the wait)."""

    slug = "busy"


class QueueFull(DemoError):
    """No place in the offline engine's line is left, in all or for this visitor (slug "crowded_visitor").

    Facts: waiting (who would come before: all in line, or the visitor's own that are under way); seconds (about how
    long that takes, or until the first of the visitor's own is done; None if nobody knows).
    """

    slug = "crowded"


class CircuitOpen(DemoError):
    """The breaker is open; nothing was sent. Facts: provider, seconds (until somebody tries again)."""

    slug = "resting"


class Unreachable(DemoError):
    """The request provably never reached the vendor. Facts: provider, cause."""

    slug = "unreachable"


class OutcomeUnknown(DemoError):
    """The request was sent and no readable answer came: it may have been billed. Facts: provider, cause."""

    slug = "outcome_unknown"


class InvalidResponse(DemoError):
    """The vendor answered something that its document does not promise. Facts: provider, cause."""

    slug = "bad_reply"


class LinkRejected(DemoError):
    """A URL that must not be fetched, or could not be. Facts: cause; host, http_status or limit, never the URL."""

    slug = "link_rejected"


class VendorError(DemoError):
    """The vendor answered with its own code; which slug that is, `data/errors.toml` knows."""

    slug = "vendor_unknown"

    def __init__(
        self,
        provider: str,
        code: str,
        *,
        vendor_message: str = "",
        http_status: int = 0,
        request_id: str | None = None,
        **facts: object,
    ) -> None:
        super().__init__(
            provider=provider,
            code=code,
            vendor_message=vendor_message,
            http_status=http_status,
            request_id=request_id,
            **facts,
        )
        self.provider = provider
        self.code = code
        self.vendor_message = vendor_message
        self.http_status = http_status
        self.request_id = request_id


class EngineRejection(DemoError):
    """The offline engine says no. Never crosses the wire: the gateway turns it into the vendor's own code."""


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
