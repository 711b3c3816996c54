"""What a failure means for money: every error of ours and every code of a vendor's says it."""

import pytest

from meitu_demo import errors
from meitu_demo.billing import Billing, billing_of
from meitu_demo.errors import DemoError, ProviderError, Refusal
from meitu_demo.words import load

CODES = [(provider, code) for provider, part in load("data/errors.toml").items() for code in part["codes"]]


def kinds(root: type[DemoError]) -> list[type[DemoError]]:
    """`root` and all that is below it."""
    return [root, *(kind for child in root.__subclasses__() for kind in kinds(child))]


@pytest.mark.parametrize("kind", [kind for kind in kinds(DemoError) if kind not in (DemoError, ProviderError)])
def test_every_error_of_ours_says_what_it_may_have_cost(kind: type[DemoError]) -> None:
    """All but the engine's refusals, which never cross the wire as themselves."""
    said = billing_of(kind())
    assert (said is None) == issubclass(kind, Refusal)


@pytest.mark.parametrize(("provider", "code"), CODES)
def test_every_code_says_what_it_may_have_cost(provider: str, code: str) -> None:
    """A vendor's code is refused, not processed or unknown; nothing that a vendor says no with is known to be done."""
    assert billing_of(ProviderError(provider, code)) in (Billing.REFUSED, Billing.NOT_PROCESSED, Billing.UNKNOWN)


def test_text_decides_before_a_number() -> None:
    """The used-up package under 415 was not processed, although 415 alone may have been; unknown codes count."""
    used_up = ProviderError("meitu", "415", vendor_message="权益已耗尽:no right package found")
    assert billing_of(used_up) is Billing.REFUSED
    assert billing_of(ProviderError("meitu", "415")) is Billing.UNKNOWN
    assert billing_of(ProviderError("meitu", "123456")) is Billing.UNKNOWN
    assert billing_of(ProviderError("ailab", "", http_status=502)) is Billing.UNKNOWN


def test_what_is_not_ours_says_nothing() -> None:
    """A bug is not a statement about money."""
    assert billing_of(ValueError()) is None
    assert billing_of(errors.DemoError()) is None
