"""A packet's properties and their texts, read from whoever wrote it. Only `xmp` and tests import it.

ISO 16684-1 allows a property as element, as attribute of rdf:Description, and as a list (7.5, 7.7, 7.9). Packets come
from strangers: they are bounded, no tree is built, and one that declares anything (a DTD, and with it entities) is not
parsed.
"""

from xml.etree import ElementTree

MAX_PACKET_BYTES = 1_000_000  # bytes of a packet that is read
MAX_TEXT_CHARS = 8_000  # characters; AIGC's seven fields in JSON are the longest that is understood
_MAX_TEXTS = 20_000
_RDF_NAMESPACE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LIST_TAGS = frozenset(f"{{{_RDF_NAMESPACE}}}{local}" for local in ("Alt", "Bag", "Seq", "li"))


def parse_properties(data: bytes) -> dict[str, str]:
    """The first text of every property, written as element, attribute or list; nothing of a packet that is unsafe."""
    properties = _PropertyCollector()
    parser = ElementTree.XMLParser(target=properties)
    try:
        source = data.decode("utf-8-sig") if len(data) <= MAX_PACKET_BYTES else ""
        if "<!DOCTYPE" in source or "<!ENTITY" in source:
            return {}
        parser.feed(source.strip("\0 \t\r\n"))  # as text: what a packet says about its encoding is not heard
        parser.close()
        return properties.texts
    except (ValueError, ElementTree.ParseError):
        return {}


class _PropertyCollector:
    """An XMLParser's target that keeps texts and builds no tree. Raises ValueError when there are absurdly many."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._names = [""]  # of the open elements; a list's entries go by the name of what holds the list
        self._text = ""
        self._remaining = _MAX_TEXTS

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._remaining -= 1 + len(attributes)
        if self._remaining < 0:
            raise ValueError("too many properties")
        self._names.append(self._names[-1] if tag in _LIST_TAGS else tag)
        for name, text in attributes.items():
            self._store(name, text)
        self._text = ""

    def data(self, text: str) -> None:
        if len(self._text) < MAX_TEXT_CHARS:
            self._text += text

    def end(self, tag: str) -> None:
        self._store(self._names.pop(), self._text)
        self._text = ""

    def _store(self, name: str, text: str) -> None:
        self.texts[name] = self.texts.get(name) or text[:MAX_TEXT_CHARS].strip()
