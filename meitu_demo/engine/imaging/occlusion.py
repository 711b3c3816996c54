"""Mask of what hides a face: locks on the forehead, hair and background at its rim; not beards, brows or glasses.

Images are RGB uint8 (h, w, 3); meshes are (468 or more, 2) points (x, y) in the image's pixels.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from .align import FACE_OVAL, FOREHEAD_LINE, Points, compute_up_vector, scale_outline
from .blend import Mask, build_disc_kernel, build_polygon_mask, feather_mask, smoothstep
from .box import Box
from .colour import EYES
from .segmentation import (
    BROW_CONTOURS,
    MIN_SKIN_STDDEV_LAB,
    downscale_to_face_width,
    measure_skin_distance,
    measure_skin_tone,
)

# Both brows' upper edges from image left to right; FOREHEAD_LINE leads back above them.
BROW_LINE = (127, 139, 70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 368, 356)
NOSE_BOTTOM = 2
FACE_WIDTH_PX = 144  # small, because the mask is computed in every fusion
RIM_START_SHARE = 0.84  # of the outline's size; outside of it, background and hair may be visible

HAIR_BAND_SCALES = (1.06, 1.3)  # of the outline's size: hair grows between, above the forehead
MIN_HAIR_SHARE = 0.25  # of the band; less is a bald head or a photo that ends there
MIN_HAIR_SIGMAS = 1.2  # hair that differs less from the skin cannot be told from it
HAIR_SIDE_SHARES = (0.42, 0.6)  # on the way from skin to hair: certainly skin below the first, hair above the second

BRIM_SHARES = (0.4, 0.7)  # of the forehead that a pale brim or hand covers: above the second it may hide brows too

CHIN_POINTS = (18, 200, 199, 175, 208, 428, 201, 421, 32, 262, 140, 369)
CHEEK_RIMS = (234, 454)  # where whiskers begin, beside the ears
BEARD_SHARES = (0.25, 0.65)  # of the chin that is unlike skin: no beard below the first, a full one above the second

NOSE_BRIDGE = (6, 197, 195)
TEMPLES = ((33, 127), (263, 356))  # outer corner of an eye, and where an arm of glasses leaves the face
GLASSES_DISTANCES = (0.3, 0.8)  # of the bridge from skin
ARM_BAND_SHARE = 0.13  # of the face's width, above and below the line from the eye to the ear


class FacePixels(NamedTuple):
    """A small copy of the face. points, width, up: its mesh. skin_distance, brighter: see `measure_skin_distance`."""

    points: Points
    width: float
    up: Points
    skin_distance: Mask
    brighter: Mask

    def measure_height(self, anchor: Points) -> Mask:
        """(h, w) height of each pixel above the point `anchor` along the face, in widths of the face."""
        rows, columns = self.skin_distance.shape
        along = np.arange(rows)[:, None] * self.up[1] + np.arange(columns)[None] * self.up[0]
        return np.asarray((along - anchor @ self.up) / self.width, np.float32)


def measure_hair_colour(image: Image, mesh: Points) -> NDArray[np.float32] | None:
    """Return the 8-bit LAB colour (3,) of the hair above the forehead; None if it is bald, cut off or like skin."""
    reach = 0.4 * np.ptp(mesh, axis=0).max()
    box = Box.enclose(mesh.min(0) - reach, mesh.max(0), image.shape, 2)
    small, points = downscale_to_face_width(image[box.slices], mesh - box.corner, FACE_WIDTH_PX)
    centre, top = points[list(FACE_OVAL)].mean(0), points[list(FOREHEAD_LINE)]
    lower, upper = (centre + (top - centre) * scale for scale in HAIR_BAND_SCALES)
    outline = np.vstack([lower, upper[::-1]])
    band = build_polygon_mask(outline, small.shape, 0) > 0.5
    pixels = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[band].astype(np.float32)
    skin, _ = measure_skin_tone(small, points)
    unlike = pixels[_count_sigmas(pixels - skin) > MIN_HAIR_SIGMAS]
    if len(unlike) < max(10.0, MIN_HAIR_SHARE * cv2.contourArea(outline.astype(np.float32))):
        return None
    hair = np.median(unlike, 0)
    return np.asarray(hair, np.float32) if _count_sigmas(hair - skin) > MIN_HAIR_SIGMAS else None


def build_occlusion_mask(image: Image, mesh: Points, hair: NDArray[np.float32] | None = None) -> Mask:
    """Return (h, w) 0..1, 1 where something hides the face: hair on the forehead, background beside a turned cheek.

    hair: its colour by `measure_hair_colour`; without it, fair strands on fair skin are missed. Brows are marked
    under a pale brim only; beards and glasses are not. The mask is dilated slightly to cover the edges of strands.
    """
    small, points = downscale_to_face_width(image, mesh, FACE_WIDTH_PX)
    width, shape = float(np.ptp(points[:, 0])), small.shape[:2]
    face = FacePixels(points, width, compute_up_vector(points), *measure_skin_distance(small, points))
    unlike_skin = strands = face.skin_distance
    if hair is not None:
        unlike_skin, strands = _judge_by_hair(small, face, hair)
    glasses, beard = _measure_glasses(face), _build_beard_mask(face)
    arms = _build_arm_mask(face) * glasses

    forehead = _build_forehead_mask(face, 0.04 + 0.04 * glasses, 0.04)
    rim = 1 - build_polygon_mask(scale_outline(points, RIM_START_SHARE), shape, 0.06 * width)
    masses = cv2.morphologyEx(unlike_skin * (1 - beard), cv2.MORPH_OPEN, build_disc_kernel(0.07 * width))
    background = face.skin_distance * face.brighter * (1 - _measure_beard(face) * beard)
    brim = _build_brim_mask(face, strands * forehead)
    shaded = cv2.dilate(brim, build_disc_kernel(0.08 * width))
    locks = np.maximum(np.maximum(strands * forehead, np.maximum(masses, background) * rim) * (1 - arms), shaded)
    grown = feather_mask(np.asarray(cv2.dilate(locks, build_disc_kernel(0.05 * width)), np.float32), 0.05 * width)
    brows = _build_contour_mask(face, BROW_CONTOURS, 0.03) * (1 - np.maximum(face.brighter, brim))
    kept = np.maximum(brows, _build_contour_mask(face, EYES, 0.06))
    grown = grown * (1 - feather_mask(kept, 0.03 * width)) * (1 - feather_mask(arms, 0.02 * width))
    return np.asarray(cv2.resize(grown, image.shape[1::-1]), np.float32)


def _build_forehead_mask(face: FacePixels, height: float, feather: float) -> Mask:
    """(h, w) 0..1, 1 on the forehead from `height` above the brows; both lengths in widths of the face."""
    centre = face.points[list(FACE_OVAL)].mean(0)
    lower = face.points[list(BROW_LINE)] + height * face.width * face.up
    upper = centre + (face.points[list(FOREHEAD_LINE)] - centre) * 1.3
    return build_polygon_mask(np.vstack([lower, upper]), face.brighter.shape, feather * face.width)


def _build_contour_mask(face: FacePixels, contours: Sequence[Sequence[int]], growth: float) -> Mask:
    """(h, w) 0..1, 1 within `contours` of mesh points, grown by half of `growth` widths of the face."""
    masks = [build_polygon_mask(face.points[list(contour)], face.brighter.shape, 0) for contour in contours]
    return np.asarray(cv2.dilate(np.maximum(*masks), build_disc_kernel(growth * face.width)), np.float32)


def _build_brim_mask(face: FacePixels, strands: Mask) -> Mask:
    """(h, w) 0..1, 1 on what is paler than skin down to the lids, if most `strands` of the forehead are as pale.

    So are a hat's brim and a hand, which hide brows too.
    """
    pale = np.minimum(3 * face.brighter, 1)
    share = float((strands * pale).sum() / max(float(_build_forehead_mask(face, 0, 0).sum()), 1.0))
    return pale * smoothstep(*BRIM_SHARES, share) * _build_forehead_mask(face, -0.08, 0.02)


def _count_sigmas(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of LAB differences (..., 3), in standard deviations of one skin."""
    return np.asarray(np.sqrt(((difference / np.array(MIN_SKIN_STDDEV_LAB, np.float32)) ** 2).sum(-1)), np.float32)


