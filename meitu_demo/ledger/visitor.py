"""Who a paid call is counted against: a random id in a signed cookie, and its salted hash in the ledger.

Pure but for the random id. Imports `secret`.
"""

import base64
import hmac
import re
import secrets
from hashlib import sha256

from .secret import derive

COOKIE = re.compile(r"(v1\.([A-Za-z0-9_-]{22})\.([0-9]{1,12}))\.([A-Za-z0-9_-]{43})", re.ASCII)
LONGEST = 120  # characters of a cookie's value that are looked at
YEAR = 365 * 24 * 3600.0


def new_visitor() -> str:
    """An id that says nothing about anybody: 128 random bits."""
    return secrets.token_urlsafe(16)


def sign_visitor(visitor: str, secret: bytes, now: float) -> str:
    """The value of the cookie that holds `visitor` (of `new_visitor`). now: seconds since 1970."""
    body = f"v1.{visitor}.{int(now)}"
    return f"{body}.{_signature(body, secret)}"


def verify_visitor(cookie: str | None, secret: bytes, now: float, *, life: float = YEAR) -> str | None:
    """The visitor in a cookie that we signed within the last `life` seconds; None for anything else.

    Or within the next: a clock that is set back must not make everybody a new visitor, with new caps.
    """
    found = COOKIE.fullmatch((cookie or "")[:LONGEST])
    if found is None:
        return None
    body, visitor, issued, signature = found.groups()
    if not hmac.compare_digest(signature, _signature(body, secret)):
        return None
    return visitor if abs(now - int(issued)) <= life else None


def visitor_hash(visitor: str, secret: bytes) -> str:
    """What the ledger keeps of a visitor's id or address: 64 hexadecimal digits that cannot be turned back."""
    return hmac.new(derive(secret, "visitor"), visitor.encode("utf-8", "replace"), sha256).hexdigest()


def _signature(body: str, secret: bytes) -> str:
    digest = hmac.digest(derive(secret, "cookie"), body.encode("ascii"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
