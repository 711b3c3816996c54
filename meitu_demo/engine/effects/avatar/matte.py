"""Which pixels belong to the people who are drawn: strangers without a found face are left out whole."""

from collections.abc import Sequence

import cv2
import numpy as np

from ...imaging.align import FACE_OVAL
from ...imaging.blend import blur, build_disc_kernel, smoothstep
from ...imaging.segmentation import compute_person_matte, compute_single_person_mask
from .head import CHIN, LEFT_CHEEK, NOSE_TIP, RIGHT_CHEEK, Head, Image, Plane

PERSON_FACE_WIDTHS = (2.0, 1.6)  # to either side and above a face: what the models look at, down to the frame
MAX_HEAD_HALF_WIDTH = 1.05  # face widths, with hair
SHOULDER_SLOPE = 4.0  # face widths that a person may grow wider per face width below the chin
MAX_GROWTH = 0.03  # face widths that hair and clothes may reach beyond the coarse mask of one person
POSE_MARGIN = 0.15  # of the width, added around: the pose model loses shoulders that leave the frame
MIN_FACE_COVER = 0.6  # of a face that a model must find; otherwise it saw somebody else
MAX_HOLE_SHARE = 0.1  # of a squared face width: smaller holes in a person are closed


def cut_out_people(image: Image, heads: Sequence[Head]) -> list[Plane]:
    """The matte of each of `heads` on RGB `image`: float32 (h, w), 0..1. A face belongs to its person in any case."""
    height, width = image.shape[:2]
    mattes = []
    for head in heads:
        y0 = int(np.clip(head.middle[1] - PERSON_FACE_WIDTHS[1] * head.width, 0, height - 8))
        side = max(PERSON_FACE_WIDTHS[0] * head.width, 0.5 * (height - y0))
        x0 = int(np.clip(head.middle[0] - side, 0, width - 8))
        x1 = int(np.clip(head.middle[0] + side, x0 + 8, width))
        matte = np.zeros((height, width), np.float32)
        others = [other.move((-x0, -y0)) for other in heads if other is not head]
        near = np.ascontiguousarray(image[y0:, x0:x1])
        matte[y0:, x0:x1] = _cut_out_person(near, head.move((-x0, -y0)), others)
        mattes.append(matte)
    return mattes


def _cut_out_person(image: Image, head: Head, others: Sequence[Head]) -> Plane:
    shape, width = image.shape[:2], head.width
    face = head.fill(FACE_OVAL, shape, 0.92)
    matte = _keep_single_person(compute_person_matte(image), image, face, width)
    u, v = head.build_grid(shape)
    cheeks, face_front = head.points[[RIGHT_CHEEK, LEFT_CHEEK]].mean(0), (head.points[NOSE_TIP] + head.middle) / 2
    skull_u = float((cheeks - face_front) @ head.right) / width  # a turned face is at the front of its skull
    reach = MAX_HEAD_HALF_WIDTH + SHOULDER_SLOPE * np.maximum(v - head.locate(CHIN), 0)
    matte = matte * smoothstep(0.25, 0, np.abs(u - skull_u) - reach)
    for other in others:  # what is nearer to another face, in that face's widths, is not this person's
        other_u, other_v = other.build_grid(shape)
        if other.width > 0.3 * width:
            matte = matte * smoothstep(-0.08, 0.04, np.hypot(other_u, 0.55 * other_v) - np.hypot(u, 0.55 * v))
    matte = np.maximum(matte, face)
    matte = _fill_holes(_keep_joined_to_face(matte, face), MAX_HOLE_SHARE * width**2)
    return smoothstep(0.3, 0.7, blur(np.maximum(matte, face), width / 75))


def _keep_single_person(matte: Plane, image: Image, face: Plane, width: float) -> Plane:
    """`matte` without people whom the pose model does not see as part of the person with `face`.

    Where no model finds a person, all is drawn.
    """
    margin = round(POSE_MARGIN * image.shape[1])
    padded = compute_single_person_mask(cv2.copyMakeBorder(image, margin, 0, margin, margin, cv2.BORDER_REPLICATE))
    single = None if padded is None else padded[margin:, margin : margin + image.shape[1]]
    if single is None or (single * face).sum() < MIN_FACE_COVER * face.sum():
        return matte if (matte * face).sum() > MIN_FACE_COVER * face.sum() else np.ones_like(matte)
    grown = blur(np.asarray(cv2.dilate(single, build_disc_kernel(2 * MAX_GROWTH * width)), np.float32), 0.02 * width)
    return matte * smoothstep(0.4, 0.7, grown)


def _keep_joined_to_face(matte: Plane, face: Plane) -> Plane:
    core = np.asarray(cv2.erode((matte > 0.5).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1), np.uint8)
    _, labels = cv2.connectedComponents(core)
    joined = np.isin(labels, np.setdiff1d(labels[(face > 0.5) & (core > 0)], 0)).astype(np.uint8)
    return matte * np.asarray(cv2.dilate(joined, np.ones((9, 9), np.uint8)), np.float32)


def _fill_holes(matte: Plane, max_area: float) -> Plane:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((matte < 0.5).astype(np.uint8))
    rim = set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).tolist())
    holes = [n for n in range(1, count) if n not in rim and stats[n, cv2.CC_STAT_AREA] < max_area]
    return np.where(np.isin(labels, holes), np.float32(1), matte)
