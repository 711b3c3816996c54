"""The two looks of the avatar, as numbers the painters read. Constants only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """How one version draws. Pixels are counted in units of the pen: canvas face width / 280.

    edge: width of the step between two tones, in pen pixels. line: width of the outlines. ink: their opacity 0..1.
    depth: how far shadows lie under the base tone (1 = comic). chroma: factor on all colours. wash: 0..1 watercolour.
    outline: LAB colour of the ink.
    """

    edge: float
    line: float
    ink: float
    depth: float
    chroma: float
    wash: float
    outline: tuple[float, float, float]


COMIC = Look(edge=1.3, line=2.6, ink=1.0, depth=1.0, chroma=1.15, wash=0.0, outline=(10, 4, 0))
WATERCOLOUR = Look(edge=6.0, line=1.7, ink=0.75, depth=0.8, chroma=1.0, wash=1.0, outline=(30, 10, 12))
LOOKS = {"1.0.0": COMIC, "2.0.0": WATERCOLOUR}
