"""A client for crowds on a machine that may be busy."""

import httpx


def create_patient_client() -> httpx.Client:
    """It waits for minutes, and makes a connection for each request: a kept one may close just when it is used."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.Client(timeout=300, limits=limits, trust_env=False)
