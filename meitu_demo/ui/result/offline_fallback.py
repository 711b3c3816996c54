"""Fallback of kiosk mode: if the network fails during a live run, the same click shows a recording or runs offline."""

from dataclasses import dataclass

from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.billing import classify_billing, may_be_billed
from ...domain.errors import CircuitOpen, DemoError, LinkRejected, OutcomeUnknown, Unreachable
from ...domain.explanations import explain
from ...domain.translations import translate

NETWORK_ERRORS = (Unreachable, CircuitOpen, OutcomeUnknown)
NETWORK_LINK_CAUSES = ("dns", "timeout", "network")  # the vendor has made the picture, but its download failed


@dataclass(frozen=True, slots=True)
class Fallback:
    """For a run without the network that replaces a live call: what is said of that call, its actions and its id."""

    title: str
    details: tuple[str, ...]
    actions: tuple[str, ...]
    call_id: int

    def describe(self, mode: str, language: str) -> str:
        """What became of the live call, and where the result comes from. mode: `CallTarget.mode` of the run."""
        key = "kiosk.went_on_recorded" if mode == "recorded" else "kiosk.went_on"
        sentences = (translate(key, language, title=self.title), *self.details)
        return translate("explanation.between", language).join(filter(None, sentences))


def is_network_failure(error: BaseException) -> bool:
    """Whether the network failed, as opposed to an answer of the vendor."""
    if isinstance(error, LinkRejected):
        return error.facts.get("cause") in NETWORK_LINK_CAUSES
    return isinstance(error, NETWORK_ERRORS)


def build_fallback(error: DemoError, handle: CallHandle | None, remark: str, language: str) -> Fallback:
    """For the run after the live call that ended in `error`. handle: that call's. remark: one more sentence."""
    billing = classify_billing(error)
    details = (translate(f"billing.{billing}.why", language) if billing else "", remark)
    can_refetch = handle is not None and handle.call.can_refetch  # the picture is ready, only its download failed
    actions = ("fetch", "again") if can_refetch else ("retry",) if may_be_billed(error) else ()
    return Fallback(explain(error, language).title, details, actions, handle.call.id if handle else FORCE_NONE)
