"""HTTP Basic authentication: who is let in, and how wrong passwords are throttled."""

import base64

from pydantic import SecretStr

from meitu_demo.ui.security.login import build_password_check
from meitu_demo.ui.security.login_throttle import BasicAuth, LoginThrottle


def build_header(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_basic_auth_throttles_wrong_passwords_but_not_a_pair_that_was_right_before() -> None:
    """After wrong passwords even a right pair waits at that address, unless it was let in before."""
    basic_auth = BasicAuth(build_password_check([("ann", SecretStr("a:1")), ("bo", SecretStr("b"))]), LoginThrottle())
    assert basic_auth.check_header(build_header("ann:a:1"), "9.9.9.9") is None
    waits = [basic_auth.check_header(build_header(f"bo:{n}"), "9.9.9.9") for n in range(9)]
    assert waits[0] == 0
    assert (waits[-1] or 0) > 30
    assert (basic_auth.check_header(build_header("bo:b"), "9.9.9.9") or 0) > 30
    assert basic_auth.check_header(build_header("ann:a:1"), "9.9.9.9") is None
    assert basic_auth.check_header(build_header("bo:b"), "1.1.1.1") is None


def test_basic_auth_does_not_count_malformed_headers() -> None:
    """An empty one, another scheme, no base64, no colon, no UTF-8 or too long: refused, and nobody waits for it."""
    basic_auth = BasicAuth(build_password_check([("ann", SecretStr("a"))]), LoginThrottle())
    for text in (
        "",
        "Basic",
        "Basic %",
        build_header("ann"),
        "Bearer " + build_header("ann:a")[6:],
        "Basic /////w==",
        build_header("x" * 9999),
    ):
        assert [basic_auth.check_header(text, "9.9.9.9") for _ in range(9)] == [0] * 9
    assert basic_auth.check_header(build_header("ann:a").replace("Basic", "basic"), "9.9.9.9") is None
