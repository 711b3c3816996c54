"""Facial Aesthetics 五官美化: applies one of 22 shapes. Follows AILabTools' page; the API was retired in 2026."""

from ..domain.controls import ShapeMenu, Strength
from ..domain.model import Endpoint, FaceRequirement, Image, Values
from ..domain.vendor_codes import load_shapes
from ..engine.effects.reshape import reshape
from ..engine.imaging.face_checks import pick_face
from ..settings import MARKETPLACE_PATH
from ..vendors import ailab


def render_offline(image: Image, values: Values) -> Image:
    """The largest face in `image` reshaped; strength 0 changes nothing. Raises EngineRejection."""
    return reshape(image, pick_face(image), int(values["shape_type"]), values["strength"])


ENDPOINT = Endpoint(
    id="facial_aesthetics",
    vendor_id=ailab.VENDOR.id,
    path="/api/portrait/effects/face-tidyup",
    marketplace_path=MARKETPLACE_PATH,
    limits=ailab.VENDOR.limits,
    controls=(
        ShapeMenu(
            name="shape_type",
            wire_name="shape_type",
            options=tuple(str(shape.id) for shape in load_shapes()),
            default="8",
            required=True,
            is_numeric=True,
        ),
        Strength(name="strength", wire_name="strength", default=0.5),
    ),
    render_offline=render_offline,
    face_requirement=FaceRequirement.SUITABLE,
    changes_geometry=True,
)
