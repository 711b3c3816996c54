"""The ways in which a key may be written in an answer, a URL or a page."""

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lambda text: quote(text, safe="").lower(),
    "percent, every character": lambda text: "".join(f"%{ord(char):02x}" for char in text),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent and plus": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "HTML": html.escape,
}
