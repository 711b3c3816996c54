"""Renders contact sheets: the user's face in each shape and at each strength, as small JPEGs.

Shapes are shown on the part of the face that they change. `crop_face` finds the face and crops it with a margin
(50–500 ms). The crop is small enough to be rendered again at every move of a slider (about 5 ms). Uses the effects of
the offline engine and raises the same rejections. Stores nothing. Every function blocks; the iterators block once per
picture.
"""

import io
import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace

import cv2
import numpy as np

from ..domain.model import Endpoint, Image
from ..domain.vendor_codes import load_shapes
from ..photos import codec
from .effects.reshape import reshape
from .imaging.align import FACE_OVAL, LIPS
from .imaging.box import Box
from .imaging.face_checks import check_faces, select_faces
from .imaging.faces import Face, find_faces

VISIBLE_FACE_RATIO = 1.4  # side of the visible square / side of the face: the face and some hair
CROP_FACE_RATIO = 2.2  # side of the crop / side of the face: no shape moves pixels outside of it
MAX_VISIBLE_PX = 512  # side of the visible square; smaller faces are not enlarged
# The part of the face that a group of shapes changes: its landmarks; side of the visible square / their longer side.
PART_LANDMARKS = {
    "face": FACE_OVAL,
    "eyes": (33, 133, 145, 159, 263, 362, 374, 386),
    "nose": (168, 2, 98, 327, 129, 358),
    "mouth": (*LIPS, 2),
}
PART_RATIOS = {"face": 1.25, "eyes": 1.4, "nose": 1.6, "mouth": 1.6}

THUMBNAIL_PX = 208  # side of a thumbnail
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
THUMBNAIL_QUALITY = 82  # JPEG


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """A face with its surroundings.

    pixels: RGB uint8 (h, w, 3). face: in the coordinates of `pixels`. face_count: faces in the whole photo.
    visible_square: (x, y, side) in px of `pixels`, the part to show.
    """

    pixels: Image
    face: Face
    face_count: int
    visible_square: tuple[int, int, int]

    def crop_visible(self, pixels: Image) -> Image:
        """Cut the visible square out of `pixels`, this crop's pixels after an effect."""
        x, y, side = self.visible_square
        return np.ascontiguousarray(pixels[y : y + side, x : x + side])

    def shrink_to(self, side: int) -> "FaceCrop":
        """Shrink until the visible square is at most `side` px; returns itself when it is."""
        x, y, visible = self.visible_square
        square = (x + visible / 2, y + visible / 2, visible)
        return self if visible <= side else _scale(self.pixels, self.face, self.face_count, square, side / visible)

    def show_part(self, part: str) -> "FaceCrop":
        """The same pixels with the visible square around one of FACE_PARTS."""
        points = self.face.landmarks[list(PART_LANDMARKS[part])]
        (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
        square = ((x0 + x1) / 2, (y0 + y1) / 2, PART_RATIOS[part] * max(x1 - x0, y1 - y0))
        return replace(self, visible_square=_fit_square(square, self.pixels.shape[:2]))

    def pack(self) -> bytes:
        """Serialize to bytes, for `unpack`."""
        file = io.BytesIO()
        np.savez(file, pixels=self.pixels, rest=(self.face_count, *self.visible_square), **asdict(self.face))
        return file.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> "FaceCrop":
        """Restore a crop from the bytes of `pack`."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            face = Face(**{field.name: arrays[field.name][()] for field in fields(Face)})  # () reads a scalar
            face_count, x, y, side = arrays["rest"].tolist()
            return cls(arrays["pixels"], face, face_count, (x, y, side))


def crop_face(endpoint: Endpoint, source: bytes) -> FaceCrop:
    """Find the face that `endpoint` would edit in the encoded photo `source`. Raises ImageRejected, EngineRejection."""
    pixels = codec.decode(codec.prepare(source, endpoint.limits).photo.data)
    faces = find_faces(pixels)
    check_faces(faces, pixels.shape[:2], endpoint.face_requirement)
    face = select_faces(faces, endpoint.face_requirement)[0]
    (x, y), half = face.centre, CROP_FACE_RATIO * face.side / 2
    box = Box.enclose((x - half, y - half), (x + half, y + half), pixels.shape)
    moved = replace(face, landmarks=face.landmarks - np.array(box.corner, np.float32))
    visible = VISIBLE_FACE_RATIO * face.side
    return _scale(pixels[box.slices], moved, len(faces), (*moved.centre, visible), min(1.0, MAX_VISIBLE_PX / visible))


def _scale(pixels: Image, face: Face, face_count: int, square: tuple[float, float, float], scale: float) -> FaceCrop:
    """A crop of all `pixels`, scaled by `scale`. square: the visible one in `pixels`, as (centre x, centre y, side)."""
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array([width / pixels.shape[1], height / pixels.shape[0]], np.float32)
    landmarks = (face.landmarks + np.float32(0.5)) * ratio - np.float32(0.5)
    scaled = replace(face, landmarks=landmarks, depth=face.depth * ratio.mean())
    visible_square = _fit_square(
        (square[0] * ratio[0], square[1] * ratio[1], square[2] * ratio.mean()), (height, width)
    )
    return FaceCrop(small, scaled, face_count, visible_square)


def _fit_square(square: tuple[float, float, float], shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(x, y, side) in px of a square (centre x, centre y, side), moved and shrunk into `shape` (height, width)."""
    side = max(1, min(round(square[2]), *shape, MAX_VISIBLE_PX))
    x, y = (
        min(max(round(middle - side / 2), 0), available - side)
        for middle, available in zip(square[:2], shape[::-1], strict=True)
    )
    return x, y, side


def _render_shape(face_crop: FaceCrop, shape_type: int, strength: float) -> bytes:
    pixels = reshape(face_crop.pixels, face_crop.face, shape_type, strength)
    return codec.encode(face_crop.crop_visible(pixels), THUMBNAIL_QUALITY)


def render_shapes(face_crop: FaceCrop) -> Iterator[bytes]:
    """Render the photo and then each shape at full strength, part by part of the face."""
    for part, shapes in itertools.groupby(load_shapes(), key=lambda shape: shape.part):
        small = face_crop.show_part(part).shrink_to(THUMBNAIL_PX)
        yield codec.encode(small.crop_visible(small.pixels), THUMBNAIL_QUALITY)
        for shape in shapes:
            yield _render_shape(small, shape.id, 1.0)


def render_strengths(face_crop: FaceCrop, shape_type: int) -> Iterator[bytes]:
    """Render one shape at each of STRENGTHS, on its part of the face. Raises ValueRejected."""
    part = next((shape.part for shape in load_shapes() if shape.id == shape_type), "face")
    small = face_crop.show_part(part).shrink_to(THUMBNAIL_PX)
    for strength in STRENGTHS:
        yield _render_shape(small, shape_type, strength)
