"""The pictures a face can be fused onto: who they are (`all_templates`) and their pixels (`load`).

Shipped templates are rows of ``data/templates.toml``: a *drawn* one has a folder ``assets/templates/<id>/``
(base.webp, front.webp, skin.png, landmarks.json, preview.webp), the *photo* one is `assets/photos/astronaut.png`.
The owner may add a folder of pictures with `load_folder`. All file access about templates happens here.
Imports `errors` and `imaging` only; the face-fuse endpoint, its panel and its effect may import it.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageOps, UnidentifiedImageError

from .errors import TemplateHasNoFace, UnknownTemplate
from .imaging.blend import alpha_composite
from .imaging.brows import inpaint_brows
from .imaging.faces import Face, build_face, find_faces
from .imaging.skin import segment_skin
from .template_rows import LANGUAGES, TemplateInfo, read_rows

ROWS = Path(__file__).parent / "data" / "templates.toml"
LAYERS = Path(__file__).parent.parent / "assets" / "templates"
MESH_POINTS = 478
OWN_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
LONGEST_ID = 64  # characters of an id, as a call takes it
OWN_LONGEST_SIDE = 2048  # px; a larger picture of the owner's is shrunk, or each result would be a 12 MP file
PHOTO_SCALE = 2  # the astronaut's 512 px are too few beside templates of 1024 and more
CACHED = 8  # decoded templates kept, about 20 MB each


@dataclass(frozen=True, eq=False)
class Template:
    """One template's pixels: arrays of one size that must not be written to.

    base: RGB. front: RGBA that lies over the fused face, or None. skin: (h, w) uint8, where skin outside the fused face
    follows the user's tone, or None. flat: base with front over it, what shows wherever nothing is fused.
    bare: base to fuse onto, a drawn face's brows painted out.
    """

    info: TemplateInfo
    base: NDArray[np.uint8]
    front: NDArray[np.uint8] | None
    skin: NDArray[np.uint8] | None
    face: Face
    flat: NDArray[np.uint8] = field(init=False)
    bare: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        flat = self.base if self.front is None else alpha_composite(self.base, self.front)
        bare = self.base
        if self.info.kind == "drawn":
            bare = inpaint_brows(self.base, self.face.landmarks.astype(np.float64))
        object.__setattr__(self, "flat", flat)
        object.__setattr__(self, "bare", bare)
        for array in (self.base, self.front, self.skin, flat, bare):
            if array is not None:
                array.flags.writeable = False


_own: dict[str, TemplateInfo] = {}


def all_templates() -> tuple[TemplateInfo, ...]:
    """The shipped templates in gallery order, then the owner's. Cheap: no picture is decoded."""
    return (*_shipped(), *_own.values())


def load_folder(folder: Path) -> tuple[TemplateInfo, ...]:
    """Take each picture in `folder` as a template of the owner's, named by its file; replaces an earlier folder.

    The id is the file's name with what a call cannot carry replaced, or a number where nothing is left. A photo gets
    its landmarks by detection at its first use; a drawing needs ``<name>.json`` beside it, written like a shipped
    template's landmarks.json. Raises ValueError when two templates would have one id.
    """
    taken = {key for info in _shipped() for key in (info.id, *info.aliases)}
    found: dict[str, TemplateInfo] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in OWN_SUFFIXES or path.name.startswith("."):
            continue
        key = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:LONGEST_ID] or f"own-{len(found) + 1}"
        if key in taken or key in found:
            raise ValueError(f"{path.name}: a template {key!r} exists already; give the file another name")
        name = path.stem.replace("_", " ").replace("-", " ").strip()
        words = dict.fromkeys(LANGUAGES, name)
        found[key] = TemplateInfo(key, "own", words, dict.fromkeys(LANGUAGES, ""), path)
    _own.clear()
    _own.update(found)
    _load_own.cache_clear()
    return tuple(found.values())


def find(key: str) -> TemplateInfo:
    """The template with the id or alias `key`. Raises UnknownTemplate."""
    for info in all_templates():
        if key == info.id or key in info.aliases:
            return info
    raise UnknownTemplate(template=key)


def load(key: str) -> Template:
    """The template with the id or alias `key`, decoded once and shared. Raises UnknownTemplate, TemplateHasNoFace."""
    info = find(key)
    return _load_own(info) if info.kind == "own" else _load_shipped(info.id)


@cache
def _shipped() -> tuple[TemplateInfo, ...]:
    return read_rows(ROWS, LAYERS)


@lru_cache(CACHED)
def _load_shipped(key: str) -> Template:
    info = find(key)
    if info.kind == "photo":
        small = _open(info.preview, "RGB")
        size = (small.shape[1] * PHOTO_SCALE, small.shape[0] * PHOTO_SCALE)
        return _from_photo(info, np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LANCZOS4), np.uint8))
    folder = info.preview.parent
    base = _open(folder / "base.webp", "RGB")
    front, skin = _open(folder / "front.webp", "RGBA"), _open(folder / "skin.png", "L")
    if not base.shape[:2] == front.shape[:2] == skin.shape:
        raise ValueError(f"{info.id}: layers differ in size: {base.shape}, {front.shape}, {skin.shape}")
    return Template(info, base, front, skin, _authored_face(folder / "landmarks.json", base.shape[:2]))


@lru_cache(CACHED)
def _load_own(info: TemplateInfo) -> Template:
    try:
        base = _open(info.preview, "RGB")
    except (OSError, ValueError, UnidentifiedImageError, Picture.DecompressionBombError) as error:
        raise TemplateHasNoFace(template=info.id) from error
    authored = info.preview.with_suffix(".json")
    if not authored.is_file():
        return _from_photo(info, base)
    face = _authored_face(authored, base.shape[:2])
    return Template(info, base, None, segment_skin(base, face.landmarks.astype(np.float64)), face)


def _from_photo(info: TemplateInfo, base: NDArray[np.uint8]) -> Template:
    faces = find_faces(base)
    if not faces:
        raise TemplateHasNoFace(template=info.id)
    return Template(info, base, None, segment_skin(base, faces[0].landmarks.astype(np.float64)), faces[0])


def _open(path: Path, mode: str) -> NDArray[np.uint8]:
    with Picture.open(path) as opened:
        upright = ImageOps.exif_transpose(opened).convert(mode)
        if mode == "RGB":
            upright.thumbnail((OWN_LONGEST_SIDE, OWN_LONGEST_SIDE), Picture.Resampling.LANCZOS)
        return np.array(upright)


def _authored_face(path: Path, shape: tuple[int, ...]) -> Face:
    """The face that a drawing's author placed by hand; scaled when the picture was. Raises ValueError."""
    content: Any = json.loads(path.read_text("utf-8"))
    width, height = content["size"]
    scale = np.array([shape[1] / width, shape[0] / height], np.float32)
    landmarks = np.array(content["landmarks"], np.float32)
    depth = np.array(content["depth"], np.float32)
    if landmarks.shape != (MESH_POINTS, 2) or depth.shape != (MESH_POINTS,) or not np.isfinite(landmarks).all():
        raise ValueError(f"{path.parent.name}/{path.name}: {MESH_POINTS} landmarks with depth expected")
    return build_face(landmarks * scale, depth * scale.mean(), (shape[0], shape[1]))
