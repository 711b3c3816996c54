"""Facial Aesthetics 五官美化: one of 22 parts reshaped. AILabTools' page for its API, which it retired in 2026."""

from ..effects.reshape import reshape
from ..imaging.face_checks import pick_face
from ..spec import Endpoint, Faces, Image, ShapeMenu, Strength, Values
from ..tables import shapes
from . import vendor_limits


def render_offline(image: Image, values: Values) -> Image:
    """The largest face in `image` reshaped; strength 0 changes nothing. Raises a Refusal."""
    return reshape(image, pick_face(image), int(values["shape_type"]), values["strength"])


ENDPOINT = Endpoint(
    id="facial_aesthetics",
    provider="ailab",
    path="/api/portrait/effects/face-tidyup",
    limits=vendor_limits.AILAB,
    controls=(
        ShapeMenu(
            name="shape_type",
            wire="shape_type",
            options=tuple(str(shape.id) for shape in shapes()),
            default="8",
            required=True,
            numbers=True,
        ),
        Strength(name="strength", wire="strength", default=0.5),
    ),
    offline=render_offline,
    faces=Faces.FIT,
    reshapes=True,
)
