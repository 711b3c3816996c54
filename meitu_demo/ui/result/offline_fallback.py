"""Offline fallback of kiosk mode: if the network fails during a live run, the same click runs offline and says why."""

from dataclasses import dataclass

from ...domain.billing import classify_billing, may_be_billed
from ...domain.errors import CircuitOpen, DemoError, LinkRejected, OutcomeUnknown, Unreachable
from ...domain.explanations import explain
from ...domain.translations import translate

NETWORK_ERRORS = (Unreachable, CircuitOpen, OutcomeUnknown)
NETWORK_LINK_CAUSES = ("dns", "timeout", "network")  # the vendor has made the picture, but its download failed


@dataclass(frozen=True, slots=True)
class Fallback:
    """For an offline run that replaces a live call: a remark about that call, the actions for it, and its id."""

    remark: str
    actions: tuple[str, ...]
    call_id: int


def is_network_failure(error: BaseException) -> bool:
    """Whether the network failed, as opposed to an answer of the vendor."""
    if isinstance(error, LinkRejected):
        return error.facts.get("cause") in NETWORK_LINK_CAUSES
    return isinstance(error, NETWORK_ERRORS)


def build_fallback(
    error: DemoError, call_id: int, remark: str, language: str, *, can_refetch: bool = False
) -> Fallback:
    """For the offline run after the live call that ended in `error`. remark: one more sentence.

    can_refetch: the vendor's picture is ready, and only its download failed.
    """
    billing = classify_billing(error)
    sentences = (
        translate("kiosk.went_on", language, title=explain(error, language).title),
        translate(f"billing.{billing}.why", language) if billing else "",
        remark,
    )
    text = translate("explanation.between", language).join(filter(None, sentences))
    actions = ("fetch", "again") if can_refetch else ("retry",) if may_be_billed(error) else ()
    return Fallback(text, actions, call_id)
