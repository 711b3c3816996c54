"""Photos of every kind that the preflight must judge as the server does, made from a few of scikit-image."""

import io
import random
from functools import cache
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pictures
from pillow_heif import register_heif_opener
from skimage import data

from meitu_demo.domain.model import Image
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.sample_photos import degrade, load_astronaut
from meitu_demo.photos import codec
from meitu_demo.preflight.check import Preflight, check

PORTRAIT = (slice(0, 320), slice(60, 380))
BUST = (slice(0, 256), slice(100, 356))  # narrow enough to stand beside another


def scaled(pixels: Image, scale: float) -> Image:
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=method), np.uint8)


def sized(width: int, height: int) -> Image:
    return np.asarray(cv2.resize(load_astronaut(), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def looking_away(degrees: float, axis: int) -> Image:
    """The astronaut's face rotated about its vertical axis (0) or nodding (1), modelled as a cylinder of its width."""
    photo = load_astronaut()
    x0, y0, x1, y1 = find_faces(photo)[0].box
    middle, half = np.array([x0 + x1, y0 + y1]) / 2, np.array([x1 - x0, y1 - y0]) / 2
    places = np.stack(np.meshgrid(np.arange(photo.shape[1]), np.arange(photo.shape[0])), -1) - middle
    along, across = places[..., axis], places[..., 1 - axis]
    radius = half[axis] * np.sqrt(np.clip(1 - (across / half[1 - axis] / 1.6) ** 2, 0, 1)) + 1e-3
    turned = np.arcsin(np.clip(along / radius, -1, 1)) - np.radians(degrees)
    seen = np.where(abs(along) < radius, radius * np.sin(np.clip(turned, -np.pi / 2, np.pi / 2)), along)
    places[..., axis] = seen
    return np.asarray(
        cv2.remap(photo, (places + middle).astype(np.float32), np.empty(0, np.float32), cv2.INTER_LINEAR), np.uint8
    )


def small_beside_large() -> Image:
    """A small face to the left of one twice as large."""
    bust = load_astronaut()[BUST]
    beside = cv2.copyMakeBorder(bust, 128, 128, 0, 0, cv2.BORDER_REPLICATE)
    return np.hstack([beside, scaled(bust, 2)])


def far_away(width: int, ratio: float) -> Image:
    """The astronaut in front of a large cup of coffee, the face a `ratio`th of the width."""
    wide = np.asarray(cv2.resize(data.coffee(), (width, width * 3 // 4), interpolation=cv2.INTER_CUBIC), np.uint8)
    person = scaled(load_astronaut(), width / ratio / 107)
    top = wide.shape[0] // 5
    rows, columns = min(person.shape[0], wide.shape[0] - top), min(person.shape[1], width)
    wide[top : top + rows, :columns] = person[:rows, :columns]
    return wide


def saved(pixels: Image, kind: str, **options: Any) -> bytes:
    register_heif_opener()
    stream = io.BytesIO()
    Pictures.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def stored_rotated(pixels: Image, orientation: int) -> bytes:
    """`pixels` as a phone on its side (6) or upside down (3) stores it, with an EXIF orientation."""
    exif = Pictures.Exif()
    exif[0x0112] = orientation
    return saved(np.ascontiguousarray(np.rot90(pixels, {6: 1, 3: 2}[orientation])), "JPEG", quality=95, exif=exif)


@cache
def photos() -> dict[str, bytes]:
    """Files by name."""
    whole = load_astronaut()
    portrait, bust = whole[PORTRAIT], whole[BUST]
    glass = np.dstack([portrait, np.full(portrait.shape[:2], 255, np.uint8)])
    glass[:, :40, 3] = 0
    camera = np.repeat(data.camera()[..., None], 3, 2)
    pixels = {
        "portrait": portrait,
        "whole astronaut": whole,
        "degraded": degrade(whole),
        "cup of coffee": data.coffee(),
        "cat": data.cat(),
        "rocket": data.rocket(),
        "cameraman from the side": camera,
        "cameraman mirrored": camera[:, ::-1],
        "turned a little": looking_away(30, 0),
        "turned far": looking_away(50, 0),
        "turned far, mirrored": looking_away(50, 0)[:, ::-1],
        "turned about to the limit": looking_away(46, 0),
        "nodded a little": looking_away(30, 1),
        "nodded far": looking_away(50, 1),
        "nodded about to the limit": looking_away(40, 1),
        "cut at the left": whole[0:320, 200:512],
        "cut at the top": whole[100:512],
        "small face": scaled(whole, 0.35),
        "tiny face": scaled(whole, 0.2),
        "about the smallest face": scaled(whole, 0.45),
        "tiny picture": scaled(portrait, 0.125),
        "tinier picture": scaled(portrait, 0.03),
        "two alike": np.hstack([bust, bust[:, ::-1]]),
        "small beside large": small_beside_large(),
        "large one looks away": np.hstack([bust, scaled(looking_away(50, 0)[BUST], 1.5)[:256, 50:]]),
        "lying to the left": np.rot90(whole, 1),
        "upside down": np.rot90(whole, 2),
        "lying to the right": np.rot90(whole, 3),
        "far away": far_away(1000, 24),
        "4096 px": sized(4096, 1500),
        "4097 px": sized(4097, 1500),
        "1999 px": sized(1999, 1500),
        "2000 px": sized(2000, 1500),
        "thin": sized(4800, 52),
        "thinner": sized(9000, 40),
        "grey": np.full((200, 200, 3), 128, np.uint8),
    }
    files = {name: codec.encode(np.ascontiguousarray(image)) for name, image in pixels.items()}
    return files | {
        "turned by EXIF": stored_rotated(whole, 6),
        "upside down by EXIF": stored_rotated(whole, 3),
        "PNG with alpha": saved(glass, "PNG"),
        "HEIC": saved(portrait, "HEIF", quality=90),
        "WebP": saved(portrait, "WEBP", quality=90),
        "BMP": saved(portrait, "BMP"),
        "GIF": saved(portrait, "GIF"),
        "heavy": saved(np.random.default_rng(5).integers(0, 256, (1800, 1800, 3)).astype(np.uint8), "PNG"),
        "half a JPEG": files["portrait"][:9000],
        "empty": b"",
        "text": b"not a picture",
    }


def random_photo(number: int) -> bytes:
    """Photo number `number` of a person at a random size, tilt and position."""
    chance = random.Random(number)
    source = chance.choice(
        [load_astronaut(), looking_away(40, 0), looking_away(40, 1), photo_pixels("cameraman from the side")]
    )
    height, width = source.shape[:2]
    tilt = chance.choice([0, 0, 0, 90, 180]) + chance.uniform(-40, 40)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, chance.uniform(0.3, 1.6))
    matrix[:, 2] += chance.uniform(-150, 150), chance.uniform(-100, 150)
    size = chance.randint(100, 600), chance.randint(100, 600)
    return codec.encode(cv2.warpAffine(source, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT))


def photo_pixels(name: str) -> Image:
    """The pixels of one of `photos`."""
    return codec.decode(photos()[name])


@cache
def cached_check(name: str, endpoint_id: str) -> Preflight:
    """The check of one of `photos`, made once."""
    return check(CATALOGUE[endpoint_id], photos()[name])
