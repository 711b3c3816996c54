"""Keyed hashes (HMAC-SHA-256) of requests, visitors and vendor keys; the signed visitor cookie; the secret behind them.

The secret is 32 random bytes, created once; each purpose derives its key from it. Replicas must share it, or each would
count visitors and keys separately: it is stored in a file beside a SQLite ledger, or in the PostgreSQL database
(`paid_calls`). A visitor is a random id in a signed cookie; the ledger stores only its hash.
"""

import base64
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

SECRET_BYTES = 32
COOKIE_PATTERN = re.compile(r"(v1\.([A-Za-z0-9_-]{22})\.([0-9]{1,12}))\.([A-Za-z0-9_-]{43})", re.ASCII)
MAX_COOKIE_CHARS = 120
YEAR_S = 365 * 24 * 3600.0


def load_or_create_secret(path: Path) -> bytes:
    """Read the secret in `path`, or create it, readable by its owner alone. Raises OSError or ValueError."""
    with suppress(FileNotFoundError):
        return check_secret(path.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # atomic: if two processes start at once, the first one's secret is used
    finally:
        draft.unlink(missing_ok=True)
    return check_secret(path.read_bytes())


def derive_key(secret: bytes, purpose: str) -> bytes:
    """The key for one purpose: HKDF's expand step with one block (RFC 5869)."""
    return hmac.digest(check_secret(secret), purpose.encode("utf-8") + b"\x01", "sha256")


def check_secret(secret: bytes) -> bytes:
    """`secret`, if it is long enough. Raises ValueError."""
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"the secret for cookies and hashes needs at least {SECRET_BYTES} bytes")
    return secret


def fingerprint_request(endpoint: str, values: Mapping[str, object], photo: bytes, secret: bytes) -> str:
    """Fingerprint of endpoint, values and photo: 64 hexadecimal digits, equal for equal requests.

    values: validated (`Endpoint.validate`), so that a default and the same value typed are equal. Keyed, so that
    somebody who has only the ledger cannot test whether a known photo was sent.
    """
    head = json.dumps([endpoint, dict(values)], sort_keys=True, ensure_ascii=True)
    return hmac.new(derive_key(secret, "request"), head.encode("ascii") + b"\0" + photo, sha256).hexdigest()


def hash_key(key: str, secret: bytes) -> str:
    """Hash of a vendor's API key, for its rate limit: 64 hexadecimal digits."""
    return hmac.new(derive_key(secret, "key"), key.encode("utf-8"), sha256).hexdigest()


def generate_visitor_id() -> str:
    """A random id of 128 bits, URL-safe."""
    return secrets.token_urlsafe(16)


def sign_visitor_cookie(visitor: str, secret: bytes, now: float) -> str:
    """The cookie's value for `visitor` (from `generate_visitor_id`). now: seconds since 1970."""
    body = f"v1.{visitor}.{int(now)}"
    return f"{body}.{_sign(body, secret)}"


def verify_visitor_cookie(cookie: str | None, secret: bytes, now: float) -> str | None:
    """The visitor in a cookie that was signed within a year of `now`; None for anything else.

    A signature later than `now` is valid as well: setting the clock back must not give everybody new caps.
    """
    match = COOKIE_PATTERN.fullmatch((cookie or "")[:MAX_COOKIE_CHARS])
    if match is None:
        return None
    body, visitor, issued, signature = match.groups()
    if not hmac.compare_digest(signature, _sign(body, secret)):
        return None
    return visitor if abs(now - int(issued)) <= YEAR_S else None


def hash_visitor(visitor: str, secret: bytes) -> str:
    """Hash of a visitor's id or address, for the ledger: 64 hexadecimal digits."""
    return hmac.new(derive_key(secret, "visitor"), visitor.encode("utf-8", "replace"), sha256).hexdigest()


def _sign(body: str, secret: bytes) -> str:
    digest = hmac.digest(derive_key(secret, "cookie"), body.encode("ascii"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
