"""The facts in a provenance mark: this app's record, and the standard facts of any tool's mark.

Uses IPTC's digital source types (http://cv.iptc.org/newscodes/digitalsourcetype/) and the seven fields of
GB 45438-2025, annex E.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_MARK_TEXT_CHARS = 256
NEWSCODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
AIGC_FIELDS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
AIGC_LABEL_GENERATED = "1"  # AIGC's Label: 1 generated, 2 possibly generated, 3 suspected

_AI_SOURCE_TYPES = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})


class SourceType(StrEnum):
    """IPTC's source types of the pictures that this app exports."""

    COMPOSITE = NEWSCODES + "compositeWithTrainedAlgorithmicMedia"  # a photo and what a trained model made
    ENHANCED = NEWSCODES + "algorithmicallyEnhanced"  # a photo, corrected


# Endpoints whose offline effect only warps or restores the photo. A live vendor may do more than it documents, so its
# results count as composites, like those of all other endpoints.
_OFFLINE_ENHANCEMENTS = frozenset({"facial_aesthetics", "quality_restoration"})


def choose_source_type(endpoint_id: str, is_offline: bool) -> SourceType:
    """Choose the source type of an endpoint's result."""
    return SourceType.ENHANCED if is_offline and endpoint_id in _OFFLINE_ENHANCEMENTS else SourceType.COMPOSITE


@dataclass(frozen=True, slots=True)
class Provenance:
    """This app's mark. Texts are reduced to one line of printable characters, so that XML preserves them.

    made_by: the name of the vendor or of the offline engine. time: UTC, ISO 8601. label: AIGC's Label.
    """

    endpoint: str
    made_by: str
    source_type: SourceType
    time: str
    result_id: str
    label: str = AIGC_LABEL_GENERATED

    def __post_init__(self) -> None:
        for name in ("endpoint", "made_by", "time", "result_id", "label"):
            object.__setattr__(self, name, sanitize_text(getattr(self, name)))

    @property
    def aigc(self) -> dict[str, str]:
        """The seven fields; the propagator's are empty, to be filled in when the picture is published."""
        values = {"Label": self.label, "ContentProducer": self.made_by, "ProduceID": self.result_id}
        return {name: values.get(name, "") for name in AIGC_FIELDS}


@dataclass(frozen=True, slots=True)
class Mark:
    """What a file declares about its origin, whichever tool wrote it. Missing facts are empty.

    source_type: IPTC's, as found. aigc: those of the seven fields that were found. software: the name of a program or
    model. creator: the name of a person or company.
    """

    source_type: str = ""
    aigc: Mapping[str, str] = field(default_factory=dict)
    software: str = ""
    creator: str = ""

    @property
    def says_ai(self) -> bool:
        """Whether the mark declares the picture, or a part of it, as AI-generated."""
        return "Label" in self.aigc or self.source_type.rpartition("/")[2] in _AI_SOURCE_TYPES

    @property
    def made_by(self) -> str:
        """The most specific name of the maker."""
        return self.aigc.get("ContentProducer") or self.software or self.creator


def sanitize_text(text: str) -> str:
    """Reduce `text` to one line of at most MAX_MARK_TEXT_CHARS, without controls, surrogates and direction marks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * MAX_MARK_TEXT_CHARS]).split())[
        :MAX_MARK_TEXT_CHARS
    ].strip()
