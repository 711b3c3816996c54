"""Everything at once, small: a person's own face in each shape, at each strength, in each template. Free, offline.

    look         the photo as it would be sent, its face found, cut out with room around    blocks for 50–500 ms
    Closeup      what `look` finds: small, to be kept while somebody works on one photo; `pack` makes bytes of it
    preview      one shape at one strength                                                  blocks for 5 ms
    of_shapes, of_strengths, of_templates      a picture for each cell, one after the other: an iterator that blocks

The effects are the offline engine's own, and so are the refusals: `look` raises what a run would end in. Nothing is
kept here. Imports `effects`, `imaging`, `tables`, `templates`, `spec` and `errors`; whoever shows them may import it.
"""

from .cells import CELL, STRENGTHS, of_shapes, of_strengths, of_templates, preview
from .closeup import Closeup, look

__all__ = ["CELL", "STRENGTHS", "Closeup", "look", "of_shapes", "of_strengths", "of_templates", "preview"]
