"""Where a result comes from, written into its file and read back out of any file.

    embed   a result's bytes with the mark and no other metadata; its pixels stay as they are
    verify  what a file says about itself: ours, another's mark, or nothing
    read    our own mark alone

A mark is a claim that anybody can write or remove, not a signature. Every function is pure and blocks: call it from a
worker thread. Imports `errors` and `imaging.codec`; service and screens may import it.

    record  what a mark says              xmp       the packet, there and back (ISO 16684-1)
    marks   embed, verify, read           profile   the one thing that is kept: colours (ICC.1, section 7.2)
    jpeg    png    webp    where each kind of file keeps its packet, and what it is made of
"""

from .marks import Finding, Verdict, embed, read, verify
from .record import Mark, Provenance, SourceType, source_type

__all__ = ["Finding", "Mark", "Provenance", "SourceType", "Verdict", "embed", "read", "source_type", "verify"]
