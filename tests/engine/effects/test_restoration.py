"""The steps of quality restoration: what they measure and repair, and the treatment of faces."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.effects.restoration import planes
from meitu_demo.engine.effects.restoration.deblur import measure_blur_sigma
from meitu_demo.engine.effects.restoration.denoise import (
    denoise_sliding_dct,
    estimate_white_noise,
    measure_grain_spectrum,
)
from meitu_demo.engine.effects.restoration.exposure import fit_exposure_curve
from meitu_demo.engine.effects.restoration.jpeg_trace import find_grid_origin, find_jpeg
from meitu_demo.engine.effects.restoration.planes import (
    DCT_MATRIX,
    INVERSE_DCT_MATRIX,
    assemble_plane,
    extract_blocks,
)
from meitu_demo.engine.effects.restoration.portrait import EYE_LANDMARKS, sharpen_features
from meitu_demo.engine.effects.restore import restore
from meitu_demo.engine.imaging.align import FACE_OVAL
from meitu_demo.engine.imaging.blend import build_polygon_mask
from meitu_demo.engine.imaging.faces import Face, find_faces


def luma_of(image: np.ndarray) -> np.ndarray:
    return planes.split_ycbcr(image)[0]


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    _, file = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_dct_is_orthonormal_and_invertible() -> None:
    """Extracting, transforming, inverting and assembling gives the same plane; the power is preserved."""
    plane = luma_of(data.coffee())
    coefficients = extract_blocks(plane) @ DCT_MATRIX
    assert np.allclose(assemble_plane(coefficients @ INVERSE_DCT_MATRIX, 50, 75), plane, atol=1e-3)
    assert np.sum(coefficients**2) == pytest.approx(np.sum(plane**2), rel=1e-5)


def test_ycbcr_round_trip_is_lossless() -> None:
    """Splitting into luma and chroma and merging again loses nothing."""
    photo = data.astronaut()
    assert np.array_equal(planes.merge_ycbcr(*planes.split_ycbcr(photo)), photo)


@pytest.mark.parametrize("strength", [5, 15, 25])
@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_noise_estimate_is_within_a_seventh(name: str, strength: float) -> None:
    """The estimated level is within a seventh of the true one, whatever the picture."""
    photo = getattr(data, name)()
    noisy = luma_of(photo) + np.random.default_rng(1).normal(0, strength, photo.shape[:2]).astype(np.float32)
    assert estimate_white_noise(measure_grain_spectrum(noisy, luma_of(photo))) == pytest.approx(strength, rel=0.15)


def test_noise_estimate_discounts_texture() -> None:
    """Grass and gravel, which fill every block, count as less than half of what noise of 5 would."""
    for texture in (data.grass(), data.gravel(), data.brick()):
        plane = texture.astype(np.float32)
        assert estimate_white_noise(measure_grain_spectrum(plane, plane)) < 2.2


@pytest.mark.parametrize("quality", [5, 10, 20, 35, 60, 70])
def test_find_jpeg_reads_the_quality_from_the_pixels(quality: int) -> None:
    """The exact libjpeg setting is found, even after the picture was cropped off its grid."""
    squeezed = jpeg(data.coffee(), quality)
    whole, cropped = find_jpeg(luma_of(squeezed)), find_jpeg(luma_of(squeezed[3:, 6:]))
    assert whole is not None
    assert cropped is not None
    assert whole.quality == cropped.quality == quality
    assert find_grid_origin(luma_of(squeezed[3:, 6:])) == (5, 2)


def test_find_jpeg_returns_none_without_a_jpeg() -> None:
    """Photos from PNG files, noise, blur and a chessboard show no quantisation."""
    board = np.dstack([data.checkerboard()] * 3)
    for photo in (data.astronaut(), data.coffee(), cv2.GaussianBlur(data.chelsea(), (0, 0), 2), board):
        assert find_jpeg(luma_of(photo)) is None
    assert find_jpeg(np.random.default_rng(0).uniform(0, 255, (200, 200)).astype(np.float32)) is None


def test_blur_estimate_uses_the_sharpest_edges() -> None:
    """The estimate grows with the true blur, and a soft background does not make a photo blurred."""
    photo = data.astronaut()
    radii = [measure_blur_sigma(luma_of(cv2.GaussianBlur(photo, (0, 0), true))) for true in (1.2, 1.6, 2.0, 3.0)]
    assert np.allclose(radii, (1.2, 1.6, 2.0, 3.0), rtol=0.2)
    portrait = cv2.GaussianBlur(photo, (0, 0), 4)
    portrait[0:260, 120:320] = photo[0:260, 120:320]
    assert measure_blur_sigma(luma_of(portrait)) < 0.88


def test_exposure_curve_is_the_identity_unless_dark_or_flat() -> None:
    """Night, stars and black backdrops are left alone; a photo with a third of its light is not."""
    for photo in (data.rocket(), data.astronaut(), data.chelsea(), data.hubble_deep_field(), data.retina()):
        assert not fit_exposure_curve(luma_of(photo)).has_effect
        assert fit_exposure_curve(0.35 * luma_of(photo)).gain > 2


def test_exposure_curve_is_monotone_and_below_white() -> None:
    """Any curve keeps the order of all levels and ends below 255."""
    levels = np.arange(256, dtype=np.float32)[None]
    for luma in (0.2 * levels, 100 + 0.2 * levels, 0.4 * levels):
        (bent,) = fit_exposure_curve(luma).apply(levels)
        assert (np.diff(bent) >= 0).all()
        assert bent.max() < 255.0


def test_denoise_keeps_what_exceeds_the_noise() -> None:
    """With a vanishing noise level the plane is unchanged up to its edges."""
    plane = luma_of(data.coffee())[:203, :301]
    assert np.allclose(denoise_sliding_dct(plane, np.full(64, 1e-3, np.float32)), plane, atol=0.02)


def test_restore_treats_faces_specially() -> None:
    """On a noisy portrait the given face's eyes are clearer; the rest is the same."""
    photo = data.astronaut()
    noisy = np.clip(photo + np.random.default_rng(3).normal(0, 12, photo.shape), 0, 255).astype(np.uint8)
    (face,) = find_faces(photo)
    plain, cared = (luma_of(restore(noisy, faces, enlarge=False)) for faces in ((), (face,)))

    def detail(luma: np.ndarray, middle: np.ndarray, reach: int) -> float:
        x, y = middle.astype(int)
        patch = luma[y - reach : y + reach, x - reach : x + reach]
        return float(np.std(patch - cv2.GaussianBlur(patch, (0, 0), 1.5)))

    for iris in (468, 473):
        assert detail(cared, face.landmarks[iris], 9) > 1.1 * detail(plain, face.landmarks[iris], 9)
    assert np.array_equal(plain[300:], cared[300:])


