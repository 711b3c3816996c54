"""The two looks of the avatar, as numbers the painters read. Constants only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """How one version draws. Pixels are counted in units of the pen: canvas face width / 280.

    edge: width of the step between two tones, in pen pixels. line: width of the outlines. ink: their opacity 0..1.
    depth: how far shadows lie under the base tone (1 = comic). chroma: factor on all colours. wash: 0..1 watercolour.
    """

    edge: float
    line: float
    ink: float
    depth: float
    chroma: float
    wash: float


COMIC = Look(edge=1.3, line=2.6, ink=1.0, depth=1.0, chroma=1.15, wash=0.0)
WATERCOLOUR = Look(edge=7.0, line=1.5, ink=0.7, depth=0.7, chroma=1.0, wash=1.0)
LOOKS = {"1.0.0": COMIC, "2.0.0": WATERCOLOUR}
