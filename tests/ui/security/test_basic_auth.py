"""Name and password along with a request: who is let in, and how wrong ones are counted."""

import base64

from pydantic import SecretStr

from meitu_demo.ui.security.login import build_password_check
from meitu_demo.ui.security.login_throttle import BasicAuth, LoginThrottle


def header(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_wrong_ones_make_wait_and_whoever_was_in_stays_in() -> None:
    """A right pair opens; after wrong ones even a right pair waits, unless it was in before."""
    passwords = BasicAuth(build_password_check([("ann", SecretStr("a:1")), ("bo", SecretStr("b"))]), LoginThrottle())
    assert passwords.check_header(header("ann:a:1"), "9.9.9.9") is None
    told = [passwords.check_header(header(f"bo:{n}"), "9.9.9.9") for n in range(9)]
    assert told[0] == 0
    assert (told[-1] or 0) > 30
    assert (passwords.check_header(header("bo:b"), "9.9.9.9") or 0) > 30
    assert passwords.check_header(header("ann:a:1"), "9.9.9.9") is None
    assert passwords.check_header(header("bo:b"), "1.1.1.1") is None


def test_what_is_no_pair_is_no_try() -> None:
    """Nothing at all, another kind, no base64, no colon, no text: turned away, and nobody waits for it."""
    passwords = BasicAuth(build_password_check([("ann", SecretStr("a"))]), LoginThrottle())
    for text in (
        "",
        "Basic",
        "Basic %",
        header("ann"),
        "Bearer " + header("ann:a")[6:],
        "Basic /////w==",
        header("x" * 9999),
    ):
        assert [passwords.check_header(text, "9.9.9.9") for _ in range(9)] == [0] * 9
    assert passwords.check_header(header("ann:a").replace("Basic", "basic"), "9.9.9.9") is None
