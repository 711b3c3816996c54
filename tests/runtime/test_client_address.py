"""The client address as far as trusted proxies vouch for it, and the key that a fair queue counts by."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.runtime.client_address import fairness_key, resolve_client_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not a trusted proxy: its header may be forged
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"),  # 1.2.3.4 was written by the visitor
        ("10.0.0.1", "198.51.100.1:5678", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("fd00::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fd00::1", "[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("10.0.0.1", "1.2.3.4," * 10_000 + "198.51.100.1", "198.51.100.1"),
        ("testclient", "198.51.100.1", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_client_address_believes_trusted_proxies_from_the_right(peer: str, forwarded_for: str, address: str) -> None:
    """One after the other, and nobody else; IPv6 counts as its /64."""
    assert resolve_client_address(peer, forwarded_for, PROXIES) == address


@given(st.text(max_size=60), st.text(max_size=200))
def test_client_address_never_raises(peer: str, forwarded_for: str) -> None:
    """Any header gives an address or "unknown"; without trusted proxies, the peer's."""
    resolve_client_address(peer, forwarded_for, PROXIES)
    assert resolve_client_address("203.0.113.9", forwarded_for, []) == "203.0.113.9"
    assert resolve_client_address("10.0.0.1", forwarded_for, PROXIES)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe:0:1::/64"])
def test_fairness_key_is_a_public_address(address: str) -> None:
    """However many tabs are open behind it."""
    assert {
        fairness_key(session, resolve_client_address(address.removesuffix("/64"), "", [])) for session in "abc"
    } == {address}


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.7", "100.64.0.1", "fe80::1%eth0", "", "x"])
def test_fairness_key_is_the_session_behind_a_shared_address(peer: str) -> None:
    """Loopback, private networks, and what is no address."""
    assert fairness_key("tab a", resolve_client_address(peer, "", [])) == "tab a"


def test_fairness_key_behind_a_proxy_is_the_address_if_the_proxy_is_trusted() -> None:
    """Otherwise it is the session, because everybody behind the proxy has its address."""
    assert fairness_key("tab a", resolve_client_address("10.0.0.1", "9.9.9.9", PROXIES)) == "9.9.9.9"
    assert fairness_key("tab a", resolve_client_address("192.168.0.1", "9.9.9.9", PROXIES)) == "tab a"
