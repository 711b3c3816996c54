"""The codec: conversions and their report, orientation, colours, and removal of metadata."""

import io
import struct
from dataclasses import replace

import cv2
import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin
from skimage.data import astronaut

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import embed_provenance
from meitu_demo.photos.provenance.record import Provenance, SourceType

pillow_heif.register_heif_opener()
MEITU = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
AILAB = ImageLimits(min_side_px=11, max_side_px=1999, max_bytes=3_000_000)
CANARY = b"CANARY-5c1f"


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def portrait(width: int = 160, height: int = 120) -> Image.Image:
    return Image.fromarray(astronaut()).resize((width, height))


def slugs(data: bytes, limits: ImageLimits = MEITU) -> dict[str, dict[str, object]]:
    return {change.slug: dict(change.facts) for change in codec.prepare(data, limits).changes}


def oriented(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def stored_as(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as a camera held at `orientation` would store it."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return image if orientation == 1 else image.transpose(back[orientation])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_decode_applies_every_orientation(kind: str, orientation: int) -> None:
    """All eight orientations show the same picture; lossless kinds to the last pixel."""
    picture = portrait()
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    data = saved(stored_as(picture, orientation), kind, exif=oriented(orientation), **options)
    pixels = codec.decode(data)
    assert codec.read_size(data) == picture.size
    difference = np.abs(pixels.astype(int) - np.asarray(picture))
    assert difference.mean() < 3 if kind == "JPEG" else not difference.any()
    assert ("turned" in slugs(data)) is (orientation != 1)
    prepared = codec.prepare(data, MEITU)
    assert (prepared.photo.width, prepared.photo.height) == picture.size


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_decode_ignores_an_invalid_orientation(orientation: int) -> None:
    """An orientation outside 1..8 leaves the picture as it is."""
    assert "turned" not in slugs(saved(portrait(), "JPEG", exif=oriented(orientation)))


def deep_png(width: int = 64, height: int = 64) -> bytes:
    """A 16-bit grey PNG from black to white."""
    ramp = np.linspace(0, 65535, width * height).reshape(height, width).astype(np.uint16)
    return saved(Image.fromarray(ramp), "PNG")


def test_decode_scales_sixteen_bits_without_clipping() -> None:
    """Half-way grey in 16 bits is half-way grey in 8."""
    pixels = codec.decode(deep_png())
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (0, 255)
    assert abs(int(pixels[32, 0, 0]) - 128) <= 1
    assert {"depth", "grey"} <= slugs(deep_png()).keys()


def test_prepare_reports_sixteen_bit_colour() -> None:
    """Colour PNGs of 16 bits, which Pillow calls plain RGB, are known by their header."""
    deep = (np.asarray(portrait())[..., ::-1].astype(np.uint16)) * 257
    data = cv2.imencode(".png", deep)[1].tobytes()
    assert np.array_equal(codec.decode(data), np.asarray(portrait()))
    assert "depth" in slugs(data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_decode_flattens_transparency_on_white(kind: str) -> None:
    """Transparent pixels become white, half-transparent ones half white, and the report says so."""
    picture = portrait().convert("RGBA")
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, (0, 0, 80, 120))
    alpha.paste(128, (80, 0, 120, 120))
    picture.putalpha(alpha)
    data = saved(picture, kind, lossless=True)
    pixels, original = codec.decode(data).astype(int), np.asarray(portrait()).astype(int)
    assert (pixels[:, :80] == 255).all()
    assert np.abs(pixels[:, 80:120] - (original[:, 80:120] * 128 + 255 * 127) / 255).max() <= 2
    assert np.array_equal(pixels[:, 120:], original[:, 120:])
    assert "transparent" in slugs(data)


def test_prepare_reports_no_change_for_an_opaque_alpha_channel() -> None:
    """An alpha channel that hides nothing is dropped without a report."""
    data = saved(portrait().convert("RGBA"), "PNG")
    assert np.array_equal(codec.decode(data), np.asarray(portrait()))
    assert "transparent" not in slugs(data)


@pytest.mark.parametrize(
    ("mode", "kind", "slug"),
    [("CMYK", "JPEG", "cmyk"), ("P", "PNG", "palette"), ("P", "BMP", "palette"), ("L", "JPEG", "grey"),
     ("L", "PNG", "grey"), ("1", "PNG", "grey"), ("1", "BMP", "grey"), ("LA", "PNG", "grey"), ("LA", "WEBP", None)],
)  # fmt: skip
def test_prepare_converts_modes_to_rgb_and_reports_them(mode: str, kind: str, slug: str | None) -> None:
    """Every mode becomes three channels that look like the picture Pillow shows."""
    image = portrait().convert(mode)
    data = saved(image, kind)
    pixels = codec.decode(data)
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(pixels - shown).mean() < 2
    assert slug is None or slug in slugs(data)


def test_decode_flattens_a_transparent_palette() -> None:
    """A palette with a transparent entry is converted and flattened on white."""
    image = portrait().quantize(16)
    data = saved(image, "PNG", transparency=3)
    hidden = np.asarray(image) == 3
    assert (codec.decode(data)[hidden] == 255).all()
    assert {"palette", "transparent"} <= slugs(data).keys()


def test_decode_reads_the_first_picture_of_a_heic() -> None:
    """Of several pictures in a HEIC the first is read and reported; a HEIC of one picture reports none."""
    pair = saved(portrait(), "HEIF", save_all=True, append_images=[Image.new("RGB", (160, 120), "red")], quality=95)
    assert np.abs(codec.decode(pair).astype(int) - np.asarray(portrait())).mean() < 4
    assert "first_frame" in slugs(pair)
    assert "first_frame" not in slugs(saved(portrait(), "HEIF"))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_decode_reads_the_first_frame_of_an_animation(kind: str) -> None:
    """Of an animation the first frame is read, and the report says so."""
    later = [Image.new("RGB", (160, 120), colour) for colour in ("red", "blue")]
    data = saved(portrait(), kind, save_all=True, append_images=later, duration=100, lossless=True)
    assert np.array_equal(codec.decode(data), np.asarray(portrait()))
    assert "first_frame" in slugs(data)


def test_prepare_reports_no_frames_for_a_multi_picture_jpeg() -> None:
    """MPO, as phones write it for depth and gain maps, is accepted without a report of frames."""
    data = saved(portrait(), "MPO", quality=95, save_all=True, append_images=[Image.new("RGB", (160, 120), "red")])
    assert np.abs(codec.decode(data).astype(int) - np.asarray(portrait())).mean() < 5
    assert "first_frame" not in slugs(data)


def wide_profile() -> bytes:
    """An RGB profile that is not sRGB: red and blue primaries exchanged, so that its effect cannot be missed."""
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    raw = raw.replace(b"s\0R\0G\0B\0 ", b"O\0t\0h\0r\0 ").replace(b"\0s\0R\0G\0B", b"\0O\0t\0h\0r")
    tags = {bytes(raw[at : at + 4]): at for at in range(132, 132 + 12 * struct.unpack_from(">I", raw, 128)[0], 12)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    raw[red + 4 : red + 12], raw[blue + 4 : blue + 12] = raw[blue + 4 : blue + 12], raw[red + 4 : red + 12]
    return bytes(raw)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_decode_applies_a_colour_profile(kind: str) -> None:
    """With red and blue exchanged in the profile, red comes out blue."""
    data = saved(Image.new("RGB", (64, 64), (250, 20, 20)), kind, icc_profile=wide_profile())
    red, _, blue = codec.decode(data).reshape(-1, 3).mean(0)
    assert blue > 200 > 60 > red
    assert "colour_profile" in slugs(data)


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 128, CANARY * 40])
def test_decode_ignores_a_broken_profile(profile: bytes) -> None:
    """An unreadable profile changes nothing and raises nothing."""
    data = saved(portrait(), "PNG", icc_profile=profile)
    assert np.array_equal(codec.decode(data), np.asarray(portrait()))
    assert "colour_profile" not in slugs(data)


def test_decode_leaves_srgb_unchanged() -> None:
    """An sRGB profile changes no pixel and is not reported."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(portrait(), "PNG", icc_profile=profile)
    assert np.array_equal(codec.decode(data), np.asarray(portrait()))
    assert "colour_profile" not in slugs(data)


def test_prepare_reports_the_changes_of_a_phone_photo() -> None:
    """Rotated, shrunk, recompressed, position removed: each is reported with its numbers."""
    rng = np.random.default_rng(1)
    photo = np.asarray(portrait(1512, 2016)).astype(np.int16) + rng.integers(-20, 20, (2016, 1512, 1), np.int16)
    exif = oriented(6)
    exif.get_ifd(0x8825)[1] = "N"
    picture = Image.fromarray(photo.clip(0, 255).astype(np.uint8)).transpose(Image.Transpose.ROTATE_90)
    data = saved(picture, "JPEG", quality=97, exif=exif)
    report = slugs(data, ImageLimits(11, 1999, 700_000))
    assert report["resized"] == {"before": "1512×2016", "after": "1499×1999"}
    assert report["metadata_dropped"] == {"gps": True}
    assert {"turned", "bytes"} <= report.keys()
    assert report["bytes"]["before"] == f"{len(data) / 1e6:.1f} MB"


def canaries(kind: str) -> bytes:
    """A picture with a mark in every metadata field of its format."""
    exif = oriented(1)
    exif[0x010E], exif[0x010F], exif[0x8298] = (CANARY.decode() for _ in range(3))
    exif.get_ifd(0x8825)[29] = CANARY.decode()
    exif.get_ifd(0x8769)[0x9286] = CANARY
    options: dict[str, object] = {"exif": exif, "xmp": b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"}
    options["icc_profile"] = wide_profile() + CANARY
    if kind == "JPEG":
        options["comment"] = CANARY
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", CANARY.decode())
        text.add_itxt("Comment", CANARY.decode())
        options["pnginfo"] = text
        del options["xmp"]
    return saved(portrait(), kind, **options) + CANARY


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_prepare_removes_all_metadata(kind: str) -> None:
    """EXIF, position, XMP, profile, comments, text and trailing bytes are removed."""
    source = canaries(kind)
    assert source.count(CANARY) >= 5
    data = codec.prepare(source, MEITU).photo.data
    assert CANARY not in data
    for mark in (b"Exif", b"http", b"ICC_PROFILE", b"xmp", b"Photoshop", b"\xff\xfe"):
        assert mark not in data[:700]
    image = Image.open(io.BytesIO(data))
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    assert slugs(source)["metadata_dropped"] == {"gps": True}


def test_prepare_reports_no_dropped_metadata_for_clean_files() -> None:
    """A file without metadata reports no removed metadata."""
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "HEIF"):
        assert "metadata_dropped" not in slugs(saved(portrait(), kind)), kind


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("boxed", [True, False])
def test_decode_rotates_a_heic_once(orientation: int, boxed: bool) -> None:
    """A HEIC's own rotation boxes count once and not again as EXIF; without them EXIF counts."""
    stored, exif = stored_as(portrait(), orientation), oriented(orientation)
    data = saved(stored, "HEIF", exif=exif.tobytes() if boxed else exif, quality=95)  # writes boxes for bytes only
    assert (b"irot" in data or b"imir" in data) is (boxed and orientation != 1)
    assert codec.read_size(data) == (160, 120)
    assert np.abs(codec.decode(data).astype(int) - np.asarray(portrait())).mean() < 4
    assert ("turned" in slugs(data)) is (orientation != 1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    mode=st.sampled_from(["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16"]),
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "HEIF"]),
    orientation=st.integers(1, 8),
    max_side=st.integers(60, 800),
    max_bytes=st.integers(8_000, 200_000),
)
def test_prepare_stays_within_limits_for_any_picture(
    width: int, height: int, mode: str, kind: str, orientation: int, max_side: int, max_bytes: int
) -> None:
    """Any picture within reach of the limits ends inside them, upright, and its report states its true sides."""
    noise = np.random.default_rng(width * height).integers(0, 256, (height, width, 3), np.uint8)
    image = Image.fromarray(noise)
    image = Image.fromarray(noise[..., 0].astype(np.uint16) * 256) if mode == "I;16" else image.convert(mode)
    options = {} if kind == "BMP" else {"exif": oriented(orientation)}
    try:
        data = saved(image, kind, **options)
    except (OSError, ValueError, KeyError):
        return  # a mode that this kind cannot hold
    limits = ImageLimits(12, max_side, max_bytes)
    seen = (height, width) if options and orientation >= 5 else (width, height)
    if min(seen) < 12 or round(min(seen) * min(1, max_side / max(seen))) < 12:
        with pytest.raises(ImageRejected) as caught:
            codec.prepare(data, limits)
        assert caught.value.slug == ("image_too_small" if min(seen) < 12 else "image_too_thin")
        assert (caught.value.facts["width"], caught.value.facts["height"]) == seen
        return
    photo = codec.prepare(data, limits).photo
    assert codec.read_size(data) == seen
    assert 12 <= min(photo.width, photo.height) <= max(photo.width, photo.height) <= max_side
    assert len(photo.data) <= 0.95 * max_bytes
    assert codec.read_size(photo.data) == (photo.width, photo.height)
    assert (photo.width > photo.height) <= (seen[0] >= seen[1])


