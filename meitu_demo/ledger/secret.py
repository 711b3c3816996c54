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
from .tables import secrets_shared

LENGTH = 32
NAME = "visitors"


def load_secret(path: Path) -> bytes:
    """The secret in `path`, made there at the first time, for the owner's eyes only. Raises OSError or ValueError."""
    with suppress(FileNotFoundError):
        return _checked(path.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all; of two processes that start at once, the first one's counts
    finally:
        draft.unlink(missing_ok=True)
    return _checked(path.read_bytes())


def shared_secret(database: Database) -> bytes:
    """The secret in the database, made there at the first time. Raises LedgerUnavailable or ValueError."""
    found = select(secrets_shared.c.value).where(secrets_shared.c.name == NAME)
    with database.alone() as connection:  # of two replicas that start at once, the first one's counts
        value = connection.execute(found).scalar_one_or_none()
        if value is None:
            value = secrets.token_hex(LENGTH)
            connection.execute(insert(secrets_shared).values(name=NAME, value=value))
    return _checked(bytes.fromhex(value))


def derive(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose (RFC 5869's expand step with one block)."""
    return hmac.digest(_checked(secret), purpose.encode("utf-8") + b"\x01", "sha256")


def _checked(secret: bytes) -> bytes:
    if len(secret) < LENGTH:
        raise ValueError(f"the secret for cookies and hashes needs at least {LENGTH} bytes")
    return secret
