"""Every item that a checklist may have, each with its possible states."""

from collections.abc import Mapping

from meitu_demo.preflight.check import State

ITEM_STATES: Mapping[str, tuple[State, ...]] = {
    "kind": ("ok", "refuse"),
    "weight": ("ok", "refuse"),
    "size": ("ok", "refuse"),
    "face": ("ok", "refuse"),
    "face_free": ("ok",),  # for an endpoint that needs no face
    "face_size": ("ok", "warn", "refuse"),
    "cut": ("ok", "warn", "refuse"),
    "turned": ("ok", "warn", "refuse"),
    "nodded": ("ok", "warn", "refuse"),
    "side_view": ("warn",),
    "upright": ("ok", "warn"),
    "several": ("ok", "warn"),  # ok if all faces are used, warn if only one is
}
