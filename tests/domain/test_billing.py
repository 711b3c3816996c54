"""Billing: every error class and every vendor code says whether a call may have been billed."""

import pytest
from support.subclasses import list_subclasses

from meitu_demo.domain import errors
from meitu_demo.domain.billing import Billing, classify_billing
from meitu_demo.domain.errors import DemoError, EngineRejection, VendorError


@pytest.mark.parametrize("kind", [kind for kind in list_subclasses(DemoError) if kind not in (DemoError, VendorError)])
def test_billing_classifies_every_error_class(kind: type[DemoError]) -> None:
    """All but the engine's rejections, which never cross the wire as themselves."""
    billing = classify_billing(kind())
    assert (billing is None) == issubclass(kind, EngineRejection)


def test_billing_reads_the_message_before_the_code() -> None:
    """A used-up package under 415 was refused, although 415 alone is unknown; unlisted codes are unknown."""
    used_up = VendorError("meitu", "415", vendor_message="权益已耗尽:no right package found")
    assert classify_billing(used_up) is Billing.REFUSED
    assert classify_billing(VendorError("meitu", "415")) is Billing.UNKNOWN
    assert classify_billing(VendorError("meitu", "123456")) is Billing.UNKNOWN


def test_billing_of_a_bug_is_none() -> None:
    """An exception that is not ours says nothing about billing."""
    assert classify_billing(ValueError()) is None
    assert classify_billing(errors.DemoError()) is None
