"""The secret that replicas share through their database."""

from concurrent.futures import ThreadPoolExecutor

from ledger.postgres import FreshUrl
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.shared_secret import load_or_create_shared_secret


def test_shared_secret_is_created_once(postgres_url: FreshUrl) -> None:
    """Replicas that start at once on an empty database get the same secret, and so do later ones."""
    url = postgres_url()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load_or_create_shared_secret(Database(url)), range(8)))
    assert len(found) == 1
    assert found == {load_or_create_shared_secret(Database(url))}
    assert len(found.pop()) == 32
