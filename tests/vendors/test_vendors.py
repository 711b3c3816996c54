"""VENDORS: every vendor has what the rest of the program asks for."""

import pytest

from meitu_demo.domain.translations import get_texts, list_languages
from meitu_demo.domain.vendor_codes import list_vendor_codes
from meitu_demo.offline.dialects import DIALECTS
from meitu_demo.settings import Settings
from meitu_demo.vendors import VENDORS, Vendor


def test_vendors_have_codes_words_and_a_dialect() -> None:
    """The same ids are in VENDORS, in the codes, in the words of both languages and in the offline server."""
    assert list(VENDORS) == [vendor.id for vendor in VENDORS.values()]
    assert set(DIALECTS) == set(VENDORS)
    for language in list_languages():
        assert set(get_texts(language)["vendors"]) == set(VENDORS)
    assert all(list_vendor_codes(vendor_id) for vendor_id in VENDORS)


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_vendors_describe_their_keys(vendor: Vendor) -> None:
    """Both editions have one secret at least; fields have words; without settings there are no keys."""
    for keys in filter(None, (vendor.keys, vendor.marketplace_keys)):
        assert any(key.is_secret for key in keys)
    assert set(vendor.visitor_fields) <= set(get_texts("en")["keys"])
    assert vendor.get_owner_access(Settings()) is None
    assert vendor.get_visitor_base_url(Settings()) == vendor.base_url
