"""Templates, the pictures that a face is fused onto: their catalogue, their pixels, and the gallery's tiles.

Shipped templates are rows of ``data/templates.toml``; each is *drawn* and has a folder ``assets/templates/<id>/``
(base.webp, front.webp, landmarks.json). The owner may add a folder of pictures with `load_owner_templates`.
"""

import json
import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageOps, UnidentifiedImageError

from ..domain.errors import TemplateHasNoFace, UnknownTemplate
from .imaging.blend import alpha_composite
from .imaging.faces import Face, build_face, find_faces
from .imaging.segmentation import segment_skin

LANGUAGES = ("en", "zh")
TEMPLATE_COLUMNS = {"id", "aliases", "name", "mood"}

TemplateKind = Literal["drawn", "own"]
# base, front_layer, skin_mask and face, as in `Template`
Layers = tuple[NDArray[np.uint8], NDArray[np.uint8] | None, NDArray[np.uint8] | None, Face]

TEMPLATES_TOML = Path(__file__).parents[1] / "data" / "templates.toml"
LAYERS_DIR = Path(__file__).parents[2] / "assets" / "templates"
MESH_POINT_COUNT = 478
PICTURE_ERRORS = (OSError, ValueError, SyntaxError, UnidentifiedImageError, Picture.DecompressionBombError)
OWNER_IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
MAX_ID_CHARS = 64  # the limit for a template's id in a call
MAX_SIDE_PX = 2048  # the owner's larger pictures are shrunk, or each result would have 12 MP
MAX_CACHED_TEMPLATES = 16  # about 20 MB each: the shipped ones, and as many of the owner's
TILE_PX = 208  # side of the gallery's tiles, for screens with two pixels to a point
TILE_FACE_RATIO = 2.4  # side of a tile / side of the template's face
TILE_RISE_SHARE = 0.07  # of a tile's side, from the face's centre up to the tile's: room for ears and eyes of a hood
MAX_CACHED_TILES = 32  # about 0.6 MB each
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class TemplateInfo:
    """A template's entry in the gallery. name, mood: texts by language. source: a folder of layers, or a picture."""

    id: str
    kind: TemplateKind
    name: Mapping[str, str]
    mood: Mapping[str, str]
    source: Path
    aliases: tuple[str, ...] = ()

    @property
    def wire_id(self) -> str:
        """The id that a call uses: the vendor's if the template replaces one of the vendor's."""
        return self.aliases[0] if self.aliases else self.id


@dataclass(frozen=True, eq=False)
class Template:
    """One template's pixels: read-only uint8 arrays with the same height and width.

    base: RGB. front_layer: RGBA, drawn over the fused face; None for a photo. skin_mask: (h, w), a photo's skin, which
    takes the user's tone; None for a drawing. composite: base under front_layer, visible wherever nothing is fused.
    """

    info: TemplateInfo
    base: NDArray[np.uint8]
    front_layer: NDArray[np.uint8] | None
    skin_mask: NDArray[np.uint8] | None
    face: Face
    composite: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        composite = self.base if self.front_layer is None else alpha_composite(self.base, self.front_layer)
        object.__setattr__(self, "composite", composite)
        for array in (self.base, self.front_layer, self.skin_mask, composite):
            if array is not None:
                array.flags.writeable = False


_owner_templates: dict[str, TemplateInfo] = {}


def list_templates() -> tuple[TemplateInfo, ...]:
    """The shipped templates in gallery order, then the owner's. Cheap: no picture is decoded."""
    return (*_load_shipped_infos(), *_owner_templates.values())


