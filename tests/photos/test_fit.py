"""Fitting: limits hold at their edges, and pixels and quality are reduced in the right order."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import fit

MEITU = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)


def grain(width: int, height: int, strength: float = 25, seed: int = 3) -> np.ndarray:
    """A grey gradient with noise: the stronger the noise, the larger the file."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(60, 190, width, dtype=np.float32)[None, :, None]
    noise = rng.standard_normal((height, width, 1), dtype=np.float32) * strength
    return np.repeat(np.clip(slope + noise, 0, 255).astype(np.uint8), 3, 2)


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("JPEG",))


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 60), st.integers(500, 5000))
def test_fit_size_stays_within_the_sides_or_rejects(width: int, height: int, min_side: int, max_side: int) -> None:
    """Either both sides are within the limits and the aspect is preserved, or the error has the numbers."""
    limits = ImageLimits(min_side, max_side, 10**6)
    try:
        size = fit.fit_size((width, height), limits)
    except ImageRejected as error:
        size, refused = (width, height), error
    else:
        refused = None
    if refused:
        assert (refused.facts["width"], refused.facts["height"], refused.facts["limit"]) == (width, height, min_side)
        assert refused.slug == ("image_too_small" if min(width, height) < min_side else "image_too_thin")
        return
    assert min_side <= min(size) <= max(size) <= max_side
    assert size == (width, height) or max(size) == max_side
    scale = max(size) / max(width, height)
    drift = max(abs(size[0] - width * scale), abs(size[1] - height * scale))
    assert drift <= 0.5 or min(size) == 1


@pytest.mark.parametrize(("side", "kept"), [(47, False), (48, True), (4096, True), (4097, False)])
def test_fit_size_at_the_edges_of_the_limits(side: int, kept: bool) -> None:
    """Both ends of the range are accepted."""
    if side < 48:
        with pytest.raises(ImageRejected):
            fit.fit_size((200, side), MEITU)
    else:
        assert (fit.fit_size((side, 3000), MEITU) == (side, 3000)) is kept


@settings(max_examples=25, deadline=None)
@given(st.integers(48, 700), st.integers(48, 700), st.floats(0, 90), st.integers(6_000, 300_000))
def test_encode_within_limits_stays_below_the_byte_limit(
    width: int, height: int, strength: float, max_bytes: int
) -> None:
    """Whatever the picture, the file stays within its share of the limit and the sides within theirs."""
    limits = ImageLimits(16, 4096, max_bytes)
    data, size = fit.encode_within_limits(grain(width, height, strength), limits)
    assert len(data) <= 0.95 * max_bytes
    assert read(data).size == size
    assert min(size) >= 16


def test_prepare_preserves_pixels_and_colours_of_a_small_photo() -> None:
    """A photo far below the limits is not shrunk, and chroma is not subsampled."""
    pixels = grain(640, 480, 4)
    data, size = fit.encode_within_limits(pixels, MEITU)
    image = read(data)
    assert size == (640, 480)
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
    assert not image.info.get("progressive")
    assert np.abs(np.asarray(image).astype(int) - pixels).mean() < 1.5


def test_fit_reduces_quality_before_pixels_that_a_face_needs() -> None:
    """A noisy photo of 2304 px keeps every pixel; only its quality is reduced."""
    limits = ImageLimits(48, 4096, 2_500_000)
    pixels = grain(3072, 2304, 16)
    assert len(fit.encode(pixels, 92, full_colour=False)) > limits.max_bytes
    assert fit.choose_size_for_bytes(pixels, (3072, 2304), limits) == (3072, 2304)
    data, size = fit.encode_within_limits(pixels, limits)
    assert size == (3072, 2304)
    assert 0.85 * 0.95 * limits.max_bytes < len(data) <= 0.95 * limits.max_bytes


def test_fit_reduces_pixels_that_no_face_needs_first() -> None:
    """A heavy photo shrinks at once, but never below 48 × 48 px on its short side."""
    pixels = grain(4000, 3000, 20)
    width, height = fit.choose_size_for_bytes(pixels, (4000, 3000), MEITU)
    assert 2304 <= height < 3000
    assert abs(width / height - 4 / 3) < 0.001
    light = grain(4000, 3000, 1)
    assert fit.choose_size_for_bytes(light, (4000, 3000), MEITU) == (4000, 3000)


def test_fit_prediction_saves_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large photo is encoded whole at most twice; everything else looks at bands of an eighth."""
    whole: list[int] = []
    encode = fit.encode

    def counted(pixels: np.ndarray, quality: int = 95, *, full_colour: bool = True) -> bytes:
        whole.append(pixels.shape[0])
        return encode(pixels, quality, full_colour=full_colour)

    monkeypatch.setattr(fit, "encode", counted)
    for strength in (2, 8, 14):
        whole.clear()
        fit.encode_within_limits(grain(2400, 1800, strength), MEITU)
        assert whole.count(1800) <= 2
        assert max(rows for rows in whole if rows != 1800) <= 1800 / 8 + 16


def test_fit_encodes_a_photo_within_limits_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even noise needs no prediction where its bare pixels would do: one encode, at the finest quality."""
    qualities: list[int] = []
    encode = fit.encode

    def counted(pixels: np.ndarray, quality: int = 95, *, full_colour: bool = True) -> bytes:
        qualities.append(quality)
        return encode(pixels, quality, full_colour=full_colour)

    monkeypatch.setattr(fit, "encode", counted)
    noise = grain(640, 640, 80)
    assert fit.choose_size_for_bytes(noise, (640, 640), MEITU) == (640, 640)
    data, size = fit.encode_within_limits(noise, MEITU)
    assert size == (640, 640)
    assert qualities == [95]
    assert len(data) <= noise.size


def test_fit_rejects_a_photo_that_cannot_fit() -> None:
    """A photo that is too heavy at the smallest side and lowest quality is rejected."""
    with pytest.raises(ImageRejected) as caught:
        fit.encode_within_limits(grain(400, 400, 80), ImageLimits(300, 4096, 5_000))
    assert caught.value.slug == "image_too_large_file"
    assert caught.value.facts["limit"] == 5_000
