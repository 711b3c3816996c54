"""The catalogue of endpoints, one module each. ADDING.md in this folder says how to add one."""

from ..domain.model import Endpoint
from . import anime_avatar, face_fuse, facial_aesthetics, quality_restoration

CATALOGUE: dict[str, Endpoint] = {
    module.ENDPOINT.id: module.ENDPOINT for module in (face_fuse, anime_avatar, quality_restoration, facial_aesthetics)
}
