"""What leaves: a result with its mark of provenance, and with the visible label that it is made by AI.

What is shown and worked on is the unlabelled master, which carries the mark alone: so no label is ever warped, or drawn
upon another. Pure, and blocks: call it from a worker thread.
"""

from ...calls.pipeline import CallResult
from ...domain.translations import translate
from ...photos import codec
from ...photos.label import add_label
from ...photos.provenance import Provenance, choose_source_type, embed_provenance, read_provenance

EMBEDDABLE_TYPES = ("image/jpeg", "image/png", "image/webp")
OFFLINE_MAKER = "offline engine"


def build_provenance(result: CallResult) -> Provenance:
    """Who made the result, how, when, and its id."""
    is_offline = result.mode != "live"
    maker = OFFLINE_MAKER if is_offline else translate(f"providers.{result.endpoint.provider}.name", "en")
    created_at = result.created_at.isoformat(timespec="seconds")
    return Provenance(
        result.endpoint.id, maker, choose_source_type(result.endpoint.id, is_offline), created_at, result.id
    )


def unlabelled(result: CallResult) -> bytes:
    """The result as it came, marked, and without any other metadata. Raises ImageRejected."""
    data = result.result_photo.data
    if codec.sniff(data) not in EMBEDDABLE_TYPES:  # what a vendor sends as BMP or HEIC leaves as JPEG
        data = codec.encode(codec.decode(data))
    return embed_provenance(data, build_provenance(result))


def for_download(picture: bytes, language: str, *, visible_label: bool) -> bytes:
    """A master as it leaves: labelled, unless the owner has turned that off, and marked. Raises ImageRejected."""
    provenance = read_provenance(picture)
    if not visible_label or provenance is None:
        return picture
    return embed_provenance(add_label(picture, translate("label.visible", language)), provenance)
