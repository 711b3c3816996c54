"""The visible label: high enough for the standard, readable on any background, and only in a corner."""

import io
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import JpegImagePlugin

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import Image
from meitu_demo.domain.translations import translate
from meitu_demo.photos import codec, label
from meitu_demo.photos.label import add_label, draw_label

TEXTS = ("AI生成", "AI made")
SIZES = [(48, 48), (100, 480), (300, 300), (301, 517), (640, 480), (1137, 910), (2204, 970), (4096, 3072)]  # h, w


def flat(size: tuple[int, int], value: int) -> Image:
    return np.full((*size, 3), value, np.uint8)


def backgrounds(size: tuple[int, int]) -> dict[str, Image]:
    """The backgrounds on which a label is hardest to read."""
    noise = np.random.default_rng(5).integers(0, 256, (*size, 3), dtype=np.uint8)
    stripes = np.repeat(np.arange(size[1])[None, :] // 3 % 2 * 255, size[0], 0)[..., None].repeat(3, 2).astype(np.uint8)
    return {
        "white": flat(size, 255),
        "black": flat(size, 0),
        "grey": flat(size, 118),
        "noise": noise,
        "stripes": stripes,
    }


def luminance(pixels: Image) -> NDArray[np.float64]:
    """WCAG's relative luminance."""
    share = pixels / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ (0.2126, 0.7152, 0.0722))


def ink(size: tuple[int, int], text: str) -> NDArray[np.bool_]:
    """Where the text is at least half covered, measured on black."""
    return np.asarray(draw_label(flat(size, 0), text)[..., 1] >= 128)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("character", ["A", "I", "生", "成"])
def test_label_characters_are_high_enough(size: tuple[int, int], character: str) -> None:
    """Capitals and Chinese characters measure at least 5 % of the short side in the pixels that are white."""
    rows = np.flatnonzero(ink(size, character).any(1))
    assert rows[-1] + 1 - rows[0] >= 0.05 * min(size)


def test_label_height_figure(figure: Callable[[str], None]) -> None:
    """The least height over all sizes, in hundredths of the short side."""
    heights = {}
    for size, character in product(SIZES, "I生"):
        rows = np.flatnonzero(ink(size, character).any(1))
        heights[size, character] = (rows[-1] + 1 - rows[0]) / min(size)
    assert min(heights.values()) >= 0.05
    figure(f"label: characters at least {100 * min(heights.values()):.2f} % of the short side high (5 are asked for)")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("side", [512, 1080, 3000])
def test_label_is_at_most_a_quarter_of_the_width(language: str, side: int) -> None:
    """The plate of the label that is drawn, in either language, takes at most a quarter of a square picture's width."""
    plate = (draw_label(flat((side, side), 255), translate("label.visible", language)) < 255).any((0, 2))
    assert np.count_nonzero(plate) <= side / 4


@pytest.mark.parametrize("text", TEXTS)
def test_label_is_readable_on_any_background(text: str, figure: Callable[[str], None]) -> None:
    """White, black, grey, noise or stripes behind the plate: the text's contrast to each of its pixels is 4.5."""
    size = (400, 500)
    over_white = draw_label(flat(size, 255), text)
    changed = (over_white < 255).all(2)
    solid = (over_white <= over_white.min((0, 1)) + 1).all(2)  # without letters' edges and the round corners' edge
    assert solid.sum() > 0.8 * changed.sum()
    least = {}
    for name, background in backgrounds(size).items():
        drawn = draw_label(background, text)
        least[name] = 1.05 / (luminance(drawn[solid]).max() + 0.05)
        letters = drawn[draw_label(flat(size, 0), text).min(2) == 255]
        assert len(letters) > 300
        assert (letters == 255).all()
    assert min(least.values()) >= 4.5
    worst = min(least, key=lambda name: least[name])
    figure(f"label: contrast of “{text}” at least {least[worst]:.1f}, on {worst} (4.5 are asked for)")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", TEXTS)
