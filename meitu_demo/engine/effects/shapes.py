"""The 22 shapes of facial aesthetics as data: which landmarks move, how far at strength 1, and how softly.

The index is the vendor's `shape_type`. See `shape_operations` for units and axes, and `shape_measures` for what each
shape must achieve.
"""

from .shape_operations import FacePart, Narrow, Operation, Push, Rotate, Scale, Shift

EYES: FacePart = ((33, 133, 159, 145), (263, 362, 386, 374))
INNER_EYES: FacePart = ((133, 468), (362, 473))
OUTER_EYES: FacePart = ((33, 468), (263, 473))
IRISES: FacePart = ((468, 469, 471), (473, 474, 476))
CHEEKBONES = (234, 93, 454, 323)
CHEEKS = (58, 61, 288, 291)
JAW_CORNERS = (172, 136, 397, 365)
FULL_CONTOUR = (234, 150, 454, 379)
FOREHEAD: FacePart = ((67, 297),)
JAW: FacePart = ((150, 152, 379),)
CHIN_POINT: FacePart = ((148, 152, 377),)
CHIN: FacePart = ((176, 148, 152, 377, 400),)
NOSE_BRIDGE: FacePart = ((196, 419, 198, 420),)
NOSE_WINGS: FacePart = ((129, 358, 98, 327),)
NOSE_TIP_PART: FacePart = ((44, 1, 274),)
MOUTH: FacePart = ((61, 291, 0, 17),)
LIPS: FacePart = ((40, 270),)
# Landmarks on the middle line, from the top down.
HAIRLINE, BROW_LINE, NOSE_ROOT, NOSE_BRIDGE_TOP, NOSE_TIP, NOSE_BASE = 10, 151, 168, 197, 1, 2
UPPER_LIP, UPPER_LIP_EDGE, LOWER_LIP_EDGE, LOWER_LIP, CHIN_TIP = 0, 13, 14, 17, 152

SHAPES: tuple[tuple[Operation, ...], ...] = (
    # 0 cheekbones
    (Narrow(CHEEKBONES, share=0.065, fade=(0.25, 0.32)),),
    # 1 face contour
    (
        Narrow(FULL_CONTOUR, share=0.075, fade=(0.25, 0.25)),
        Scale(CHIN, factors=(0.93, 1), fade=(0.12, 0.12, 0.2)),
    ),
    # 2 slim face
    (Narrow(CHEEKS, share=0.088, fade=(0.3, 0.36)),),
    # 3 face length
    (
        Shift(JAW, levels=((LOWER_LIP, 0), (CHIN_TIP, -0.046)), fade=(0.24, 0.1, 0.3)),
        Shift(FOREHEAD, levels=((HAIRLINE, 0.035), (BROW_LINE, 0)), fade=(0.3, 0.4, 0.1)),
    ),
    # 4 shorter chin
    (Shift(CHIN_POINT, levels=((LOWER_LIP, 0), (CHIN_TIP, -0.04)), fade=(0.28, 0.1, 0.25)),),
    # 5 longer chin
    (Shift(CHIN_POINT, levels=((LOWER_LIP, 0), (CHIN_TIP, 0.036)), fade=(0.34, 0.1, 0.3)),),
    # 6 slim chin
    (Scale(CHIN_POINT, factors=(0.83, 1), fade=(0.34, 0.24, 0.3)),),
    # 7 slim jaw
    (Narrow(JAW_CORNERS, share=0.085, fade=(0.18, 0.24)),),
    # 8 bigger eyes
    (Scale(EYES, factors=(1.14, 1.14), fade=(0.13, 0.12, 0.14)),),
    # 9 eye angle, outer corners raised
    (Rotate(EYES, pivot_part=INNER_EYES, degrees=9, fade=(0.16, 0.16, 0.18)),),
    # 10 eyes closer
    (Push(EYES, offset=(0.027, 0), fade=(0.13, 0.16, 0.18)),),
    # 11 eyes further apart
    (Push(EYES, offset=(-0.027, 0), fade=(0.13, 0.16, 0.18)),),
    # 12 eye angle, inner corners raised
    (Rotate(EYES, pivot_part=OUTER_EYES, degrees=-9, fade=(0.16, 0.16, 0.18)),),
    # 13 eye height
    (
        Scale(EYES, factors=(1, 1.16), fade=(0.08, 0.12, 0.14)),
        Scale(IRISES, factors=(1.1, 1), fade=(0.05, 0.08, 0.08)),
    ),
    # 14 slim nose
    (
        Scale(NOSE_BRIDGE, factors=(0.8, 1), fade=(0.15, 0.08, 0.12)),
        Scale(NOSE_WINGS, factors=(0.8, 1), fade=(0.18, 0.12, 0.1)),
    ),
    # 15 nose wings
    (Scale(NOSE_WINGS, factors=(0.8, 1), fade=(0.18, 0.12, 0.1)),),
    # 16 shorter nose: mouth and chin follow, so that the upper lip does not become longer
    (
        Shift(
            JAW,
            levels=(
                (NOSE_BRIDGE_TOP, 0),
                (NOSE_BASE, -0.03),
                (UPPER_LIP, -0.027),
                (LOWER_LIP, -0.0265),
                (CHIN_TIP, -0.0215),
            ),
            fade=(0.25, 0.1, 0.25),
        ),
    ),
    # 17 nose tip: base and mouth follow by half, so that the columella does not hang
    (
        Shift(NOSE_TIP_PART, levels=((NOSE_ROOT, 0), (NOSE_TIP, -0.019), (NOSE_BASE, 0)), fade=(0.12, 0.1, 0.1)),
        Shift(
            JAW,
            levels=((NOSE_BRIDGE_TOP, 0), (NOSE_TIP, -0.018), (LOWER_LIP, -0.016), (CHIN_TIP, -0.012)),
            fade=(0.25, 0.1, 0.25),
        ),
    ),
    # 18 lip width
    (Scale(MOUTH, factors=(0.9, 1), fade=(0.16, 0.07, 0.12)),),
    # 19 lip size
    (
        Shift(
            LIPS,
            levels=((NOSE_BASE, 0), (UPPER_LIP, -0.014), (UPPER_LIP_EDGE, 0), (LOWER_LIP_EDGE, 0), (LOWER_LIP, 0.011)),
            fade=(0.14, 0.1, 0.15),
        ),
        Scale(MOUTH, factors=(1.04, 1), fade=(0.16, 0.07, 0.12)),
    ),
    # 20 lip height: the chin follows a little, so that it does not become longer
    (
        Shift(
            MOUTH,
            levels=((NOSE_BASE, 0), (UPPER_LIP, -0.025), (LOWER_LIP, -0.025), (CHIN_TIP, -0.014)),
            fade=(0.2, 0.1, 0.25),
        ),
    ),
    # 21 philtrum
    (
        Shift(
            MOUTH,
            levels=((NOSE_BASE, 0), (UPPER_LIP, -0.03), (UPPER_LIP_EDGE, -0.018), (LOWER_LIP, -0.012)),
            fade=(0.16, 0.1, 0.2),
        ),
    ),
)
