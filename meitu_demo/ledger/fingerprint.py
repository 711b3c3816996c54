"""What makes two requests the same one: endpoint, values, photo. Pure; imports `secret` and `spec`."""

import hmac
import json
from hashlib import sha256

from ..spec import Values
from .secret import derive


def fingerprint(endpoint: str, values: Values, photo: bytes, secret: bytes) -> str:
    """64 hexadecimal digits, the same for the same request, from which neither photo nor values can be found out.

    values: checked ones (`Endpoint.read`), so that a default and the same value given are alike. Keyed, so that nobody
    with the ledger alone can test whether a known photo was sent.
    """
    head = json.dumps([endpoint, dict(values)], sort_keys=True, ensure_ascii=True)
    return hmac.new(derive(secret, "request"), head.encode("ascii") + b"\0" + photo, sha256).hexdigest()
