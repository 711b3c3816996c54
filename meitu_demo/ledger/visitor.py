"""Who a paid call is counted against: a random id in a signed cookie, and its salted hash in the ledger.

Pure but for the random id. Imports `secret`.
"""

import base64
import hmac
import re
import secrets
from hashlib import sha256

from .secret import derive_key

COOKIE_PATTERN = re.compile(r"(v1\.([A-Za-z0-9_-]{22})\.([0-9]{1,12}))\.([A-Za-z0-9_-]{43})", re.ASCII)
MAX_COOKIE_CHARS = 120  # characters of a cookie's value that are looked at
YEAR_S = 365 * 24 * 3600.0


def generate_visitor_id() -> str:
    """An id that says nothing about anybody: 128 random bits."""
    return secrets.token_urlsafe(16)


def sign_visitor_cookie(visitor: str, secret: bytes, now: float) -> str:
    """The value of the cookie that holds `visitor` (of `generate_visitor_id`). now: seconds since 1970."""
    body = f"v1.{visitor}.{int(now)}"
    return f"{body}.{_sign(body, secret)}"


def verify_visitor_cookie(cookie: str | None, secret: bytes, now: float, *, max_age_s: float = YEAR_S) -> str | None:
    """The visitor in a cookie that we signed within the last `life` seconds; None for anything else.

    Or within the next: a clock that is set back must not make everybody a new visitor, with new caps.
    """
    match = COOKIE_PATTERN.fullmatch((cookie or "")[:MAX_COOKIE_CHARS])
    if match is None:
        return None
    body, visitor, issued, signature = match.groups()
    if not hmac.compare_digest(signature, _sign(body, secret)):
        return None
    return visitor if abs(now - int(issued)) <= max_age_s else None


def hash_visitor(visitor: str, secret: bytes) -> str:
    """What the ledger keeps of a visitor's id or address: 64 hexadecimal digits that cannot be turned back."""
    return hmac.new(derive_key(secret, "visitor"), visitor.encode("utf-8", "replace"), sha256).hexdigest()


def _sign(body: str, secret: bytes) -> str:
    digest = hmac.digest(derive_key(secret, "cookie"), body.encode("ascii"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
