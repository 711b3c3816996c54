"""Exports results: embeds the provenance mark, and adds the visible label "made by AI" to downloads.

The page shows and processes the master, which has the mark but no label, so that no label is warped or drawn over
another. Pure functions that block: call them from a worker thread.
"""

from typing import Any

from ...calls.pipeline import CallResult
from ...domain.model import Image
from ...domain.translations import describe_service, translate
from ...photos import codec, label
from ...photos.provenance import embed_provenance, read_provenance
from ...photos.provenance.record import Provenance, choose_source_type

EMBEDDABLE_TYPES = ("image/jpeg", "image/png", "image/webp")
OFFLINE_MAKER = "offline engine"


def build_provenance(result: CallResult) -> Provenance:
    """Who made the result, how, when, and its id."""
    is_offline = result.mode not in ("live", "recorded")
    maker = OFFLINE_MAKER if is_offline else describe_service(result.endpoint.vendor_id, result.service, "en")
    made_at = result.recorded.made_at if result.recorded else result.created_at
    created_at = made_at.isoformat(timespec="seconds")
    return Provenance(
        result.endpoint.id, maker, choose_source_type(result.endpoint.id, is_offline), created_at, result.id
    )


def describe_recorded_call(result: CallResult) -> dict[str, Any] | None:
    """For reports: when the recorded call was made, and how long it took; None if the result is no recording."""
    recorded = result.recorded
    if recorded is None:
        return None
    return {"made_at": recorded.made_at.isoformat(timespec="seconds"), "elapsed_s": round(recorded.elapsed_s, 3)}


def unlabelled(result: CallResult) -> bytes:
    """The master: the unchanged picture with the provenance mark as its only metadata. Raises ImageRejected."""
    data = result.result_photo.data
    if codec.sniff(data) not in EMBEDDABLE_TYPES:  # a vendor's BMP or HEIC becomes a JPEG
        data = codec.encode(codec.decode(data))
    return embed_provenance(data, build_provenance(result))


def encode_labelled(result: CallResult, pixels: Image, language: str) -> bytes:
    """The labelled picture from the decoded `pixels` of `result`, without a mark."""
    return label.encode_labelled(pixels, codec.sniff(result.result_photo.data), translate("label.visible", language))


def encode_download(result: CallResult, language: str, *, visible_label: bool) -> bytes:
    """`for_download` of the result's master, without the steps between. Raises ImageRejected."""
    if not visible_label:
        return unlabelled(result)
    labelled = label.add_label(result.result_photo.data, translate("label.visible", language))
    return embed_provenance(labelled, build_provenance(result))


def for_download(picture: bytes, language: str, *, visible_label: bool) -> bytes:
    """A master as a download: with its mark, and labelled if `visible_label`. Raises ImageRejected."""
    provenance = read_provenance(picture)
    if not visible_label or provenance is None:
        return picture
    return embed_provenance(label.add_label(picture, translate("label.visible", language)), provenance)
