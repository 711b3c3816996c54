"""Which pixels are drawn: the people whose faces were found, without strangers, or the whole scene.

People stand before a backdrop. One whose cut-out would end in mid-air, behind a table for instance, is drawn in the
scene that the photo shows.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ...imaging.align import FACE_OVAL
from ...imaging.blend import blur, blur_mask, build_disc_kernel, smoothstep
from ...imaging.segmentation import compute_person_matte, compute_single_person_mask, refine_matte
from .head import CHIN, LEFT_CHEEK, NOSE_TIP, RIGHT_CHEEK, Head, Image, Plane

PERSON_FACE_WIDTHS = (2.0, 1.6)  # to either side and above a face: what the models look at, down to the frame
MAX_HEAD_RADIUS = 1.15  # face widths, with hair
SHOULDER_SLOPE = 4.0  # face widths that a person may grow wider per face width below the chin
MAX_GROWTH = 0.03  # face widths that hair and clothes may reach beyond the coarse mask of one person
MAX_FRINGE = 0.12  # face widths: what is thinner beside a person is hair, what is thicker is somebody else
MIN_STRANGER_SHARE = 0.2  # of a squared face width
MAX_OVERLAP = 1.2  # face widths that a body may reach into another's surroundings
POSE_MARGIN = 0.15  # of the width, added around: the pose model loses shoulders that leave the frame
MIN_FACE_COVER = 0.6  # of a face that a model must find; otherwise it saw somebody else
SURE_OF_BOTH, SURE_OF_ONE = (0.45, 0.75), (0.93, 1.0)  # the matte where both models or one sees the person: less is 0
MAX_HOLE_SHARE = 0.1  # of a squared face width: smaller holes in a person are closed, also at the picture's sides
MAX_COVER = 0.9  # of the picture: around a closer face, a backdrop is only corners
MIN_BASE = 0.5  # face widths: a cut-out that meets the lower border with less ends in mid-air


def cut_out_people(image: Image, heads: Sequence[Head]) -> tuple[list[Plane], Plane]:
    """(the matte of each of `heads` on RGB `image`, the matte of all that is drawn): float32 (h, w), 0..1.

    A face belongs to its person in any case.
    """
    shape, width = image.shape[:2], heads[0].width
    faces = [head.fill(FACE_OVAL, shape, 0.92) for head in heads]
    all_faces = np.maximum.reduce(faces)
    people = compute_person_matte(image)
    if any((people * face).sum() < MIN_FACE_COVER * face.sum() for face in faces):
        people = np.ones(shape, np.float32)  # the model does not see the person
    else:
        bodies = [
            _limit_to_person(people, image, face, head) * _compute_nearness(shape, head, heads, MAX_OVERLAP)
            for face, head in zip(faces, heads, strict=True)
        ]
        found = np.maximum.reduce([*bodies, all_faces])
        people = people * (1 - _find_strangers(people, found, width))
        sure = smoothstep(*SURE_OF_BOTH, np.minimum(people, found)), smoothstep(*SURE_OF_ONE, people)
        people = refine_matte(image, np.maximum.reduce([*sure, all_faces]), width)
        people = _fill_holes(_keep_joined_to_faces(people, all_faces), MAX_HOLE_SHARE * width**2)
        people = smoothstep(0.3, 0.7, blur_mask(np.maximum(people, all_faces), width / 50))
    mattes = [
        np.maximum(people * _compute_reach(shape, head) * _compute_nearness(shape, head, heads), face)
        for face, head in zip(faces, heads, strict=True)
    ]
    is_cut_out = people.mean() <= MAX_COVER and all(_has_base(people, head) for head in heads)
    return mattes, people if is_cut_out else np.ones_like(people)


def _has_base(people: Plane, head: Head) -> bool:
    """Whether the part of `people` with this head stands on the picture's lower border."""
    _, labels = cv2.connectedComponents((people > 0.5).astype(np.uint8))
    inside = labels[head.fill(FACE_OVAL, people.shape, 0.5) > 0.5]
    body = np.bincount(inside).argmax() if inside.size else 0
    return bool(body and (labels[-1] == body).sum() >= MIN_BASE * head.width)


