"""The secret behind cookies and hashes: 32 bytes that are made once, and one key from them for each purpose.

Replicas must share it, or each of them counts visitors and keys for itself: in a file beside a ledger in SQLite, in the
database where that is PostgreSQL. Imports `database` and `tables`.
"""

import hmac
import os
import secrets
from contextlib import suppress
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
