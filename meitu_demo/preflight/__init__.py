"""Before a photo is sent: what the endpoint's vendor would say to it, and what could be done about that. Free.

    check    the photo as it would be sent, measured and judged       pure but for its time: call it in a worker thread
    mends    what would help, each tried out first; `apply` does it    likewise
    draw     the faces as SVG to lay over the picture
    line     an item of the checklist in words

It judges by the effects' own rules (`imaging.face_checks`) and the codec's, never by numbers of its own, so it agrees
with the offline server. Nothing is kept: what is found lives as long as its caller holds it. Imports `imaging`, `spec`,
`errors` and `words`; whoever shows a photo may import it.
"""

from .offers import Mend, apply, mends
from .report import STATES, Found, Item, Preflight
from .retouch import crop_to_face, enlarge, only_face, turn_upright
from .shown import draw, line
from .verdict import check

__all__ = [
    "STATES",
    "Found",
    "Item",
    "Mend",
    "Preflight",
    "apply",
    "check",
    "crop_to_face",
    "draw",
    "enlarge",
    "line",
    "mends",
    "only_face",
    "turn_upright",
]
