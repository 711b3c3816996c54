"""Preflight: checks a photo before it is sent, free of charge, and suggests fixes.

    check           measures the photo as it would be sent; blocks, call it in a worker thread
    suggest_fixes   the fixes that work, each tried out; `apply_fix` applies one; both block

Uses the rules of the effects (`imaging.face_checks`) and the codec, so it agrees with the offline server. Stores
nothing.
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
