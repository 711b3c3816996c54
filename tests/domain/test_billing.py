"""What a failure means for money: every error of ours and every code of a vendor's says it."""

import pytest

from meitu_demo.domain import errors
from meitu_demo.domain.billing import Billing, classify_billing
from meitu_demo.domain.errors import DemoError, EngineRejection, VendorError
from meitu_demo.domain.translations import load_toml

CODES = [(provider, code) for provider, part in load_toml("data/errors.toml").items() for code in part["codes"]]


def kinds(root: type[DemoError]) -> list[type[DemoError]]:
    """`root` and all that is below it."""
    return [root, *(kind for child in root.__subclasses__() for kind in kinds(child))]


@pytest.mark.parametrize("kind", [kind for kind in kinds(DemoError) if kind not in (DemoError, VendorError)])
def test_every_error_of_ours_says_what_it_may_have_cost(kind: type[DemoError]) -> None:
    """All but the engine's refusals, which never cross the wire as themselves."""
    said = classify_billing(kind())
    assert (said is None) == issubclass(kind, EngineRejection)


@pytest.mark.parametrize(("provider", "code"), CODES)
def test_every_code_says_what_it_may_have_cost(provider: str, code: str) -> None:
    """A vendor's code is refused, not processed or unknown; nothing that a vendor says no with is known to be done."""
    assert classify_billing(VendorError(provider, code)) in (Billing.REFUSED, Billing.NOT_PROCESSED, Billing.UNKNOWN)


def test_text_decides_before_a_number() -> None:
    """The used-up package under 415 was not processed, although 415 alone may have been; unknown codes count."""
    used_up = VendorError("meitu", "415", vendor_message="权益已耗尽:no right package found")
    assert classify_billing(used_up) is Billing.REFUSED
    assert classify_billing(VendorError("meitu", "415")) is Billing.UNKNOWN
    assert classify_billing(VendorError("meitu", "123456")) is Billing.UNKNOWN
    assert classify_billing(VendorError("ailab", "", http_status=502)) is Billing.UNKNOWN


def test_what_is_not_ours_says_nothing() -> None:
    """A bug is not a statement about money."""
    assert classify_billing(ValueError()) is None
    assert classify_billing(errors.DemoError()) is None
