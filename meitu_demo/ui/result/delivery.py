"""What leaves: a result with its mark of provenance, and with the visible label that it is made by AI.

What is shown and worked on is the unlabelled master, which carries the mark alone: so no label is ever warped, or drawn
upon another. Pure, and blocks: call it from a worker thread.
"""

from ...imaging import codec
from ...imaging.label import add_label
from ...provenance import Provenance, choose_source_type, embed_provenance, read_provenance
from ...service import CallResult
from ...words import translate

EMBEDS = ("image/jpeg", "image/png", "image/webp")
OURS = "offline engine"


def mark_of(outcome: CallResult) -> Provenance:
    """Who made the result, how, when, and its id."""
    offline = outcome.mode != "live"
    maker = OURS if offline else translate(f"providers.{outcome.endpoint.provider}.name", "en")
    made_at = outcome.created_at.isoformat(timespec="seconds")
    return Provenance(outcome.endpoint.id, maker, choose_source_type(outcome.endpoint.id, offline), made_at, outcome.id)


def master(outcome: CallResult) -> bytes:
    """The result as it came, marked, and without any other metadata. Raises ImageRejected."""
    data = outcome.result_photo.data
    if codec.sniff(data) not in EMBEDS:  # what a vendor sends as BMP or HEIC leaves as JPEG
        data = codec.encode(codec.decode(data))
    return embed_provenance(data, mark_of(outcome))


def leaving(picture: bytes, language: str, *, visible: bool) -> bytes:
    """A master as it leaves: labelled, unless the owner has turned that off, and marked. Raises ImageRejected."""
    mark = read_provenance(picture)
    if not visible or mark is None:
        return picture
    return embed_provenance(add_label(picture, translate("label.visible", language)), mark)
