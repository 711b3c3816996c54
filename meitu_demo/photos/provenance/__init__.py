"""Where a result comes from, written into its file and read back out of any file.

    embed   a result's bytes with the mark and no other metadata; its pixels stay as they are
    verify  what a file says about itself: ours, another's mark, or nothing
    read    our own mark alone

A mark is a claim that anybody can write or remove, not a signature. Every function is pure and blocks: call it from a
worker thread. Imports `errors` and `imaging.codec`; service and screens may import it.

    record      what a mark says
    marks       embed, verify, read
    xmp         the packet, there and back (ISO 16684-1), and properties, by which anybody's is read
    jpeg  png  webp    where each kind of file keeps its packet, and what its pixels need
    profile     what is kept beside pixels: colours and orientation
"""

from .embed import MarkFinding, MarkOrigin, embed_provenance, read_provenance, verify_provenance
from .record import Mark, Provenance, SourceType, choose_source_type

__all__ = [
    "Mark",
    "MarkFinding",
    "MarkOrigin",
    "Provenance",
    "SourceType",
    "choose_source_type",
    "embed_provenance",
    "read_provenance",
    "verify_provenance",
]
