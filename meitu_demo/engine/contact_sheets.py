"""Renders contact sheets: the user's face in each shape and at each strength, as small JPEGs.

`crop_face` finds the face and crops it with a margin (50–500 ms). The crop is small enough to be rendered again at
every move of a slider (about 5 ms). Uses the effects of the offline engine and raises the same rejections. Stores
nothing. Every function blocks; the iterators block once per picture.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..domain.model import Endpoint, Image
from ..domain.vendor_codes import load_shapes
from ..photos import codec
from .effects.reshape import reshape
from .imaging.face_checks import check_faces, select_faces
from .imaging.faces import Face, find_faces

VISIBLE_FACE_RATIO = 1.4  # side of the visible square / side of the face: the face and some hair
CROP_FACE_RATIO = 2.2  # side of the crop / side of the face: no shape moves pixels outside of it
MAX_VISIBLE_PX = 512  # side of the visible square; smaller faces are not enlarged
FACE_SCALARS = ("yaw", "pitch", "roll", "score", "cropped_share")

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
        scale = side / self.visible_square[2]
        return self if scale >= 1 else _build_face_crop(self.pixels, self.face, self.face_count, scale)

    def pack(self) -> bytes:
        """Serialize to bytes, for `unpack`."""
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
        """Restore a crop from the bytes of `pack`."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            face = Face(arrays["landmarks"], arrays["depth"], *arrays["scalars"].tolist())
            faces, x, y, side = arrays["rest"].tolist()
            return cls(arrays["pixels"], face, faces, (x, y, side))


def crop_face(endpoint: Endpoint, source: bytes) -> FaceCrop:
    """Find the face that `endpoint` would edit in the encoded photo `source`. Raises ImageRejected, EngineRejection."""
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
    """Build a crop of all `pixels`, scaled by `scale`."""
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


def _render_shape(face_crop: FaceCrop, shape_type: int, strength: float) -> bytes:
    return _encode_jpeg(face_crop.crop_visible(reshape(face_crop.pixels, face_crop.face, shape_type, strength)))


def render_shapes(face_crop: FaceCrop) -> Iterator[bytes]:
    """Render each shape at full strength, in the catalogue's order."""
    small = face_crop.shrink_to(THUMBNAIL_PX)
    for shape in load_shapes():
        yield _render_shape(small, shape.id, 1.0)


def render_strengths(face_crop: FaceCrop, shape_type: int) -> Iterator[bytes]:
    """Render one shape at each of STRENGTHS. Raises ValueRejected."""
    small = face_crop.shrink_to(THUMBNAIL_PX)
    for strength in STRENGTHS:
        yield _render_shape(small, shape_type, strength)


def _encode_jpeg(pixels: Image) -> bytes:
    return codec.encode(pixels, THUMBNAIL_QUALITY)
