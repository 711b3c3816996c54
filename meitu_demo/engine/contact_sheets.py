"""A face cut out of its photo with room around it, so small that it can be drawn again at each move of a slider.

Only the package's door imports it. `crop_face` blocks.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..domain.errors import TemplateHasNoFace
from ..domain.model import Endpoint, Image
from ..domain.vendor_codes import load_shapes
from ..photos import codec
from . import face_templates
from .effects.fuse import fuse
from .effects.reshape import reshape
from .imaging.face_checks import check_faces, select_faces
from .imaging.faces import Face, find_faces

VISIBLE_FACE_RATIO = 1.4  # side of what is shown / side of the face: all of it, and some hair
CROP_FACE_RATIO = 2.2  # side of what is kept / side of the face: beyond, no shape moves anything
MAX_VISIBLE_PX = 512  # px of the long side of what is shown; a smaller face is not enlarged
FACE_SCALARS = ("yaw", "pitch", "roll", "score", "cropped_share")


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """A face with its surroundings. pixels: RGB. face: in these pixels. faces: how many there are in the photo.

    square: (x, y, side) in px, the part to show.
    """

    pixels: Image
    face: Face
    face_count: int
    visible_square: tuple[int, int, int]

    def crop_visible(self, pixels: Image) -> Image:
        """What is to be seen of `pixels`, which are those of this closeup after an effect."""
        x, y, side = self.visible_square
        return np.ascontiguousarray(pixels[y : y + side, x : x + side])

    def shrink_to(self, side: int) -> "FaceCrop":
        """The same, what is shown no larger than `side` px."""
        scale = side / self.visible_square[2]
        return self if scale >= 1 else _build_face_crop(self.pixels, self.face, self.face_count, scale)

    def pack(self) -> bytes:
        """All of it as bytes, for a store that holds nothing else."""
        file, face = io.BytesIO(), self.face
        scalars = [getattr(face, name) for name in FACE_SCALARS]
        np.savez(
            file,
            pixels=self.pixels,
            landmarks=face.landmarks,
            depth=face.depth,
            scalars=scalars,
            rest=(self.face_count, *self.visible_square),
        )
        return file.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> "FaceCrop":
        """What `pack` made `data` of."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            face = Face(arrays["landmarks"], arrays["depth"], *arrays["scalars"].tolist())
            faces, x, y, side = arrays["rest"].tolist()
            return cls(arrays["pixels"], face, faces, (x, y, side))


def crop_face(endpoint: Endpoint, source: bytes) -> FaceCrop:
    """The face that `endpoint` would work on in the photo `source`, as sent. Raises ImageRejected and Refusal."""
    pixels = codec.decode(codec.prepare(source, endpoint.limits).photo.data)
    faces = find_faces(pixels)
    check_faces(faces, pixels.shape[:2], endpoint.face_requirement)
    face = select_faces(faces, endpoint.face_requirement)[0]
    (x, y), half = face.centre, CROP_FACE_RATIO * face.side / 2
    x0, y0 = max(0, int(x - half)), max(0, int(y - half))
    window = pixels[y0 : int(y + half) + 1, x0 : int(x + half) + 1]
    moved = replace(face, landmarks=face.landmarks - np.array([x0, y0], np.float32))
    return _build_face_crop(window, moved, len(faces), min(1.0, MAX_VISIBLE_PX / (VISIBLE_FACE_RATIO * face.side)))


def _build_face_crop(pixels: Image, face: Face, face_count: int, scale: float) -> FaceCrop:
    """A closeup out of `pixels`, shrunk by `scale`."""
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array([width / pixels.shape[1], height / pixels.shape[0]], np.float32)
    landmarks = (face.landmarks + np.float32(0.5)) * ratio - np.float32(0.5)
    scaled = replace(face, landmarks=landmarks, depth=face.depth * ratio.mean())
    side = min(round(VISIBLE_FACE_RATIO * scaled.side), height, width, MAX_VISIBLE_PX)
    x, y = (
        min(max(round(middle - side / 2), 0), available - side)
        for middle, available in zip(scaled.centre, (width, height), strict=True)
    )
    return FaceCrop(small, scaled, face_count, (x, y, side))


# MERGED sheets/cells.py: The pictures of a sheet, each a small JPEG, and the preview. Only the package's door imports
# it. All of it blocks.


THUMBNAIL_PX = 208  # px, the side of a shape's cell and the width of a template's
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
THUMBNAIL_QUALITY = 82  # of a JPEG that lives as long as a look


def render_preview(face_crop: FaceCrop, shape_type: int, strength: float) -> bytes:
    """The face with one shape, a JPEG of up to `closeup.MAX_VISIBLE_PX` px. Raises ValueRejected."""
    return _encode_jpeg(face_crop.crop_visible(reshape(face_crop.pixels, face_crop.face, shape_type, strength)))


def render_shapes(face_crop: FaceCrop) -> Iterator[bytes]:
    """Each shape at full strength, in the catalogue's order."""
    small = face_crop.shrink_to(THUMBNAIL_PX)
    for shape in load_shapes():
        yield render_preview(small, shape.id, 1.0)


def render_strengths(face_crop: FaceCrop, shape_type: int) -> Iterator[bytes]:
    """One shape at each of STRENGTHS. Raises ValueRejected."""
    small = face_crop.shrink_to(THUMBNAIL_PX)
    for strength in STRENGTHS:
        yield render_preview(small, shape_type, strength)


def render_templates(face_crop: FaceCrop) -> Iterator[bytes | None]:
    """The face on each template, in the gallery's order; None for one of the owner's without a face."""
    for info in face_templates.list_templates():
        try:
            template = face_templates.load_template(info.id)
        except TemplateHasNoFace:
            yield None
            continue
        fused = fuse(face_crop.pixels, face_crop.face, template)
        height = round(fused.shape[0] * THUMBNAIL_PX / fused.shape[1])
        yield _encode_jpeg(
            np.asarray(cv2.resize(fused, (THUMBNAIL_PX, height), interpolation=cv2.INTER_AREA), np.uint8)
        )


def _encode_jpeg(pixels: Image) -> bytes:
    return codec.encode(pixels, THUMBNAIL_QUALITY)


# MERGED sheets/__init__.py: Everything at once, small: a person's own face in each shape, at each strength, in each
# template. Free, offline. look the photo as it would be sent, its face found, cut out with room around blocks for
# 50–500 ms Closeup what `crop_face` finds: small, to be kept while somebody works on one photo; `pack` makes bytes of
# it preview one shape at one strength blocks for 5 ms of_shapes, of_strengths, of_templates a picture for each cell,
# one after the other: an iterator that blocks The effects are the offline engine's own, and so are the refusals:
# `crop_face` raises what a run would end in. Nothing is kept here. Imports `effects`, `imaging`, `tables`, `templates`,
# `spec` and `errors`; whoever shows them may import it.


__all__ = [
    "STRENGTHS",
    "THUMBNAIL_PX",
    "FaceCrop",
    "crop_face",
    "render_preview",
    "render_shapes",
    "render_strengths",
    "render_templates",
]
