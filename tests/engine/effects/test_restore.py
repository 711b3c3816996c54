"""Quality restoration, measured on real photos made worse in known ways."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from meitu_demo.engine.effects.restore import MIN_SHORT_SIDE_PX, restore
from meitu_demo.engine.sample_photos import degrade

Image = NDArray[np.uint8]


@cache
def photos() -> tuple[Image, ...]:
    """Five real photos, 256×256 or more, cut to keep the tests short."""
    motorcycle = data.stereo_motorcycle()[0]
    whole = (data.astronaut()[:300, :300], data.chelsea(), data.coffee(), data.rocket(), motorcycle)
    return tuple(np.ascontiguousarray(photo[:300, -360:]) for photo in whole)


def noise(image: Image, strength: float) -> Image:
    grain = np.random.default_rng(7).normal(0, strength, image.shape)
    return np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)


def jpeg(image: Image, quality: int) -> Image:
    _, file = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def blur(image: Image, radius: float) -> Image:
    return cv2.GaussianBlur(image, (0, 0), radius)


def decibels(true: Image, image: Image) -> float:
    return float(10 * np.log10(255**2 / max(float(np.mean((true.astype(float) - image) ** 2)), 1e-9)))


def luma(image: Image) -> NDArray[np.float32]:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)


def sharpness(image: Image) -> float:
    return float(np.abs(cv2.Laplacian(luma(image), cv2.CV_32F)).mean())


def camera_noise(image: Image) -> Image:
    """Noise of 10 levels, softened as a camera's processing softens it."""
    grain = cv2.GaussianBlur(np.random.default_rng(7).normal(0, 1, image.shape), (0, 0), 0.6)
    return np.clip(np.rint(image + grain * (10 / grain.std())), 0, 255).astype(np.uint8)


def sensor_noise(image: Image) -> Image:
    """Noise of 10 levels on the pixels of a Bayer sensor, demosaiced."""
    raw = image[..., 1].astype(float)
    raw[::2, ::2], raw[1::2, 1::2] = image[::2, ::2, 0], image[1::2, 1::2, 2]
    return cv2.cvtColor(noise(raw, 10), cv2.COLOR_BAYER_RGGB2RGB)


