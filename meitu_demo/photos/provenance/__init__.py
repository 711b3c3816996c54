"""Provenance marks: how a result was made, embedded in its file and read from any file.

    embed_provenance    replaces a file's metadata by the mark; its encoded pixels stay
    verify_provenance   finds the mark of this app, the mark of another tool, or none
    read_provenance     reads the mark of this app

A mark is a claim that anybody can write or remove, not a signature. Every function is pure and blocks: call it from a
worker thread. ICC profile and EXIF orientation change how a picture looks, and are preserved.
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
