import gc
import weakref
from dataclasses import replace

import numpy as np

from meitu_demo.engine.effects.fusion_target import load_fusion_target
from meitu_demo.engine.face_templates import Template, load_template

SHIPPED = load_template("panda")


def covered_by(front: np.ndarray) -> Template:
    return Template(replace(SHIPPED.info, id="covered"), SHIPPED.base, front, SHIPPED.skin_mask, SHIPPED.face)


def test_load_fusion_target_measures_a_template_once_and_forgets_it_with_the_template() -> None:
    """Two calls give one object, which does not keep the template in memory."""
    template = covered_by(np.zeros((*SHIPPED.base.shape[:2], 4), np.uint8))
    target = load_fusion_target(template)
    assert load_fusion_target(template) is target
    reference = weakref.ref(template)
    del template
    gc.collect()
    assert reference() is None


def test_load_fusion_target_leaves_out_what_the_front_layer_hides() -> None:
    """A front layer over the upper half of the face leaves the lower half of the face box."""
    front = np.zeros((*SHIPPED.base.shape[:2], 4), np.uint8)
    plain = load_fusion_target(covered_by(front.copy()))
    middle = round(SHIPPED.face.centre[1])
    front[:middle, :, 3] = 255
    half = load_fusion_target(covered_by(front))
    assert half.face_box.y0 == middle
    assert half.face_box.y1 <= plain.face_box.y1
    assert half.face_box.shape == half.face_mask.shape
