"""What happens on a stage when the network fails a live run: the same click goes on offline, and says why.

Which errors that are, and the words for it. Pure.
"""

from dataclasses import dataclass

from ...domain.billing import classify_billing, may_be_billed
from ...domain.errors import CircuitOpen, DemoError, LinkRejected, OutcomeUnknown, Unreachable
from ...domain.explanations import explain
from ...domain.translations import translate

NETWORK_ERRORS = (Unreachable, CircuitOpen, OutcomeUnknown)
NETWORK_LINK_CAUSES = ("dns", "timeout", "network")  # the vendor has done it, and the picture does not come through


@dataclass(frozen=True, slots=True)
class Fallback:
    """What an offline run stands in for.

    said: what a person is told of the live one. can: the buttons that belong to that, number: its call's.
    """

    remark: str
    actions: tuple[str, ...]
    call_id: int


def is_network_failure(error: BaseException) -> bool:
    """Whether `error` is the network's: neither a refusal of photo, values or budget nor anything a vendor answered."""
    if isinstance(error, LinkRejected):
        return error.facts.get("cause") in NETWORK_LINK_CAUSES
    return isinstance(error, NETWORK_ERRORS)


def build_fallback(error: DemoError, call_id: int, remark: str, language: str) -> Fallback:
    """For the offline run that takes the place of the live call that ended in `error`. remark: one more sentence."""
    billing = classify_billing(error)
    sentences = (
        translate("on_stage.went_on", language, title=explain(error, language).title),
        translate(f"billing.{billing}.why", language) if billing else "",
        remark,
    )
    text = translate("explanation.between", language).join(filter(None, sentences))
    return Fallback(text, ("retry",) if may_be_billed(error) else (), call_id)
