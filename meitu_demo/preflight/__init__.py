"""Before a photo is sent: what the endpoint's vendor would say to it, and what could be done about that. Free.

    check            the photo as it would be sent, measured and judged; slow: call it in a worker thread
    suggested_fixes  the fixes that would help, each tried out first; `apply_fix` applies one; slow as well

It judges by the effects' own rules (`face_checks`) and the codec's, never by numbers of its own, so it agrees with the
offline server. Nothing is stored.
"""

from .check import check
from .fixes import crop_to_face, crop_to_single_face, enlarge, rotate_upright
from .report import ITEM_STATES, ChecklistItem, DetectedFace, Preflight
from .suggested_fixes import Fix, apply_fix, suggest_fixes

__all__ = [
    "ITEM_STATES",
    "ChecklistItem",
    "DetectedFace",
    "Fix",
    "Preflight",
    "apply_fix",
    "check",
    "crop_to_face",
    "crop_to_single_face",
    "enlarge",
    "rotate_upright",
    "suggest_fixes",
]
