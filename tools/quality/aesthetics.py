"""Measures the 22 shapes on real faces: the astronaut, or the given photos.

For each shape: the smallest change of its measure and the largest of an uncoupled one, computed exactly by warping
landmarks; the median change of landmarks detected again in many variants; the smallest Jacobian. Writes the table and
a contact sheet of each photo to `build/quality/`.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from meitu_demo.engine.effects.reshape import build_face_warp, reshape
from meitu_demo.engine.effects.shape_measures import MEASURES, ReferenceFace
from meitu_demo.engine.imaging.faces import Face, Image, find_faces
from meitu_demo.engine.sample_photos import load_astronaut

from . import OUTPUT
from .people import find_accepted_faces

STRENGTHS = (0.25, 0.5, 0.75, 1.0)
MIN_JACOBIAN = 0.25
# The face mesh regularises noses and chins, so that detection hardly follows the warp.
MESH_INSENSITIVE_SHAPES = frozenset({6, 14, 15})
TILE_PX, COLUMNS = 420, 6


def main(pictures: dict[str, Image] | None = None) -> int:
    """Print and write table and sheets, without pictures that would be rejected; returns 1 if a limit is missed."""
    pictures = pictures or {"astronaut": load_astronaut()}
    faces = find_accepted_faces(pictures)
    photos = {name: pictures[name] for name in faces}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, image in photos.items():
        sheet = render_contact_sheet(image, faces[name])
        cv2.imwrite(str(OUTPUT / f"aesthetics_{name}.jpg"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))

    variants = [variant for image in photos.values() for variant in generate_variants(image)]
    detected = [(image, found[0]) for image in variants if (found := find_faces(image))]
    lines = [f"{'shape':<44}{'exact':>8}{'others':>8}{'seen':>8}{'jacobian':>10}"]
    passed, detected_count, min_jacobian = 0, 0, 1.0
    for shape, measure in enumerate(MEASURES):
        exact = [measure_exact_changes(photos[name].shape, face, shape) for name, face in faces.items()]
        move, others = min(row[0] for row in exact), max(row[1] for row in exact)
        jacobian = min(build_face_warp(image.shape, face, shape).min_jacobian for image, face in detected)
        median = float(np.median([measure_detected_change(image, face, shape) for image, face in detected]))
        is_passed = move >= measure.min_change and others < 1 / 3 and jacobian > MIN_JACOBIAN
        is_passed = is_passed and (median > 0 or shape in MESH_INSENSITIVE_SHAPES)
        passed += is_passed
        detected_count += median > 0
        min_jacobian = min(min_jacobian, jacobian)
        unit, note = "°" if measure.is_angle else "%", " (blunt)" if shape in MESH_INSENSITIVE_SHAPES else ""
        lines.append(
            f"{shape:>2} {measure.name:<41}{move:>7.1f}{unit}{others:>8.2f}{median:>7.1f}{unit}{jacobian:>10.2f}"
            f"{note}{'' if is_passed else '  FELL SHORT'}"
        )
    counts = f"{passed} of {len(MEASURES)} shapes hold their bars on {len(photos)} photo(s)"
    seen = f"{detected_count} seen by the mesh again in {len(detected)} variants"
    lines.append(f"aesthetics: {counts}, {seen}, smallest Jacobian {min_jacobian:.2f}")
    (OUTPUT / "aesthetics.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0 if passed == len(MEASURES) else 1


def measure_exact_changes(frame: tuple[int, ...], face: Face, shape: int) -> tuple[float, float]:
    """(change at strength 1, or 0 if it does not rise with strength; greatest uncoupled change as a share of it).

    Both are relative to their measure's min_change, so that degrees and per cent compare.
    """
    reference, measure = ReferenceFace.from_face(face), MEASURES[shape]
    warps = [build_face_warp(frame, face, shape, strength) for strength in STRENGTHS]
    warped_points = [warp.transform_points(face.landmarks) for warp in warps]
    moves = [0.0, *(measure.compute_change(points, reference) for points in warped_points)]
    if not (np.diff(moves) > 0).all():
        return 0.0, np.inf
    others = [
        abs(other.compute_change(warped_points[-1], reference)) / other.min_change
        for number, other in enumerate(MEASURES)
        if number != shape and number not in measure.coupled_shapes
    ]
    return moves[-1], max(others) / (moves[-1] / measure.min_change)


def measure_detected_change(image: Image, face: Face, shape: int) -> float:
    """The measure's change by landmarks detected again in the reshaped picture; 0 if no face is found."""
    found = find_faces(reshape(image, face, shape, 1.0))
    if not found:
        return 0.0
    return MEASURES[shape].compute_change(found[0].landmarks.astype(np.float64), ReferenceFace.from_face(face))


def generate_variants(image: Image) -> Iterator[Image]:
    """Variants of one picture: mirrored, scaled, rotated, relit, grey and noisy."""
    height, width = image.shape[:2]
    yield image
    yield np.ascontiguousarray(image[:, ::-1])
    for scale in (0.75, 1.3, 1.7):
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        yield cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)
    for degrees in (-20, -10, 10, 20):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        yield cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    for gamma in (0.6, 1.6):
        yield np.asarray(255 * (image / 255.0) ** gamma, np.uint8)
    shade = np.linspace(0.55, 1, width)[None, :, None]
    yield np.asarray(image * shade, np.uint8)
    yield np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    noise = np.random.default_rng(1).normal(0, 8, image.shape)
    yield np.clip(image + noise, 0, 255).astype(np.uint8)


def render_contact_sheet(image: Image, face: Face) -> Image:
    """Tiles of the unchanged face and of each shape at strength 1."""
    scale = TILE_PX / (2.1 * face.width)
    x, y = face.centre
    matrix = np.array([[scale, 0, TILE_PX / 2 - x * scale], [0, scale, TILE_PX / 2 - y * scale]])

    def render_tile(picture: Image, label: str) -> Image:
        flags = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        cut = cv2.warpAffine(picture, matrix, (TILE_PX, TILE_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for colour, thickness_px in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            corner = (8, TILE_PX - 10)
            cv2.putText(cut, label, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, thickness_px, cv2.LINE_AA)
        return np.asarray(cut, np.uint8)

    tiles = [render_tile(image, "as it was")]
    tiles += [render_tile(reshape(image, face, shape), str(shape)) for shape in range(len(MEASURES))]
    tiles += [np.zeros((TILE_PX, TILE_PX, 3), np.uint8)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)
