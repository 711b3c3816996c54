"""Builds and parses XMP packets (ISO 16684-1) that declare how a picture was made.

Standard properties where one exists: TC260:AIGC (GB 45438-2025; JSON as text), Iptc4xmpExt:DigitalSourceType and
AISystemUsed (IPTC Photo Metadata 2025.1), xmp:CreatorTool and CreateDate. The endpoint has no standard property and
uses the namespace of this project, whose host is reserved (RFC 2606).

Packets of other tools may write a property as an element, as an attribute of rdf:Description, or as a list (7.5, 7.7,
7.9). They are untrusted: their size is limited, no tree is built, and a packet with a DTD or entities is not parsed.
"""

import json
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from .record import AIGC_FIELDS, Mark, Provenance, SourceType, sanitize_text

MAX_PACKET_BYTES = 1_000_000
MAX_TEXT_CHARS = 8_000  # the longest text that is parsed is AIGC's seven fields in JSON
_MAX_TEXTS = 20_000
PRODUCER = "meitu_demo"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LIST_TAGS = frozenset(f"{{{_RDF}}}{local}" for local in ("Alt", "Bag", "Seq", "li"))
_TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_DC = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_APP_NAMESPACE = "http://meitu-demo.invalid/ns/provenance/1.0/"

_PACKET_TEMPLATE = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{_RDF}">
  <rdf:Description rdf:about=""
    xmlns:TC260="{_TC260}"
    xmlns:Iptc4xmpExt="{_IPTC}"
    xmlns:xmp="{_XMP}"
    xmlns:MeituDemo="{_APP_NAMESPACE}">
   <TC260:AIGC>{{aigc}}</TC260:AIGC>
   <Iptc4xmpExt:DigitalSourceType>{{source_type}}</Iptc4xmpExt:DigitalSourceType>
   <Iptc4xmpExt:AISystemUsed>{{made_by}}</Iptc4xmpExt:AISystemUsed>
   <xmp:CreatorTool>{PRODUCER}</xmp:CreatorTool>
   <xmp:CreateDate>{{time}}</xmp:CreateDate>
   <MeituDemo:Endpoint>{{endpoint}}</MeituDemo:Endpoint>
   <MeituDemo:ResultID>{{result_id}}</MeituDemo:ResultID>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def build_packet(provenance: Provenance) -> bytes:
    """Build the XMP packet of `provenance`, UTF-8, a few kilobytes at most."""
    texts = {
        "aigc": json.dumps(provenance.aigc, ensure_ascii=False, separators=(",", ":")),
        "source_type": provenance.source_type,
        "made_by": provenance.made_by,
        "time": provenance.time,
        "endpoint": provenance.endpoint,
        "result_id": provenance.result_id,
    }
    return _PACKET_TEMPLATE.format(**{name: escape(text) for name, text in texts.items()}).encode()


def parse_packet(data: bytes) -> tuple[Provenance | None, Mark]:
    """Return (the record, None unless this app wrote the packet; the standard facts in it). Raises nothing."""
    texts = parse_properties(data)
    mark = Mark(
        source_type=sanitize_text(texts.get(_qualify_name(_IPTC, "DigitalSourceType"), "")),
        aigc=_collect_aigc_fields(texts),
        software=sanitize_text(
            texts.get(_qualify_name(_IPTC, "AISystemUsed")) or texts.get(_qualify_name(_XMP, "CreatorTool"), "")
        ),
        creator=sanitize_text(
            texts.get(_qualify_name(_DC, "creator")) or texts.get(_qualify_name(_PHOTOSHOP, "Credit"), "")
        ),
    )
    return _build_provenance(texts, mark), mark


def parse_aigc_fields(text: str) -> dict[str, str]:
    """Parse AIGC's JSON, `{"Label": …}` or `{"AIGC": {"Label": …}}`; empty when `text` is something else."""
    try:
        found = json.loads(text) if len(text) < MAX_TEXT_CHARS else None
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, dict) and isinstance(found.get("AIGC"), dict):
        found = found["AIGC"]
    if not isinstance(found, dict):
        return {}
    fields = {name: found[name] for name in AIGC_FIELDS if isinstance(found.get(name), str | int)}
    return {name: sanitize_text(str(value)) for name, value in fields.items()}


def _build_provenance(texts: dict[str, str], mark: Mark) -> Provenance | None:
    endpoint = texts.get(_qualify_name(_APP_NAMESPACE, "Endpoint"))
    if endpoint is None or mark.source_type not in tuple(SourceType):
        return None
    return Provenance(
        endpoint=endpoint,
        made_by=texts.get(_qualify_name(_IPTC, "AISystemUsed"), ""),
        source_type=SourceType(mark.source_type),
        time=texts.get(_qualify_name(_XMP, "CreateDate"), ""),
        result_id=texts.get(_qualify_name(_APP_NAMESPACE, "ResultID"), ""),
        label=mark.aigc.get("Label", ""),
    )


def _collect_aigc_fields(texts: dict[str, str]) -> dict[str, str]:
    """Read AIGC's fields from JSON, as in the standard, or from one property per field, as some tools write them."""
    properties = {
        name: sanitize_text(texts[_qualify_name(_TC260, name)])
        for name in AIGC_FIELDS
        if _qualify_name(_TC260, name) in texts
    }
    return parse_aigc_fields(texts.get(_qualify_name(_TC260, "AIGC"), "")) or properties


def _qualify_name(namespace: str, local: str) -> str:
    return f"{{{namespace}}}{local}"


def parse_properties(data: bytes) -> dict[str, str]:
    """Map each property, as {namespace}name, to its first text; empty for an unsafe or broken packet."""
    properties = _PropertyCollector()
    parser = ElementTree.XMLParser(target=properties)
    try:
        source = data.decode("utf-8-sig") if len(data) <= MAX_PACKET_BYTES else ""
        if "<!DOCTYPE" in source or "<!ENTITY" in source:
            return {}
        parser.feed(source.strip("\0 \t\r\n"))  # as text, so that an encoding declared in the packet is ignored
        parser.close()
        return properties.texts
    except (ValueError, ElementTree.ParseError):
        return {}


class _PropertyCollector:
    """A target for XMLParser that collects texts without a tree. Raises ValueError above _MAX_TEXTS."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._names = [""]  # of the open elements; list entries take the name of the list's property
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
