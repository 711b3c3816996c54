"""One cluster for the whole package: two processes take their time to start."""

import os
import shutil
from collections.abc import Iterator

import pytest
from ledger.postgres import FreshUrl

from cluster.replica_cluster import Cluster, assembled

WHERE_THERE_IS_NONE = "nginx is not installed here, so replicas are not tried behind it (apt-get install nginx-light)"


@pytest.fixture(scope="package")
def nginx() -> str:
    """Where nginx is; skips where it is not, but not in CI."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(WHERE_THERE_IS_NONE)
    return found


@pytest.fixture(scope="package")
def cluster(nginx: str, postgres_url: FreshUrl) -> Iterator[Cluster]:
    with assembled(nginx, postgres_url()) as made:
        yield made
