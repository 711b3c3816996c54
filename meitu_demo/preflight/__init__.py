"""Preflight: checks a photo before it is sent, free of charge, and suggests fixes.

    check           measures the photo as it would be sent; blocks, call it in a worker thread
    suggest_fixes   lists the fixes that work, after trying each; `apply_fix` applies one; both block

Uses the codec and the face rules of the effects (`imaging.face_checks`), so it agrees with the offline server. Stores
nothing.
"""

from .check import check
from .fixes import Fix, apply_fix, crop_to_face, crop_to_single_face, enlarge, rotate_upright, suggest_fixes
from .report import ITEM_STATES, ChecklistItem, DetectedFace, Preflight

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
