"""The secret of `hashing` where replicas share a database and no folder."""

import secrets

from sqlalchemy import insert, select

from .database import Database
from .hashing import SECRET_BYTES, check_secret
from .tables import shared_secrets

NAME = "visitors"


def load_or_create_shared_secret(database: Database) -> bytes:
    """Read the secret in the database, or create it. Raises LedgerUnavailable or ValueError."""
    query = select(shared_secrets.c.value).where(shared_secrets.c.name == NAME)
    with database.exclusive() as connection:  # if two replicas start at once, the first one's secret is used
        value = connection.execute(query).scalar_one_or_none()
        if value is None:
            value = secrets.token_hex(SECRET_BYTES)
            connection.execute(insert(shared_secrets).values(name=NAME, value=value))
    return check_secret(bytes.fromhex(value))
