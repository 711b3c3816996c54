"""What a mark says of each result."""

import pytest

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos.provenance.record import Mark, SourceType, choose_source_type


def test_source_type_of_each_endpoint() -> None:
    """Offline warps and restoration enhance; what is composed, and whatever a vendor sends, is made by a model."""
    offline = {endpoint_id: choose_source_type(endpoint_id, is_offline=True) for endpoint_id in CATALOGUE}
    assert offline == {
        "face_fuse": SourceType.COMPOSITE,
        "anime_avatar": SourceType.COMPOSITE,
        "facial_aesthetics": SourceType.ENHANCED,
        "quality_restoration": SourceType.ENHANCED,
    }
    assert {choose_source_type(endpoint_id, is_offline=False) for endpoint_id in CATALOGUE} == {SourceType.COMPOSITE}
    assert choose_source_type("one_to_come", is_offline=True) is SourceType.COMPOSITE


@pytest.mark.parametrize(("word", "says_ai"), [("trainedAlgorithmicMedia", True), ("digitalCapture", False)])
def test_source_type_names_only_trained_models_ai(word: str, says_ai: bool) -> None:
    """IPTC's words for pictures without a trained model do not count."""
    assert Mark(source_type=f"http://cv.iptc.org/newscodes/digitalsourcetype/{word}").says_ai is says_ai
