"""Everything at once, small: a person's own face in each shape, at each strength, in each template. Free, offline.

    look         the photo as it would be sent, its face found, cut out with room around    blocks for 50–500 ms
    Closeup      what `crop_face` finds: small, to be kept while somebody works on one photo; `pack` makes bytes of it
    preview      one shape at one strength                                                  blocks for 5 ms
    of_shapes, of_strengths, of_templates      a picture for each cell, one after the other: an iterator that blocks

The effects are the offline engine's own, and so are the refusals: `crop_face` raises what a run would end in. Nothing
is kept here. Imports `effects`, `imaging`, `tables`, `templates`, `spec` and `errors`; whoever shows them may import
it.
"""

from .cells import STRENGTHS, THUMBNAIL_PX, render_preview, render_shapes, render_strengths, render_templates
from .closeup import FaceCrop, crop_face

__all__ = [
    "STRENGTHS",
    "THUMBNAIL_PX",
    "FaceCrop",
    "crop_face",
    "render_preview",
    "render_shapes",
    "render_strengths",
    "render_templates",
]
