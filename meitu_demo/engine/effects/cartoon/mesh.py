"""Which points of MediaPipe's face mesh draw which line: index lists in drawing order, image-left side first."""

JAW = (93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323)
EYES = (  # from the outer corner to the inner one: upper lid, lower lid
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((263, 466, 388, 387, 386, 385, 384, 398, 362), (263, 249, 390, 373, 374, 380, 381, 382, 362)),
)
IRISES = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))  # the centre first
BROWS = (  # from the outer end to the inner one: upper rim, lower rim
    ((70, 63, 105, 66, 107), (46, 53, 52, 65, 55)),
    ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285)),
)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
UPPER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_LIP = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
MOUTH_ABOVE = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
MOUTH_BELOW = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
NOSE_RIDGE = (168, 6, 197, 195, 5, 4)
NOSE_BASE = (129, 98, 97, 2, 326, 327, 358)
CHEEKS = (
    (117, 118, 119, 100, 126, 142, 203, 206, 205, 50),
    (346, 347, 348, 329, 355, 371, 423, 426, 425, 280),
    (195, 5, 51, 281),
)
BLUSH = (205, 425)
FEATURES = tuple(  # what the skin's light must not see, and how much to grow it
    [((*upper, *lower), 2.0) for upper, lower in EYES]
    + [((*upper, *lower), 1.5) for upper, lower in BROWS]
    + [(LIPS, 1.2), ((*NOSE_BASE, 6), 1.15)]
)
FOLDS = ((129, 203, 206, 216, 212), (358, 423, 426, 436, 432))
TEMPLES = (127, 356)
BEARD = (  # the lower face from ear lobe to ear lobe and up to the nose
    132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 425, 426, 327, 2, 98, 206, 205,
)  # fmt: skip
CHEEK_EDGES = ((162, 127, 234, 93, 132), (389, 356, 454, 323, 361))  # downwards, where ears begin
NOSE_SIDES = (  # from the root down the ridge and back over one wing: image-left, image-right
    (6, 197, 195, 5, 4, 1, 2, 98, 129, 209, 198, 236, 196),
    (6, 197, 195, 5, 4, 1, 2, 327, 358, 429, 420, 456, 419),
)
NOSTRILS = (98, 240, 99, 60, 20, 242, 141, 94, 370, 462, 250, 290, 328, 460, 327)
