"""The XMP packet (ISO 16684-1): ours written, anybody's read. Only `marks` and tests import it.

Where a standard has a property we use it: TC260:AIGC (GB 45438-2025; JSON as text), Iptc4xmpExt:DigitalSourceType and
AISystemUsed (IPTC Photo Metadata 2025.1), xmp:CreatorTool and CreateDate. The endpoint has none, so it stands in a
namespace of ours, whose host is reserved for names that lead nowhere (RFC 2606).
"""

import json
from xml.sax.saxutils import escape

from .properties import LONGEST_TEXT, texts_of
from .record import AIGC_FIELDS, Mark, Provenance, SourceType, one_line

PRODUCER = "meitu_demo"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_DC = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_OURS = "http://meitu-demo.invalid/ns/provenance/1.0/"

_PACKET = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{_RDF}">
  <rdf:Description rdf:about=""
    xmlns:TC260="{_TC260}"
    xmlns:Iptc4xmpExt="{_IPTC}"
    xmlns:xmp="{_XMP}"
    xmlns:MeituDemo="{_OURS}">
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


def packet(provenance: Provenance) -> bytes:
    """`provenance` as a packet; a few kilobytes at most."""
    texts = {
        "aigc": json.dumps(provenance.aigc, ensure_ascii=False, separators=(",", ":")),
        "source_type": provenance.source_type,
        "made_by": provenance.made_by,
        "time": provenance.time,
        "endpoint": provenance.endpoint,
        "result_id": provenance.result_id,
    }
    return _PACKET.format(**{name: escape(text) for name, text in texts.items()}).encode()


def parse(data: bytes) -> tuple[Provenance | None, Mark]:
    """(our record, None when the packet is not ours; what it says to anybody). Raises nothing."""
    texts = texts_of(data)
    mark = Mark(
        source_type=one_line(texts.get(_name(_IPTC, "DigitalSourceType"), "")),
        aigc=_aigc(texts),
        software=one_line(texts.get(_name(_IPTC, "AISystemUsed")) or texts.get(_name(_XMP, "CreatorTool"), "")),
        creator=one_line(texts.get(_name(_DC, "creator")) or texts.get(_name(_PHOTOSHOP, "Credit"), "")),
    )
    return _ours(texts, mark), mark


def aigc_fields(text: str) -> dict[str, str]:
    """The fields in AIGC's JSON, `{"Label": …}` or the same within `{"AIGC": …}`; none when it is no such thing."""
    try:
        found = json.loads(text) if len(text) < LONGEST_TEXT else None
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, dict) and isinstance(found.get("AIGC"), dict):
        found = found["AIGC"]
    if not isinstance(found, dict):
        return {}
    kept = {name: found[name] for name in AIGC_FIELDS if isinstance(found.get(name), str | int)}
    return {name: one_line(str(value)) for name, value in kept.items()}


def _ours(texts: dict[str, str], mark: Mark) -> Provenance | None:
    endpoint = texts.get(_name(_OURS, "Endpoint"))
    if endpoint is None or mark.source_type not in tuple(SourceType):
        return None
    return Provenance(
        endpoint=endpoint,
        made_by=texts.get(_name(_IPTC, "AISystemUsed"), ""),
        source_type=SourceType(mark.source_type),
        time=texts.get(_name(_XMP, "CreateDate"), ""),
        result_id=texts.get(_name(_OURS, "ResultID"), ""),
        label=mark.aigc.get("Label", ""),
    )


def _aigc(texts: dict[str, str]) -> dict[str, str]:
    """From JSON, as the standard has it, or from properties of their own, as some write it."""
    own = {name: one_line(texts[_name(_TC260, name)]) for name in AIGC_FIELDS if _name(_TC260, name) in texts}
    return aigc_fields(texts.get(_name(_TC260, "AIGC"), "")) or own


def _name(namespace: str, local: str) -> str:
    return f"{{{namespace}}}{local}"