def load_owner_templates(folder: Path) -> tuple[TemplateInfo, ...]:
    """Add each picture in `folder` as an owner's template, named by its file; replaces an earlier folder.

    The id is the file's name without the characters that a call cannot carry, or ``own-<number>`` when none remain.
    Landmarks of a photo are detected at its first use; a drawing needs ``<name>.json`` in the same folder, in the
    format of a shipped template's landmarks.json. Logs a warning for a photo that has not exactly one face, and for a
    file that is no picture, which is left out. Raises ValueError when two templates would have one id.
    """
    used_ids = {key for info in _load_shipped_infos() for key in (info.id, *info.aliases)}
    infos: dict[str, TemplateInfo] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in OWNER_IMAGE_SUFFIXES or path.name.startswith("."):
            continue
        key = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:MAX_ID_CHARS] or f"own-{len(infos) + 1}"
        if key in used_ids or key in infos:
            raise ValueError(f"{path.name}: a template {key!r} exists already; give the file another name")
        if not _is_usable(path):
            continue
        name = path.stem.replace("_", " ").replace("-", " ").strip()
        names = dict.fromkeys(LANGUAGES, name)
        infos[key] = TemplateInfo(key, "own", names, dict.fromkeys(LANGUAGES, ""), path)
    _owner_templates.clear()
    _owner_templates.update(infos)
    _load_layers.cache_clear()
    return tuple(infos.values())


def _is_usable(path: Path) -> bool:
    """Whether the owner's file is a picture; logs a warning that names it if it is none or has no face of its own."""
    try:
        base = _load_pixels(path, "RGB")
    except PICTURE_ERRORS:
        log.warning("own template: %s cannot be opened as a picture and is left out", path.name)
        return False
    count = 1 if path.with_suffix(".json").is_file() else len(find_faces(base))
    if count == 0:
        log.warning(
            "own template: no face is found in %s; a drawing needs its landmarks in a JSON beside it", path.name
        )
    elif count > 1:
        log.warning("own template: %s has %d faces; only the largest is replaced", path.name, count)
    return True


def find_template(key: str) -> TemplateInfo:
    """The template with the id or alias `key`. Raises UnknownTemplate."""
    for info in list_templates():
        if key == info.id or key in info.aliases:
            return info
    raise UnknownTemplate(template=key)


def load_template(key: str) -> Template:
    """The template with the id or alias `key`, decoded once and shared. Raises UnknownTemplate, TemplateHasNoFace."""
    return _load_layers(find_template(key))


@lru_cache(MAX_CACHED_TILES)
def load_tile(info: TemplateInfo) -> Template:
    """The template's head, cut out and shrunk to a square of TILE_PX. Raises TemplateHasNoFace.

    The template itself is not kept: a page needs the tiles of all.
    """
    base, front, skin, face = _read_layers(info)
    height, width = base.shape[:2]
    side = min(round(TILE_FACE_RATIO * face.side), height, width)
    x, y = (
        int(np.clip(round(middle - share * side), 0, available - side))
        for middle, share, available in zip(face.centre, (0.5, 0.5 + TILE_RISE_SHARE), (width, height), strict=True)
    )
    window, scale = (slice(y, y + side), slice(x, x + side)), TILE_PX / side
    landmarks = (face.landmarks - np.array((x, y), np.float32) + np.float32(0.5)) * np.float32(scale) - np.float32(0.5)
    return Template(
        info,
        _shrink_layer(base[window]),
        None if front is None else _shrink_layer(front[window]),
        None if skin is None else _shrink_layer(skin[window]),
        replace(face, landmarks=landmarks, depth=face.depth * scale),
    )


def load_tile_picture(info: TemplateInfo) -> NDArray[np.uint8]:
    """The tile of a template without a face: the square in the picture's middle, RGB (TILE_PX, TILE_PX, 3)."""
    pixels = _load_pixels(info.source, "RGB")
    side = min(pixels.shape[:2])
    y, x = (np.array(pixels.shape[:2]) - side) // 2
    return _shrink_layer(pixels[y : y + side, x : x + side])