def test_label_changes_only_the_corner(size: tuple[int, int], text: str) -> None:
    """Only a plate in the lower right corner changes, and the input picture is not modified."""
    before = backgrounds(size)["noise"]
    original = before.copy()
    after = draw_label(before, text)
    assert np.array_equal(before, original)
    changed = (after != before).any(2)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert rows[0] >= size[0] - max(0.21 * min(size), 36)
    assert columns[0] >= size[1] - max(0.29 * min(size), 60)
    if min(size) >= 300:
        margin = round(0.03 * min(size))
        assert size[0] - 1 - rows[-1] == pytest.approx(margin, abs=2)
        assert size[1] - 1 - columns[-1] == pytest.approx(margin, abs=2)
        assert columns[0] > 0.7 * size[1]


def test_label_rejects_characters_without_a_shape() -> None:
    """A character that could only be drawn as an empty box is a ValueError."""
    with pytest.raises(ValueError, match="合"):
        draw_label(flat((300, 300), 0), "AI合成")


@pytest.mark.parametrize("character", label.STROKES)
@pytest.mark.parametrize("side", [13.4, 27.0, 400.0])
def test_label_chinese_character_fills_its_square(character: str, side: float) -> None:
    """Its ink keeps to the square, and its upper and lower ends are where the label expects them."""
    drawn = label.render_character(character, side)
    rows = np.flatnonzero((drawn >= 128).any(1))
    assert rows[0] == pytest.approx(label.INK_TOP * side / 1000, abs=1.5 + side / 100)
    assert rows[-1] + 1 == pytest.approx(label.INK_BOTTOM * side / 1000, abs=1.5 + side / 100)
    assert 0.2 < (drawn / 255).mean() < 0.35


# ── A file with a label ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("kind", "becomes"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "WEBP"), ("BMP", "JPEG")])
def test_label_preserves_the_file_format(kind: str, becomes: str, portrait_pixels: Image) -> None:
    """The label is there, and outside it the picture is unchanged except for one fine encoding."""
    buffer = io.BytesIO()
    Pictures.fromarray(portrait_pixels).save(buffer, kind)
    before = codec.decode(buffer.getvalue())
    data = add_label(buffer.getvalue(), TEXTS[0])
    after = codec.decode(data)
    with Pictures.open(io.BytesIO(data)) as opened:
        assert opened.format == becomes
        if becomes == "JPEG":
            assert JpegImagePlugin.get_sampling(opened) == 0  # 4:4:4
    outside = (slice(0, 260), slice(0, 320))
    difference = np.abs(after[outside].astype(int) - before[outside])
    assert difference.mean() < (0.01 if becomes == "PNG" else 2.5)
    assert np.abs(after.astype(int) - draw_label(before, TEXTS[0])).mean() < (0.01 if becomes == "PNG" else 2.5)


def test_label_on_our_own_jpeg_encodes_its_rows_only(portrait_pixels: Image) -> None:
    """Above the label every pixel stays as it was, and a result is not encoded twice; a turned file is, upright."""
    master = codec.encode(portrait_pixels)
    before, after = codec.decode(master), codec.decode(add_label(master, TEXTS[0]))
    changed = np.flatnonzero((after != before).any((1, 2)))
    assert changed[0] >= len(before) * 0.75
    assert np.abs(after.astype(int) - draw_label(before, TEXTS[0])).mean() < 0.3
    turned = Pictures.Exif()
    turned[0x0112] = 3
    stream = io.BytesIO()
    Pictures.open(io.BytesIO(master)).save(stream, "JPEG", exif=turned, quality="keep")
    upside_down = codec.decode(add_label(stream.getvalue(), TEXTS[0]))
    assert np.abs(upside_down[:200].astype(int) - before[::-1, ::-1][:200]).mean() < 2.5


def test_label_rejects_bytes_that_are_not_a_picture() -> None:
    """Bytes that are not a picture are an ImageRejected error."""
    with pytest.raises(ImageRejected):
        add_label(b"nothing", TEXTS[0])
