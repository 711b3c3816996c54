"""Photos and values just below, at and just above each vendor's limits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from hostile.file_parts import KINDS, portrait, saved
from meitu_demo.domain.model import Endpoint
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec

PHOTO_TO = {"meitu": CATALOGUE["quality_restoration"], "ailab": CATALOGUE["facial_aesthetics"]}
TEMPLATE, VERSION = ("face_fuse", "template_id"), ("anime_avatar", "version")
SHAPE, STRENGTH = ("facial_aesthetics", "shape_type"), ("facial_aesthetics", "strength")


@dataclass(frozen=True)
class Case:
    """A photo and values for an endpoint, and the expected slug of rejection or size that is sent."""

    name: str
    endpoint: Endpoint
    photo: Callable[[], bytes] = lambda: saved(portrait(), "JPEG")
    values: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    size: tuple[int, int] | None = None


def photo_cases(vendor: str) -> list[Case]:
    """Photos around the limits of sides, shape, bytes, pixels and formats."""
    endpoint = PHOTO_TO[vendor]
    low, high, weight = endpoint.limits.min_side_px, endpoint.limits.max_side_px, endpoint.limits.max_bytes

    def case(name: str, photo: Callable[[], bytes], refused: str = "", size: tuple[int, int] | None = None) -> Case:
        return Case(f"{vendor} {name}", endpoint, photo, refused=refused, size=size)

    def sides(width: int, height: int, refused: str = "", size: tuple[int, int] | None = None) -> Case:
        out = None if refused else size or (width, height)
        return case(f"{width}×{height}", lambda: saved(portrait(width, height), "PNG"), refused, out)

    return [
        *(sides(*size, "image_too_small") for size in ((low - 1, 200), (200, low - 1), (low - 1, low - 1))),
        *(sides(*size) for size in ((low, 200), (200, low), (low, low), (low + 1, 200), (high - 1, 200), (high, 200))),
        sides(high + 1, 400, size=(high, 400)),
        sides(400, high + 1, size=(400, high)),
        sides(2 * high, 2 * low - 2, "image_too_thin"),
        sides(2 * high, 2 * low, size=(high, low)),
        *(case(f"{weight + by} bytes", lambda by=by: photo_of_size(weight + by)) for by in (-1, 0, 1)),
        case("noise", lambda: saved(Image.fromarray(noise(1400, 1300)), "PNG")),
        case("40 MB", lambda: photo_of_size(codec.MAX_BYTES)),
        case("40 MB and a byte", lambda: photo_of_size(codec.MAX_BYTES + 1), "image_too_large_file"),
        case("50 megapixels", lambda: flat(10_000, codec.MAX_PIXELS // 10_000)),
        case("a row more", lambda: flat(10_000, codec.MAX_PIXELS // 10_000 + 1), "image_too_many_pixels"),
        *(case(kind, lambda kind=kind: saved(portrait(), kind), size=(160, 120)) for kind in KINDS),
        *(
            case(kind, lambda kind=kind: saved(portrait(), kind), "image_wrong_kind")
            for kind in ("GIF", "TIFF", "AVIF")
        ),
        case("nothing", bytes, "image_empty"),
        case("half of it", lambda: saved(portrait(), "JPEG")[:3000], "image_truncated"),
    ]


def value_cases(vendor: str) -> list[Case]:
    """Values around the limits of each control of the vendor's endpoints."""
    taken: dict[tuple[str, str], tuple[Any, ...]] = {
        STRENGTH: (0, 0.0, "0", 1e-9, 0.5, 1, 1.0, "1"),
        SHAPE: (0, "0", 21, 21.0, "21"),
        VERSION: ("1.0.0", "2.0.0", " 2.0.0 "),
        TEMPLATE: ("a", "a" * 64, "A-b_9"),
    }
    refused: dict[tuple[str, str], tuple[Any, ...]] = {
        STRENGTH: (-1e-9, 1 + 1e-9, "nan", "inf", "-inf", "", None, True, 10**5000),
        SHAPE: (-1, 22, "22", 8.5, "08", "", None, True),
        VERSION: ("0.9.9", "1.0", "3.0.0", "", 1.0, None),
        TEMPLATE: ("", " ", "a" * 65, "a b", "a/b", "ä", None),
        ("facial_aesthetics", "shape"): (8,),
        ("quality_restoration", "strength"): (0.5,),
    }
    return [
        Case(f"{vendor} {control}={str(value)[:9] if value != 10**5000 else 'huge'}", endpoint,
             values={control: value}, refused=slug)
        for table, slug in ((taken, ""), (refused, "value_rejected"))
        for (name, control), values in table.items()
        for value in values
        if (endpoint := CATALOGUE[name]).vendor_id == vendor
    ]  # fmt: skip


@cache
def noise(width: int, height: int) -> np.ndarray:
    """Random pixels, which compress worst."""
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)


def photo_of_size(size: int) -> bytes:
    """A photo as a file of exactly `size` bytes."""
    return saved(portrait(), "JPEG").ljust(size, b"\0")


def flat(width: int, height: int) -> bytes:
    """A photo of one grey."""
    return saved(Image.new("L", (width, height), 120), "JPEG")