@pytest.mark.parametrize("quality", [60, 95])
def test_encode_preserves_chroma(quality: int) -> None:
    """Results are encoded as 4:4:4."""
    image = Image.open(io.BytesIO(codec.encode(np.asarray(portrait()), quality)))
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_prepare_decodes_a_large_jpeg_at_reduced_size_without_visible_change() -> None:
    """A JPEG far over the limit is decoded at half size; the result is the plain way's within a few levels."""
    big = portrait(4400, 3300)
    photo = codec.prepare(saved(big, "JPEG", quality=92), AILAB).photo
    assert (photo.width, photo.height) == (1999, 1499)
    plain = np.asarray(big.resize((1999, 1499), Image.Resampling.BOX)).astype(int)
    assert np.abs(codec.decode(photo.data) - plain).mean() < 2


def test_prepare_does_not_encode_an_earlier_result_again() -> None:
    """It only loses its mark. If it is turned, too large, or has something behind it, it is encoded as any photo is."""
    result = codec.encode(np.asarray(portrait()))
    mark = Provenance("face_fuse", "offline engine", SourceType.COMPOSITE, "2026-03-08T14:25:01+00:00", "id")
    marked = embed_provenance(result, mark)
    prepared = codec.prepare(marked, MEITU, 64)
    assert prepared.photo.data == result
    assert (prepared.photo.width, prepared.photo.height) == (160, 120)
    assert max(codec.read_size(prepared.photo.thumbnail)) == 64
    assert "metadata_dropped" in {change.slug for change in prepared.changes}
    for sent_size, source, limits in (
        ((120, 160), saved(Image.open(io.BytesIO(result)), "JPEG", quality="keep", exif=oriented(6)), MEITU),
        ((80, 60), result, replace(MEITU, max_side_px=80)),
        ((160, 120), result, replace(MEITU, max_bytes=len(result))),
        ((160, 120), result + CANARY, MEITU),
    ):
        photo = codec.prepare(source, limits).photo
        assert ((photo.width, photo.height), photo.data == result, CANARY in photo.data) == (sent_size, False, False)


def test_prepare_makes_a_thumbnail_of_what_is_sent() -> None:
    """Upright, of the asked size, and the same picture; none unless it is asked for."""
    picture = portrait()
    data = saved(stored_as(picture.resize((1203, 1601)), 6), "JPEG", exif=oriented(6), quality=95)
    assert codec.prepare(data, MEITU).photo.thumbnail == b""
    thumbnail = codec.decode(codec.prepare(data, MEITU, 100).photo.thumbnail)
    assert thumbnail.shape == (100, 75, 3)
    assert np.abs(thumbnail.astype(int) - np.asarray(picture.resize((75, 100)))).mean() < 10


def test_encode_small_never_enlarges() -> None:
    """A picture that is small enough keeps its size."""
    pixels = np.asarray(portrait())
    assert codec.decode(codec.encode_small(pixels, max(pixels.shape) + 1)).shape == pixels.shape
