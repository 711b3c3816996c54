"""Downloads carry marks, and the label unless the settings turn it off; the master carries no label."""

import cv2
import numpy as np
import pytest

from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.model import Image, Photo, PhotoChange
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import MarkOrigin, read_provenance, verify_provenance
from meitu_demo.photos.provenance.record import SourceType
from meitu_demo.ui.result import export
from meitu_demo.ui.result.facts import build_receipt, render_receipt


def outcome(data: bytes, mode: str = "offline", endpoint: str = "face_fuse", **more: object) -> CallResult:
    photo = Photo(data, codec.sniff(data) or "", *codec.read_size(data))
    changes = (PhotoChange("metadata_dropped", {"gps": True}),)
    return CallResult(CATALOGUE[endpoint], mode, {}, photo, photo, changes, 1.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_export_labels_the_download_but_not_the_master(portrait: bytes, language: str) -> None:
    """The master's pixels are the vendor's; the download differs in its lower right corner; both have equal marks."""
    found = outcome(portrait)
    master = export.unlabelled(found)
    assert (codec.decode(master) == codec.decode(portrait)).all()
    leaving = export.for_download(master, language, visible_label=True)
    change = np.abs(codec.decode(leaving).astype(int) - codec.decode(master)).max(axis=2)
    assert change[260:, 160:].max() > 100
    assert change[:200].mean() < 2
    assert read_provenance(leaving) == read_provenance(master) == export.build_provenance(found)


@pytest.mark.parametrize("visible_label", [True, False])
def test_export_of_a_download_is_the_labelled_master(portrait: bytes, *, visible_label: bool) -> None:
    """The API's file has the bytes of the page's download."""
    found = outcome(portrait)
    from_master = export.for_download(export.unlabelled(found), "en", visible_label=visible_label)
    assert export.encode_download(found, "en", visible_label=visible_label) == from_master


def test_export_keeps_the_marks_without_the_label(portrait: bytes) -> None:
    """A setting turns off the label, never the metadata."""
    master = export.unlabelled(outcome(portrait))
    assert export.for_download(master, "en", visible_label=False) == master
    assert verify_provenance(master).origin is MarkOrigin.THIS_APP


@pytest.mark.parametrize(
    ("endpoint", "mode", "maker", "kind"),
    [
        ("face_fuse", "offline", "offline engine", SourceType.COMPOSITE),
        ("facial_aesthetics", "offline", "offline engine", SourceType.ENHANCED),
        ("facial_aesthetics", "live", "AILabTools", SourceType.COMPOSITE),
        ("quality_restoration", "lab", "offline engine", SourceType.ENHANCED),
    ],
)
def test_export_names_the_true_maker(portrait: bytes, endpoint: str, mode: str, maker: str, kind: SourceType) -> None:
    """A live result names the vendor; the failure lab's results come from our engine and say so."""
    mark = export.build_provenance(outcome(portrait, mode, endpoint))
    assert (mark.made_by, mark.source_type) == (maker, kind)


def test_export_marks_every_format_of_a_vendor(portrait_pixels: Image) -> None:
    """PNG and WebP keep their format, BMP is exported as JPEG."""
    for suffix, kind in ((".png", "image/png"), (".webp", "image/webp"), (".bmp", "image/jpeg")):
        data = cv2.imencode(suffix, portrait_pixels)[1].tobytes()
        found = outcome(data)
        for leaving in (
            export.for_download(export.unlabelled(found), "en", visible_label=True),
            export.encode_download(found, "en", visible_label=True),
        ):
            assert codec.sniff(leaving) == kind
            assert read_provenance(leaving) is not None


def test_export_of_equal_pictures_differs(portrait: bytes) -> None:
    """Each result has an ID, so no cache by content serves one person's file to another."""
    assert export.unlabelled(outcome(portrait)) != export.unlabelled(outcome(portrait))


def test_receipt_names_dropped_metadata_and_the_recipient(portrait: bytes) -> None:
    """A position was found and removed; offline nothing was sent, live the host and the size are named."""
    assert build_receipt(outcome(portrait, bytes_sent=9), 30)["bytes_sent"] == 0
    live = outcome(portrait, "live", host="openapi.mtlab.meitu.com", bytes_sent=67_000)
    assert build_receipt(live, 30) == {
        "metadata_dropped": True,
        "gps_dropped": True,
        "sent_to": "openapi.mtlab.meitu.com",
        "bytes_sent": 67_000,
        "kept_minutes": 30,
        "result_id": live.id,
        "recorded": False,
    }
    html = render_receipt(live, 30, "Meitu <China>", "en")
    assert all(
        part in html for part in ("GPS", "67 KB", "openapi.mtlab.meitu.com", "Meitu &lt;China&gt;", "30 minutes")
    )
    assert "processed on this server" in render_receipt(outcome(portrait), 30, "x", "en")
    assert "owner deletes it" not in html
    assert "owner deletes it" in render_receipt(
        outcome(portrait, "live", host="a.example", is_saved=True), 30, "x", "en"
    )
