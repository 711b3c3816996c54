"""Before a photo is sent: what the endpoint's vendor would say to it, and what could be done about that. Free.

    check    the photo as it would be sent, measured and judged       pure but for its time: call it in a worker thread
    mends    what would help, each tried out first; `apply_fix` does it    likewise
    draw     the faces as SVG to lay over the picture
    line     an item of the checklist in words

It judges by the effects' own rules (`imaging.face_checks`) and the codec's, never by numbers of its own, so it agrees
with the offline server. Nothing is kept: what is found lives as long as its caller holds it. Imports `imaging`, `spec`,
`errors` and `words`; whoever shows a photo may import it.
"""

from .check import check
from .fixes import crop_to_face, crop_to_single_face, enlarge, rotate_upright
from .render import describe_item, render_faces_svg
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
    "describe_item",
    "enlarge",
    "render_faces_svg",
    "rotate_upright",
    "suggest_fixes",
]
