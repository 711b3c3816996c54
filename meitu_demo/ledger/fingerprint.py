"""What makes two requests the same one: endpoint, values, photo. Pure; imports `secret`."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256

from .secret import derive_key


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