def _shrink_layer(layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A square layer of 1, 3 or 4 channels at TILE_PX; the colours of RGBA weigh by their alpha."""
    return np.array(Picture.fromarray(layer).resize((TILE_PX, TILE_PX), Picture.Resampling.BOX))


def load_template_rows(toml_file: Path, layers_dir: Path) -> tuple[TemplateInfo, ...]:
    """Read and check the rows of a templates.toml. Raises ValueError with file and row."""
    infos: list[TemplateInfo] = []
    used_ids: set[str] = set()
    for number, row in enumerate(tomllib.loads(toml_file.read_text("utf-8")).get("template", []), 1):
        location = f"{toml_file.name}, template {number}"
        if unknown_columns := set(row) - TEMPLATE_COLUMNS:
            raise ValueError(f"{location}: unknown {sorted(unknown_columns)}")
        for column in ("name", "mood"):
            if set(row.get(column, ())) != set(LANGUAGES) or not all(row[column].values()):
                raise ValueError(f"{location}: {column} needs {LANGUAGES}")
        ids = (row.get("id"), *row.get("aliases", ()))
        if not all(isinstance(template_id, str) and template_id for template_id in ids) or used_ids.intersection(ids):
            raise ValueError(f"{location}: id and aliases must be words of their own, not {ids}")
        used_ids.update(ids)
        folder = layers_dir / row["id"]
        if not folder.is_dir():
            raise ValueError(f"{location}: no {folder.name}")
        infos.append(TemplateInfo(row["id"], "drawn", row["name"], row["mood"], folder, tuple(ids[1:])))
    return tuple(infos)


@cache
def _load_shipped_infos() -> tuple[TemplateInfo, ...]:
    return load_template_rows(TEMPLATES_TOML, LAYERS_DIR)


@lru_cache(MAX_CACHED_TEMPLATES)
def _load_layers(info: TemplateInfo) -> Template:
    return Template(info, *_read_layers(info))


def _read_layers(info: TemplateInfo) -> Layers:
    """Raises TemplateHasNoFace."""
    if info.kind == "drawn":
        base, front = _load_pixels(info.source / "base.webp", "RGB"), _load_pixels(info.source / "front.webp", "RGBA")
        if base.shape[:2] != front.shape[:2]:
            raise ValueError(f"{info.id}: layers differ in size: {base.shape}, {front.shape}")
        return base, front, None, _load_authored_face(info.source / "landmarks.json", base.shape[:2])
    try:
        base = _load_pixels(info.source, "RGB")
    except PICTURE_ERRORS as error:  # it was changed since the start
        raise TemplateHasNoFace(template=info.id) from error
    landmarks_file = info.source.with_suffix(".json")
    if landmarks_file.is_file():
        face = _load_authored_face(landmarks_file, base.shape[:2])
    elif faces := find_faces(base):
        face = faces[0]
    else:
        raise TemplateHasNoFace(template=info.id)
    return base, None, segment_skin(base, face.landmarks.astype(np.float64)), face


def _load_pixels(path: Path, mode: str) -> NDArray[np.uint8]:
    with Picture.open(path) as opened:
        upright = ImageOps.exif_transpose(opened).convert(mode)
        if mode == "RGB":
            upright.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Picture.Resampling.LANCZOS)
        return np.array(upright)


def _load_authored_face(path: Path, shape: tuple[int, ...]) -> Face:
    """Read authored landmarks, scaled to a picture of `shape` (h, w). Raises ValueError."""
    content: Any = json.loads(path.read_text("utf-8"))
    width, height = content["size"]
    scale = np.array([shape[1] / width, shape[0] / height], np.float32)
    landmarks = np.array(content["landmarks"], np.float32)
    depth = np.array(content["depth"], np.float32)
    if (
        landmarks.shape != (MESH_POINT_COUNT, 2)
        or depth.shape != (MESH_POINT_COUNT,)
        or not np.isfinite(landmarks).all()
    ):
        raise ValueError(f"{path.parent.name}/{path.name}: {MESH_POINT_COUNT} landmarks with depth expected")
    return build_face(landmarks * scale, depth * scale.mean(), (shape[0], shape[1]))
