"""Tables of HTTP requests, and what is answered to them."""

import json
import re
import time
from typing import Any

import httpx

from .plain import base64_picture, digest, picture, plain

Ask = tuple[str, str, dict[str, Any]]  # method, path, options of httpx
UNTOLD = {"date", "etag", "last-modified", "content-length"}
CONFIG = re.compile(r"window\.gradio_config = .*?</script>", re.DOTALL)  # the api section has it
MAX_BYTES = 5_000_000
MAX_TEXT = 3000  # characters that are told; of a longer one, a digest


def answers(url: str, asks: list[Ask]) -> list[dict[str, Any]]:
    """Each request with status, headers and body of its answer, or how it ended."""
    return [{"ask": _name(*ask), **_answer(url, *ask)} for ask in asks]


def page(url: str, path: str, language: str) -> str:
    """A page as a text to compare."""
    headers = {"accept-language": language}
    return plain(CONFIG.sub("CONFIG", httpx.get(f"{url}{path}", headers=headers, timeout=30, trust_env=False).text))


def _answer(url: str, method: str, path: str, options: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seconds = options.get("timeout", 60)
    with httpx.Client(timeout=seconds, trust_env=False) as client:  # anew each time, so that no cookie is kept
        end = time.monotonic() + seconds
        try:
            with client.stream(method, f"{url}{path}", **options) as answer:
                told = [f"{name}: {plain(it)}" for name, it in answer.headers.multi_items() if name not in UNTOLD]
                found, data = {"status": answer.status_code, "headers": told}, b""
                kind = answer.headers.get("content-type", "")
                for part in [] if "event-stream" in kind else answer.iter_bytes():
                    data += part
                    if len(data) > MAX_BYTES or time.monotonic() > end:
                        return {**found, "ends": "not soon"}
            return {**found, "body": _body(url, data, kind)}
        except httpx.HTTPError as error:
            return {**found, "ends": type(error).__name__}


def _body(url: str, data: bytes, kind: str) -> Any:
    if found := picture(data):
        return found
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return f"{len(data)} bytes {digest(data)}"
    if "json" in kind:
        try:
            return _seen(url, json.loads(text)) if len(text) < 1_000_000 or "media" in text else digest(text)
        except ValueError:
            pass
    text = plain(CONFIG.sub("CONFIG", text))
    return text if len(text) < MAX_TEXT else f"text {digest(text)}"


def _seen(url: str, value: Any) -> Any:
    """JSON with the pictures that are in it, or behind its links, as what they show."""
    if isinstance(value, dict):
        if "components" in value:
            return f"a config: {sorted(value)}"  # the api section has it
        return plain({name: _seen(url, it) if isinstance(it, dict | list | str) else it for name, it in value.items()})
    if isinstance(value, list):
        return [_seen(url, inner) for inner in value]
    if isinstance(value, str) and value.startswith(f"{url}/results/"):
        return f"{plain(value)} → {picture(httpx.get(value, timeout=30, trust_env=False).content)}"
    if isinstance(value, str) and len(value) > 200:
        return base64_picture(value) or f"{plain(value[:100])}… {digest(plain(value))}"
    return plain(value)


def _name(method: str, path: str, options: dict[str, Any]) -> str:
    told = [f"{method} {path}"]
    for name, value in options.items():
        if name == "json" and "parameter" in value:
            value = value["parameter"]
        told += [f"{name}={str(value)[:160]}"] if name not in ("files", "timeout") else []
    return plain(" ".join(told))