def test_sharpen_features_adds_up_for_neighbours() -> None:
    """Each of two faces side by side is sharpened as if it were alone, whichever comes first."""
    photo = data.astronaut()
    (face,) = find_faces(photo)
    luma, beside = luma_of(photo), replace(face, landmarks=face.landmarks + np.array((0.9 * face.width, 0), np.float32))
    alone, other = (sharpen_features(luma, (one,)) - luma for one in (face, beside))
    for pair in ((face, beside), (beside, face)):
        assert np.allclose(sharpen_features(luma, pair) - luma, alone + other, atol=1e-3)


def test_restore_preserves_a_clean_portrait() -> None:
    """The special treatment of the face keeps a good portrait within 48 dB of itself."""
    photo = data.astronaut()
    error = np.mean((restore(photo, find_faces(photo), enlarge=False).astype(float) - photo) ** 2)
    assert 10 * np.log10(255**2 / error) > 48


def darken_face(photo: np.ndarray, faces: tuple[Face, ...], gamma: float) -> np.ndarray:
    """The photo with its largest face, and what surrounds it, in shadow, before the bright rest."""
    mask = np.zeros(photo.shape[:2], np.float32)
    x, y = (int(value) for value in faces[0].centre)
    cv2.circle(mask, (x, y), int(1.1 * faces[0].side), 1, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 6)[..., None]
    return np.rint(photo * (1 - mask) + 255 * (photo / 255) ** gamma * mask).astype(np.uint8)


def test_restore_brightens_a_dark_face_before_a_bright_wall() -> None:
    """A face in shadow comes back 7 dB nearer to the well-lit one, and what was white stays white."""
    photo = data.astronaut()
    faces = find_faces(photo)
    dark = darken_face(photo, faces, 3.5)
    restored = restore(dark, faces, enlarge=False)
    x0, y0, x1, y1 = (int(value) for value in faces[0].box)

    def decibels(image: np.ndarray) -> float:
        error = photo[y0:y1, x0:x1].astype(float) - image[y0:y1, x0:x1]
        return float(10 * np.log10(255**2 / np.mean(error**2)))

    assert decibels(restored) > decibels(dark) + 7
    assert np.abs(restored[dark.min(2) > 250].astype(int) - 255).max() <= 8


def test_restore_leaves_a_well_lit_face() -> None:
    """A face in good light is not brightened, nor is dark skin, whose eyes are bright."""
    photo = data.astronaut()
    faces = find_faces(photo)
    assert not fit_exposure_curve(luma_of(photo), faces).has_effect
    skin = build_polygon_mask(faces[0].landmarks[list(FACE_OVAL)].astype(float), photo.shape[:2], 2)
    for eye in EYE_LANDMARKS:
        skin -= build_polygon_mask(faces[0].landmarks[list(eye)].astype(float), photo.shape[:2], 2)
    dark_skin = luma_of(photo) * (1 - 0.65 * np.clip(skin, 0, 1))
    assert not fit_exposure_curve(dark_skin.astype(np.float32), faces).has_effect


def test_restore_does_not_sharpen_features_in_a_coarse_jpeg() -> None:
    """What is left of JPEG artefacts is not sharpened, what a clean photo shows is."""
    photo = np.ascontiguousarray(data.astronaut()[:260, 90:350])
    faces = find_faces(photo)

    def measure_sharpening(image: np.ndarray) -> float:
        cared, plain = (restore(image, found, enlarge=False).astype(float) for found in (faces, ()))
        return float(np.abs(cared - plain).mean())

    assert measure_sharpening(jpeg(photo, 40)) == 0 < measure_sharpening(photo)