def _compute_reach(shape: tuple[int, ...], head: Head) -> Plane:
    """Where a head with hair and the body below it can be, 0..1."""
    u, v = head.build_grid(shape)
    cheeks, face_front = head.points[[RIGHT_CHEEK, LEFT_CHEEK]].mean(0), (head.points[NOSE_TIP] + head.middle) / 2
    skull_u = float((cheeks - face_front) @ head.right) / head.width  # a turned face is at the front of its skull
    reach = MAX_HEAD_RADIUS + SHOULDER_SLOPE * np.maximum(v - head.locate(CHIN), 0)
    return smoothstep(0.25, 0, np.hypot(u - skull_u, np.minimum(v, 0)) - reach)


def _compute_nearness(shape: tuple[int, ...], head: Head, others: Sequence[Head], slack: float = 0.0) -> Plane:
    """0 where another of `others` is nearer by more than `slack`, each measured in its own face widths; else 1."""
    nearest = np.ones(shape, np.float32)
    u, v = head.build_grid(shape)
    for other in others:
        if other is not head and other.width > 0.3 * head.width:
            other_u, other_v = other.build_grid(shape)
            nearest *= smoothstep(-0.08, 0.04, slack + np.hypot(other_u, 0.55 * other_v) - np.hypot(u, 0.55 * v))
    return nearest


def _limit_to_person(people: Plane, image: Image, face: Plane, head: Head) -> Plane:
    """`people` where the pose model sees the person with `face`, or near the face where the model sees nobody there."""
    height, width = image.shape[:2]
    y0 = int(np.clip(head.middle[1] - PERSON_FACE_WIDTHS[1] * head.width, 0, height - 8))
    side = max(PERSON_FACE_WIDTHS[0] * head.width, 0.5 * (height - y0))
    x0 = int(np.clip(head.middle[0] - side, 0, width - 8))
    x1 = int(np.clip(head.middle[0] + side, x0 + 8, width))
    margin = round(POSE_MARGIN * (x1 - x0))
    reach = _compute_reach(image.shape, head)
    near = cv2.copyMakeBorder(image[y0:, x0:x1], margin, 0, margin, margin, cv2.BORDER_REPLICATE)
    padded = compute_single_person_mask(near)
    if padded is None:
        return people * reach
    single = np.zeros((height, width), np.float32)
    single[y0:, x0:x1] = padded[margin:, margin : margin + x1 - x0]
    if (single * face).sum() < MIN_FACE_COVER * face.sum():
        return people * reach
    grown = cv2.dilate(single, build_disc_kernel(2 * MAX_GROWTH * head.width))
    grown = blur(np.asarray(grown, np.float32), 0.02 * head.width)
    u, v = head.build_grid(image.shape)
    crown = smoothstep(0.95, 0.85, np.hypot(1.2 * u, v)) * smoothstep(-0.35, -0.45, v)  # the pose model often loses it
    seen = smoothstep(0.4, 0.7, grown) * np.maximum(reach, smoothstep(0.75, 0.95, single))
    return people * np.maximum(seen, crown)


def _find_strangers(people: Plane, found: Plane, width: float) -> Plane:
    """The parts of `people` beside those `found` that are too large to be hair or sleeves: 0 or 1."""
    rest = ((people > 0.3) & (found < 0.5 * people)).astype(np.uint8)
    disc = build_disc_kernel(2 * MAX_FRINGE * width)
    thick = np.asarray(cv2.morphologyEx(rest, cv2.MORPH_OPEN, disc), np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(thick)
    large = (stats[:, cv2.CC_STAT_AREA] >= MIN_STRANGER_SHARE * width**2)[labels].astype(np.uint8) * thick
    return np.asarray(cv2.dilate(large, disc, iterations=2) * rest, np.float32)


def _keep_joined_to_faces(matte: Plane, face: Plane) -> Plane:
    core = np.asarray(cv2.erode((matte > 0.5).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1), np.uint8)
    _, labels = cv2.connectedComponents(core)
    joined = np.isin(labels, np.setdiff1d(labels[(face > 0.5) & (core > 0)], 0)).astype(np.uint8)
    return matte * np.asarray(cv2.dilate(joined, np.ones((9, 9), np.uint8)), np.float32)


def _fill_holes(matte: Plane, max_area: float) -> Plane:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((matte < 0.5).astype(np.uint8))
    holes = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] < max_area and n not in labels[[0, -1]]]
    return np.where(np.isin(labels, holes), np.float32(1), matte)
