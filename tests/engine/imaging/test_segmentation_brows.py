import cv2
import numpy as np
from skimage import data

from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.imaging.segmentation import BROW_CONTOURS, inpaint_brows


def test_inpaint_brows_changes_the_brows_only() -> None:
    """Brows painted in black on bare skin leave skin behind; eyes, mouth and everything around keep their pixels."""
    photo = data.astronaut()
    mesh = find_faces(photo)[0].landmarks.astype(np.float64)
    drawing = cv2.GaussianBlur(photo, (0, 0), 3)
    for brow in BROW_CONTOURS:
        cv2.fillConvexPoly(drawing, cv2.convexHull(mesh[list(brow)].astype(np.int32)), (10, 8, 6))
    result = inpaint_brows(drawing, mesh)
    for brow in BROW_CONTOURS:
        x, y = mesh[list(brow)].mean(0).astype(int)
        assert drawing[y, x].max() < 20
        assert result[y, x].min() > 60
    for point in (mesh[[159, 145]].mean(0), mesh[4], mesh[13], mesh[152], (20, 20), (300, 500)):
        x, y = np.array(point).astype(int)
        assert abs(result[y, x].astype(int) - drawing[y, x]).max() <= 3


def test_inpaint_brows_leaves_a_smooth_gradient() -> None:
    """Brows on skin that darkens evenly from the forehead down leave that gradient, and no patch of their form."""
    mesh = 3 * find_faces(data.astronaut())[0].landmarks.astype(np.float64)
    drawing = np.full((900, 1536, 3), np.linspace(240, 90, 900)[:, None, None], np.float64).astype(np.uint8)
    expected = drawing.astype(int)
    for brow in BROW_CONTOURS:
        cv2.polylines(drawing, [mesh[list(brow[:5])].astype(np.int32)], False, (60, 50, 40), 5)
    assert abs(inpaint_brows(drawing, mesh) - expected).max() <= 4
