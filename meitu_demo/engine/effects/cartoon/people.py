"""Who is in the picture: the matte of everybody drawn, found once for all and again around each head."""

from collections.abc import Sequence

import cv2
import numpy as np

from ...imaging.segmentation import compute_person_matte
from .bust import Bust
from .head import Field, Head, Image
from .pen import ramp

LEAST_COVER = 0.55  # of a face that the model must find; below, head and shoulders are assumed


def cut_out(canvas: Image, people: Sequence[Bust]) -> Field:
    """How much each pixel belongs to somebody, 0..1, float32 (h, w). A face of the mesh always does."""
    half = cv2.resize(canvas, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # drawn outlines are smoother still
    matte = cv2.resize(compute_person_matte(half), canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    for bust in people:
        view = matte[bust.rows, bust.columns]
        if len(people) > 1:  # in a wide group each person is too small for the model
            near = canvas[bust.rows, bust.columns]
            small = cv2.resize(near, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            found = cv2.resize(compute_person_matte(small), near.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            np.maximum(view, found * bust.own, out=view)
        face = _face(bust.head, view.shape)
        if (view * face).sum() < LEAST_COVER * face.sum():
            np.maximum(view, _assumed(bust.head, view.shape), out=view)
        np.maximum(view, cv2.GaussianBlur(face, (0, 0), max(0.5, 0.01 * bust.head.unit)), out=view)
    return matte


def _face(head: Head, shape: tuple[int, ...]) -> Field:
    face = np.zeros(shape[:2], np.float32)
    cv2.fillConvexPoly(face, head.hull.round().astype(np.int32), 1.0, cv2.LINE_AA)
    return face


def _assumed(head: Head, shape: tuple[int, ...]) -> Field:
    u, v = head.grid(shape)
    skull = ramp(1.02, 0.98, np.hypot(u / 0.62, (v + 0.12) / 0.82))
    neck = ramp(0.36, 0.33, np.abs(u)) * ramp(0.2, 0.3, v)
    shoulders = ramp(1.02, 0.98, np.hypot(u / 1.35, (v - 2.0) / 1.0))
    return np.asarray(np.maximum.reduce([skull, neck, shoulders]), np.float32)
