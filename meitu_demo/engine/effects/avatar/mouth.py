"""Draws lips and teeth into a flat picture, which the network then draws. Colours are CIELAB, float32."""

import cv2
import numpy as np

from ...imaging.blend import blur, smoothstep
from .head import CURVE_POINTS, LIP_RIMS, MIN_MOUTH_OPENING, MOUTH, Head, Lab, Plane, draw_stroke, fit_opening

OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)

LIPS_DARKER_L = 7.0  # than the drawn skin, at least
LIP_SIGMA, LIP_EDGE = 0.03, 0.015  # face widths over which a lip's colour is measured, and fades out
LIP_SHARE = 0.9  # of that colour
LIP_CONTRAST, LIP_DETAIL = 0.75, 0.6  # shares that stay: of what lips, and folds in them, are darker
LIP_LINE_WIDTH, LIP_LINE_DARKER_L = 0.012, 10.0  # face widths; between closed lips
TEETH_L, MAX_TEETH_L = (52.0, 66.0), 93.0  # in the mouth, from the second sure
TEETH_SHADE_L, TEETH_SHADE_SIGMA = 18.0, 0.025  # darker at their rim; face widths
SMILE_SHARE = (0.22, 0.34)  # of teeth in an open mouth; from the second, they fill it
TOOTH_GAP, TEETH_SIGMA = (0.10, 0.03), 0.012  # face widths: closed across and down; over which their edge is smooth


def draw_mouth(flat: Lab, raw: Lab, head: Head, tones: tuple[Lab, Lab]) -> None:
    """Draw lips and, between them, a line or the open mouth, in place. tones: of skin as lit, and as drawn."""
    above, below, opening = fit_opening(head, *LIP_RIMS)
    is_open = float(smoothstep(0.4 * MIN_MOUTH_OPENING, MIN_MOUTH_OPENING, opening))
    mouth = head.fill(MOUTH, flat.shape[:2])
    _draw_lips(flat, raw, head, mouth, is_open, tones)
    line = draw_stroke(mouth.shape, (above + below) / 2, np.full(CURVE_POINTS, LIP_LINE_WIDTH * head.width))
    flat[..., 0] -= LIP_LINE_DARKER_L * (1 - is_open) * blur(line, 0.5)
    _draw_teeth(flat, raw, is_open * mouth, float(tones[1][1]), head.width)


def _draw_lips(flat: Lab, raw: Lab, head: Head, mouth: Plane, is_open: float, tones: tuple[Lab, Lab]) -> None:
    """Give lips one soft colour each, without shine."""
    outline = head.fill(OUTER_LIPS, mouth.shape)
    lips, sigma = np.maximum(outline - mouth, 0), LIP_SIGMA * head.width
    colours = blur(raw * lips[..., None], sigma) / np.maximum(blur(lips, sigma), 1e-3)[..., None]
    folds = np.minimum(blur(raw[..., 0], 0.7) - colours[..., 0], 0)
    lightest = tones[0][0] - LIPS_DARKER_L
    colours[..., 0] = lightest + LIP_CONTRAST * np.minimum(colours[..., 0] - lightest, 0) + LIP_DETAIL * folds
    area = blur(np.maximum(outline - is_open * mouth, 0), LIP_EDGE * head.width)
    flat += (colours + (tones[1] - tones[0]) - flat) * (LIP_SHARE * area)[..., None]


def _draw_teeth(flat: Lab, raw: Lab, mouth: Plane, skin_a: float, face_width: float) -> None:
    """Show the photo where the open `mouth` is, its teeth as one round, bright shape without gaps."""
    flat += (raw - flat) * mouth[..., None]
    gap = [round(share * face_width) | 1 for share in TOOTH_GAP]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, gap)
    bright = np.asarray(cv2.morphologyEx(raw[..., 0], cv2.MORPH_CLOSE, kernel), np.float32)
    pale = smoothstep(skin_a + 6, skin_a, raw[..., 1])
    rough, sigma = mouth * pale * smoothstep(*TEETH_L, bright), TEETH_SIGMA * face_width
    is_smile = smoothstep(*SMILE_SHARE, float(rough.sum() / max(mouth.sum(), 1.0)))
    shape = np.maximum(smoothstep(0.35, 0.65, blur(rough, sigma)), is_smile) * mouth
    teeth = np.dstack([np.clip(bright + 8, 0, MAX_TEETH_L), 0.3 * raw[..., 1], 0.6 * raw[..., 2]])
    even = blur(teeth * rough[..., None], 3 * sigma) / np.maximum(blur(rough, 3 * sigma), 1e-3)[..., None]
    even[..., 0] -= TEETH_SHADE_L * smoothstep(1.0, 0.55, blur(mouth, TEETH_SHADE_SIGMA * face_width))
    flat += (even - flat) * shape[..., None]
