"""The secret behind cookies and hashes: 32 bytes that are made once, and one key from them for each purpose.

Replicas must share it, or each of them counts visitors and keys for itself: in a file beside a ledger in SQLite, in the
database where that is PostgreSQL. Imports `database` and `tables`.
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

from sqlalchemy import insert, select

from .database import Database
from .tables import shared_secrets

SECRET_BYTES = 32
SECRET_NAME = "visitors"


def load_or_create_secret(path: Path) -> bytes:
    """The secret in `path`, made there at the first time, for the owner's eyes only. Raises OSError or ValueError."""
    with suppress(FileNotFoundError):
        return _check_secret(path.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all; of two processes that start at once, the first one's counts
    finally:
        draft.unlink(missing_ok=True)
    return _check_secret(path.read_bytes())


def load_or_create_shared_secret(database: Database) -> bytes:
    """The secret in the database, made there at the first time. Raises LedgerUnavailable or ValueError."""
    query = select(shared_secrets.c.value).where(shared_secrets.c.name == SECRET_NAME)
    with database.exclusive() as connection:  # of two replicas that start at once, the first one's counts
        value = connection.execute(query).scalar_one_or_none()
        if value is None:
            value = secrets.token_hex(SECRET_BYTES)
            connection.execute(insert(shared_secrets).values(name=SECRET_NAME, value=value))
    return _check_secret(bytes.fromhex(value))


def derive_key(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose (RFC 5869's expand step with one block)."""
    return hmac.digest(_check_secret(secret), purpose.encode("utf-8") + b"\x01", "sha256")


def _check_secret(secret: bytes) -> bytes:
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"the secret for cookies and hashes needs at least {SECRET_BYTES} bytes")
    return secret


# MERGED ledger/fingerprint.py: What makes two requests the same one: endpoint, values, photo. Pure; imports `secret`.


def fingerprint_request(endpoint: str, values: Mapping[str, object], photo: bytes, secret: bytes) -> str:
    """64 hexadecimal digits, the same for the same request, from which neither photo nor values can be found out.

    values: checked ones (`Endpoint.validate`), so that a default and the same value given are alike. Keyed, so that
    nobody with the ledger alone can test whether a known photo was sent.
    """
    head = json.dumps([endpoint, dict(values)], sort_keys=True, ensure_ascii=True)
    return hmac.new(derive_key(secret, "request"), head.encode("ascii") + b"\0" + photo, sha256).hexdigest()


def hash_key(key: str, secret: bytes) -> str:
    """What stands for a vendor's key where its rate is kept: 64 hexadecimal digits that cannot be turned back."""
    return hmac.new(derive_key(secret, "key"), key.encode("utf-8"), sha256).hexdigest()


# MERGED ledger/visitor.py: Who a paid call is counted against: a random id in a signed cookie, and its salted hash in
# the ledger. Pure but for the random id. Imports `secret`.


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