def _judge_by_hair(image: Image, face: FacePixels, hair: NDArray[np.float32]) -> tuple[Mask, Mask]:
    """(unlike skin or like hair, hair on the forehead), each (h, w) 0..1: there, a highlight is no dark hair."""
    skin, _ = measure_skin_tone(image, face.points)
    way = (hair - skin) / np.array(MIN_SKIN_STDDEV_LAB, np.float32) ** 2
    share = way / (way @ (hair - skin))
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    on_the_way = cv2.transform(lab, np.append(share, -share @ skin)[None])  # 0 at the skin's colour, 1 at the hair's
    likeness = smoothstep(*HAIR_SIDE_SHARES, on_the_way)
    highlights = face.brighter if hair[0] < skin[0] else np.zeros_like(face.brighter)
    return np.maximum(face.skin_distance, likeness), np.maximum(face.skin_distance * (1 - highlights), likeness)


def _sample(mask: Mask, points: Points) -> NDArray[np.float32]:
    """The mask's values at `points`; the edge is repeated outside."""
    x, y = np.clip(np.rint(points), 0, np.array(mask.shape[1::-1]) - 1).astype(int).T
    return mask[y, x]


def _measure_beard(face: FacePixels) -> float:
    """0..1: whether the chin is covered by a beard."""
    return float(smoothstep(*BEARD_SHARES, _sample(face.skin_distance, face.points[list(CHIN_POINTS)]).mean()))


def _build_beard_mask(face: FacePixels) -> Mask:
    """(h, w) 0..1, 1 where hair is a beard: below the nose, and below the ears on a face with a bearded chin."""
    below_nose = np.clip(-face.measure_height(face.points[NOSE_BOTTOM]) / 0.15, 0, 1)
    below_ears = np.clip(-face.measure_height(face.points[list(CHEEK_RIMS)].mean(0)) / 0.1, 0, 1)
    return np.maximum(below_nose, below_ears * _measure_beard(face))


def _measure_glasses(face: FacePixels) -> float:
    """0..1: whether something unlike skin crosses the bridge of the nose."""
    start, *_, end = face.points[list(NOSE_BRIDGE)]
    line = start + np.linspace(0, 1, 16)[:, None] * (end - start)
    return float(smoothstep(*GLASSES_DISTANCES, float(_sample(face.skin_distance, line).max())))


def _build_arm_mask(face: FacePixels) -> Mask:
    """(h, w) 0..1, 1 on what is narrow and unlike skin between the eyes and the ears."""
    distance, offset, bands = face.skin_distance, ARM_BAND_SHARE * face.width * face.up, []
    for eye, ear in TEMPLES:
        start, end = face.points[eye], 1.5 * face.points[ear] - 0.5 * face.points[eye]
        band = np.array([start + offset, end + offset, end - offset, start - offset])
        bands.append(build_polygon_mask(band, distance.shape, 0))
    thin = distance - cv2.morphologyEx(distance, cv2.MORPH_OPEN, build_disc_kernel(0.07 * face.width))
    arms = np.clip(2 * thin * np.maximum(*bands), 0, 1)
    return np.asarray(cv2.dilate(arms, build_disc_kernel(0.02 * face.width)), np.float32)
