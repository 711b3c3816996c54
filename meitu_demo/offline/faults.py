"""The failure lab's table: each way in which the server can be told to fail, and what a client should make of it.

Declarations only, for the lab and for tests to iterate over; `lab.py` does what they say.
"""

from dataclasses import dataclass, replace
from enum import Enum

from ..domain.errors import DemoError, InvalidResponse, LinkRejected, OutcomeUnknown, VendorError
from ..domain.vendor_codes import VendorCode, code_for, find_vendor_code
from ..vendors import VENDORS

CODE_PREFIX = "code:"  # before any code of the vendor's: "code:20003"


class FaultOutcome(Enum):
    """What may be concluded about the call, and so about money."""

    SUCCEEDED = "fine"  # odd, and readable: there is a result
    REFUSED = "refused"  # not processed, and the same request would be refused again
    NOT_PROCESSED = "not_processed"  # turned away for load: may be repeated after a wait
    UNKNOWN = "unknown"  # may have been billed: a machine must not repeat it
    RESULT_LOST = "done"  # processed and billed; only the result is out of reach


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail.

    error, cause: what the call ends in and its fact `cause`; with a ProviderError the code, "" for the vendor's own.
    billed: whether a vendor that fails so would have counted the call: it has worked, or read the whole request.
    in_base64: harms only pictures that stand in the answer itself; an answer with a link comes through unharmed.
    """

    outcome: FaultOutcome
    error: type[DemoError] | None = None
    cause: str = ""
    billed: bool = True
    only_inline_media: bool = False


HARMLESS = Fault(FaultOutcome.SUCCEEDED)
FAULTS: dict[str, Fault] = {
    # no answer
    "timeout_before": Fault(FaultOutcome.UNKNOWN, OutcomeUnknown, "read_timeout", billed=False),
    "timeout_after": Fault(FaultOutcome.UNKNOWN, OutcomeUnknown, "read_timeout"),
    "reset": Fault(FaultOutcome.UNKNOWN, OutcomeUnknown, "reset"),
    "drip": Fault(FaultOutcome.UNKNOWN, OutcomeUnknown, "read_timeout"),
    # an answer that is none
    "truncated_json": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "cut_off"),
    "html_200": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_json"),
    "empty": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "empty"),
    "huge": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "too_large"),
    "gzip_bomb": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "too_large"),
    "redirect": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "redirect", billed=False),
    "wrong_content_type": HARMLESS,
    # an answer whose picture is none
    "base64_newlines": Fault(FaultOutcome.SUCCEEDED, only_inline_media=True),
    "base64_prefix": Fault(FaultOutcome.SUCCEEDED, only_inline_media=True),
    "base64_garbage": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_base64", only_inline_media=True),
    "base64_cut_tail": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_an_image", only_inline_media=True),
    "not_an_image": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_an_image"),
    "expired_link": Fault(FaultOutcome.RESULT_LOST, LinkRejected, "expired"),
    # a refusal; any other is "code:" and the code
    "rate_limited": Fault(FaultOutcome.NOT_PROCESSED, VendorError, billed=False),
    "rate_limited_bare": Fault(FaultOutcome.NOT_PROCESSED, VendorError, billed=False),
}


def resolve_fault(name: str, provider: str) -> Fault:
    """What a call to one of `provider`'s endpoints with fault `name` comes to. Raises KeyError for an unknown name."""
    if name.startswith(CODE_PREFIX):
        code = resolve_vendor_code(name, provider)
        return Fault(FaultOutcome(code.outcome), VendorError, code.code, billed=code.outcome == "unknown")
    fault = FAULTS[name]
    if fault.only_inline_media and VENDORS[provider].always_links:
        return HARMLESS
    return replace(fault, cause=resolve_vendor_code(name, provider).code) if name.startswith("rate_limited") else fault


def resolve_vendor_code(name: str, provider: str) -> VendorCode:
    """The vendor's code that fault `name` answers with; one that is in no list is given as it came, with status 400."""
    if not name.startswith(CODE_PREFIX):
        return code_for(provider, "rate_limited")
    code = name.removeprefix(CODE_PREFIX)
    return find_vendor_code(provider, code) or VendorCode(provider, code, slug="", outcome="unknown", http=400)