def chroma_blotches(image: Image) -> Image:
    """Colour noise of 12 levels that is several pixels wide."""
    ycc = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb).astype(float)
    blotches = cv2.GaussianBlur(np.random.default_rng(7).normal(0, 1, (*image.shape[:2], 2)), (0, 0), 3)
    ycc[..., 1:] += blotches * (12 / blotches.std())
    return cv2.cvtColor(np.clip(np.rint(ycc), 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB)


DEGRADATIONS: dict[str, Callable[[Image], Image]] = {
    "noise 5": lambda image: noise(image, 5),
    "noise 15": lambda image: noise(image, 15),
    "noise 25": lambda image: noise(image, 25),
    "jpeg 10": lambda image: jpeg(image, 10),
    "jpeg 20": lambda image: jpeg(image, 20),
    "jpeg 60": lambda image: jpeg(image, 60),
}


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_restore_beats_filters_that_know_the_error(kind: str) -> None:
    """On the mean of five photos, blind restoration is better than a bilateral, a guided and a non-local means
    filter.
    """
    pairs = [(photo, DEGRADATIONS[kind](photo)) for photo in photos()]
    ours = np.mean([decibels(true, restore(bad, enlarge=False)) for true, bad in pairs])
    errors = [float(np.sqrt(np.mean((true - bad.astype(float)) ** 2))) for true, bad in pairs]

    def mean_of(rival: Callable[[Image, float], Image]) -> float:
        return float(np.mean([decibels(true, rival(bad, e)) for (true, bad), e in zip(pairs, errors, strict=True)]))

    assert ours > mean_of(lambda image, e: cv2.bilateralFilter(image, -1, 3 * e, 3))
    assert ours > mean_of(lambda image, e: cv2.ximgproc.guidedFilter(image, image, 2, (1.5 * e) ** 2))
    assert ours > mean_of(lambda image, e: cv2.fastNlMeansDenoisingColored(image, None, 0.7 * e, 0.7 * e))


@pytest.mark.parametrize(
    "spoil",
    [
        *DEGRADATIONS.values(),
        lambda image: jpeg(noise(image, 15), 20),
        lambda image: blur(image, 1.5),
        lambda image: noise(blur(image, 2), 5),
        lambda image: (image * 0.35).astype(np.uint8),
    ],
)
def test_restore_makes_no_photo_worse(spoil: Callable[[Image], Image]) -> None:
    """Whatever the degradation, no photo loses more than 0.1 dB."""
    for photo in photos():
        bad = spoil(photo)
        assert decibels(photo, restore(bad, enlarge=False)) > decibels(photo, bad) - 0.1


def test_restore_preserves_clean_photos() -> None:
    """A photo without a flaw stays within 48 dB of itself, including textured and naturally dark ones."""
    textures = [np.dstack([texture] * 3) for texture in (data.brick(), data.grass(), data.gravel(), data.moon())]
    for photo in (*photos(), *textures, data.rocket(), data.immunohistochemistry()):
        assert decibels(photo, restore(photo, enlarge=False)) > 48


def test_restore_brightens_a_dark_photo_without_clipping() -> None:
    """A photo with a third of its light comes near the true picture, and next to nothing is driven to white."""
    for photo in photos():
        dark = np.rint(photo * 0.35).astype(np.uint8)
        restored = restore(dark, enlarge=False)
        assert luma(restored).mean() > 1.9 * luma(dark).mean()
        assert decibels(photo, restored) > decibels(photo, dark) + 5
        assert np.mean(restored == 255) < np.mean(photo == 255) + 0.002


def test_restore_gives_a_flat_photo_contrast_without_clipping() -> None:
    """A hazy picture spreads over at least 1.7 times its range, and neither end is clipped."""
    photo = data.astronaut()
    hazy = np.rint(photo * 0.25 + 100).astype(np.uint8)
    restored = restore(hazy, enlarge=False)
    assert np.std(luma(restored)) > 1.7 * np.std(luma(hazy))
    assert np.mean((restored == 0) | (restored == 255)) < 0.01


def test_restore_undoes_blur() -> None:
    """A blurred photo gains more than 1 dB and a good part of its sharpness."""
    photo = data.astronaut()
    soft = blur(photo, 1.6)
    restored = restore(soft, enlarge=False)
    assert decibels(photo, restored) > decibels(photo, soft) + 1
    assert sharpness(restored) > 1.5 * sharpness(soft)


def test_restore_enlarges_small_photos_sharper_than_bicubic() -> None:
    """A photo halved and restored is closer to the true one than bicubic enlargement, and has stronger edges."""
    for photo in photos():
        small = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        bicubic = cv2.resize(small, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        restored = restore(small)
        assert restored.shape == photo.shape
        assert decibels(photo, restored) > decibels(photo, bicubic)
        assert sharpness(restored) > 1.1 * sharpness(bicubic)


@pytest.mark.parametrize(("short", "factor"), [(MIN_SHORT_SIDE_PX - 1, 2), (MIN_SHORT_SIDE_PX, 1)])
def test_restore_enlarges_small_photos_only(short: int, factor: int) -> None:
    """The short side decides: 719 pixels double, 720 stay."""
    photo = cv2.resize(data.coffee(), (short + 80, short))
    assert restore(photo).shape == (factor * short, factor * (short + 80), 3)


def test_restore_improves_the_degraded_example() -> None:
    """The example is the same every time and has the photo's size, and restoring it gains more than 10 dB."""
    photo = data.astronaut()
    bad = degrade(photo)
    assert bad.shape == photo.shape
    assert np.array_equal(bad, degrade(photo))
    restored = restore(bad, enlarge=False)
    assert decibels(photo, restored) > decibels(photo, bad) + 10
    assert sharpness(blur(restored, 1)) > 1.5 * sharpness(blur(bad, 1))


def test_restore_is_pure_and_deterministic() -> None:
    """The same photo gives the same picture, and the caller's array keeps its pixels."""
    photo = noise(data.coffee(), 10)
    before = photo.copy()
    assert np.array_equal(restore(photo), restore(photo))
    assert np.array_equal(photo, before)


@pytest.mark.parametrize(
    ("degradation", "min_gain_db"),
    [
        (camera_noise, 3.0),
        (lambda image: jpeg(camera_noise(image), 60), 0.8),
        (lambda image: jpeg(camera_noise(image), 85), 1.2),
        (sensor_noise, 1.5),
        (lambda image: jpeg(sensor_noise(image), 60), 0.2),
        (lambda image: jpeg(sensor_noise(image), 85), 0.4),
        (chroma_blotches, 2.5),
    ],
    ids=["camera", "camera, JPEG 60", "camera, JPEG 85", "Bayer", "Bayer, JPEG 60", "Bayer, JPEG 85", "blotches"],
)
def test_restore_removes_camera_noise(degradation: Callable[[Image], Image], min_gain_db: float) -> None:
    """Noise that a camera's processing has coloured is removed on every photo, though it looks like texture."""
    gains = []
    for photo in photos():
        noisy = degradation(photo)
        gains.append(decibels(photo, restore(noisy, enlarge=False)) - decibels(photo, noisy))
    assert min(gains) > min_gain_db


@pytest.mark.parametrize("texture", [data.grass, data.gravel, data.brick])
def test_restore_keeps_texture(texture: Callable[[], Image]) -> None:
    """Grass, gravel and brick have a spectrum like camera noise but no noise in colour: they stay as they are."""
    photo = np.dstack([texture()[:256, :256]] * 3) * np.array([0.8, 1, 0.6])
    photo = np.rint(photo).astype(np.uint8)
    assert decibels(photo, restore(photo, enlarge=False)) > 48
