"""The failure lab's table of faults, and what a client should conclude from each.

Declarations only, for the lab and the tests; `fault_handlers` produces the faults.
"""

from dataclasses import dataclass, replace
from enum import Enum

from ..domain.errors import DemoError, InvalidResponse, LinkRejected, OutcomeUnknown, VendorError
from ..domain.vendor_codes import VendorCode, code_for, find_vendor_code
from ..vendors import VENDORS

CODE_PREFIX = "code:"  # followed by a vendor's code: "code:20003"


class FaultOutcome(Enum):
    """What a client may conclude about the call, and so about its cost."""

    SUCCEEDED = "fine"  # unusual but readable: there is a result
    REFUSED = "refused"  # not processed, and the same request would be refused again
    NOT_PROCESSED = "not_processed"  # refused for load: may be retried after a wait
    UNKNOWN = "unknown"  # may have been billed: only a person may retry it
    RESULT_LOST = "done"  # processed and billed; only the result cannot be fetched


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    error, cause: the error that the call ends in and its fact `cause`, or the code of a VendorError.
    billed: whether a vendor that fails like this would bill the call: it has read the whole request or computed.
    only_inline_media: affects only base64 pictures in the answer; an answer with a link succeeds.
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
    # an answer without a usable body
    "truncated_json": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "cut_off"),
    "html_200": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_json"),
    "empty": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "empty"),
    "huge": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "too_large"),
    "gzip_bomb": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "too_large"),
    "redirect": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "redirect", billed=False),
    "wrong_content_type": HARMLESS,
    # an answer without a usable picture
    "base64_newlines": Fault(FaultOutcome.SUCCEEDED, only_inline_media=True),
    "base64_prefix": Fault(FaultOutcome.SUCCEEDED, only_inline_media=True),
    "base64_garbage": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_base64", only_inline_media=True),
    "base64_cut_tail": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_an_image", only_inline_media=True),
    "not_an_image": Fault(FaultOutcome.UNKNOWN, InvalidResponse, "not_an_image"),
    "expired_link": Fault(FaultOutcome.RESULT_LOST, LinkRejected, "expired"),
    # a refusal for load; any other refusal is CODE_PREFIX and its code
    "rate_limited": Fault(FaultOutcome.NOT_PROCESSED, VendorError, billed=False),
    "rate_limited_bare": Fault(FaultOutcome.NOT_PROCESSED, VendorError, billed=False),
}


def resolve_fault(name: str, vendor_id: str) -> Fault:
    """Fault `name` as it applies to `vendor_id`'s endpoints. Raises KeyError for an unknown name."""
    if name.startswith(CODE_PREFIX):
        code = resolve_vendor_code(name, vendor_id)
        return Fault(FaultOutcome(code.outcome), VendorError, code.code, billed=code.outcome == "unknown")
    fault = FAULTS[name]
    if fault.only_inline_media and VENDORS[vendor_id].always_links:
        return HARMLESS
    return replace(fault, cause=resolve_vendor_code(name, vendor_id).code) if name.startswith("rate_limited") else fault


def resolve_vendor_code(name: str, vendor_id: str) -> VendorCode:
    """The vendor's code that fault `name` answers with; a code that is not listed is used as it is, with status 400."""
    if not name.startswith(CODE_PREFIX):
        return code_for(vendor_id, "rate_limited")
    code = name.removeprefix(CODE_PREFIX)
    return find_vendor_code(vendor_id, code) or VendorCode(vendor_id, code, slug="", outcome="unknown", http=400)
