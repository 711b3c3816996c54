"""Make ``canonical.json`` (``python -m tools.draw.canonical``): a straight, symmetric, neutral face mesh in cm.

Source: MediaPipe's refined FaceMesh on ``skimage.data.astronaut()`` (NASA, public domain). The mesh is mirrored onto
itself, which removes yaw, roll and every asymmetry; pitch is set so that forehead and chin are equally deep; the smile
is relaxed and the lips are closed by a thin-plate warp of the lower face. Axes: x right, y up, z towards the viewer.
"""

import json
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.optimize import linear_sum_assignment

DATA = Path(__file__).with_name("canonical.json")
WIDTH_CM = 14.6  # between landmarks 234 and 454, a usual adult
_UPPER = (191, 80, 81, 82, 13, 312, 311, 310, 415)  # inner lip, picture left to right
_LOWER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
_UPPER_EDGE = (185, 40, 39, 37, 0, 267, 269, 270, 409)
_LOWER_EDGE = (146, 91, 181, 84, 17, 314, 405, 321, 375)
_CORNERS = (61, 76, 62, 78, 291, 306, 292, 308)
_FIXED = (1, 2, 4, 98, 327, 152, 148, 377, 10, 33, 133, 362, 263, 168, 234, 454, 93, 323, 172, 397, 50, 280)
_FIXED += (118, 347, 145, 374, 159, 386, 70, 300, 9, 109, 338)
_MIRROR = np.array([-1.0, 1.0, 1.0])


def detect() -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """The astronaut's mesh (478, 3) in pixels with y up and z towards the viewer, and its 852 triangles."""
    import cv2
    import mediapipe as mp
    from skimage import data

    photo = cv2.resize(data.astronaut(), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    side = photo.shape[0]
    with mp.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        found = mesh.process(photo).multi_face_landmarks[0].landmark
    edges = np.array(sorted(mp.solutions.face_mesh.FACEMESH_TESSELATION))
    links = [set() for _ in range(478)]
    for a, b in edges:
        links[a].add(b), links[b].add(a)
    triangles = {tuple(sorted((int(a), int(b), int(c)))) for a, b in edges for c in links[a] & links[b]}
    return np.array([[p.x * side, -p.y * side, -p.z * side] for p in found]), sorted(triangles)


def align(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`source` turned and moved (no scale) onto `target` by least squares (Kabsch 1976)."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, _, vt = np.linalg.svd(a.T @ b)
    turn = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    return a @ turn + target.mean(0)


def mirror_pairs(mesh: np.ndarray) -> np.ndarray:
    """For each landmark the index of its twin on the other side."""
    seeds = np.array([[33, 263], [133, 362], [61, 291], [234, 454], [10, 10], [152, 152], [1, 1], [168, 168]])
    order = np.concatenate([seeds, seeds[:, ::-1]])
    twin = mesh * _MIRROR
    a, b = twin[order[:, 0]], mesh[order[:, 1]]
    for _ in range(6):  # iterated closest points, one to one
        u, _, vt = np.linalg.svd((a - a.mean(0)).T @ (b - b.mean(0)))
        moved = (twin - a.mean(0)) @ u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt + b.mean(0)
        cost = np.linalg.norm(moved[:, None] - mesh[None], axis=2)
        _, pairs = linear_sum_assignment(cost**2)
        a, b = twin, mesh[pairs]
    return pairs


def straighten(mesh: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Average of the mesh and its mirrored self, pitch removed, scaled to centimetres, nose bridge at the origin."""
    mean = (align((mesh * _MIRROR)[pairs], mesh) + mesh) / 2
    across = mean - mean[pairs]  # every such difference points along the face's own x axis
    axis = np.linalg.svd(across)[2][0] * np.sign(np.linalg.svd(across)[2][0][0])
    down = mean[152] - mean[10]
    down -= axis * (down @ axis)
    down /= np.linalg.norm(down)
    frame = np.stack([axis, -down, np.cross(axis, -down)])
    mean = (mean - mean[168]) @ frame.T
    mean = (mean + (mean * _MIRROR)[pairs]) / 2
    return mean * WIDTH_CM / (mean[454, 0] - mean[234, 0])


def neutral(mesh: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Relax the smile, close the lips and give them back their height; eyes, nose and outline stay."""
    middle = (mesh[13, 1] + mesh[14, 1]) / 2
    goal: dict[int, np.ndarray] = {}

    def seam(x: float) -> float:
        return middle - 0.14 - 0.05 * np.cos(x * 1.9)

    half = abs(mesh[61, 0]) * 0.84  # half the mouth's width once relaxed
    for row, height in ((_UPPER, 0.02), (_LOWER, -0.02), (_UPPER_EDGE, 0.62), (_LOWER_EDGE, -0.78)):
        for index in row:
            x = mesh[index, 0] * 0.84
            arch = np.sqrt(max(0.0, 1 - (x / half) ** 2))
            bow = 0.10 * np.exp(-((x / 0.3) ** 2)) if height == 0.62 else 0.0
            goal[index] = np.array([x, seam(x) + height * arch - bow, mesh[index, 2]])
    for index in _CORNERS:
        goal[index] = np.array([mesh[index, 0] * 0.84, seam(mesh[index, 0]) + 0.10, mesh[index, 2] + 0.25])
    keys = [*goal, *_FIXED]
    shift = np.array([goal[i] - mesh[i] if i in goal else np.zeros(3) for i in keys])
    moved = mesh + RBFInterpolator(mesh[keys], shift, smoothing=1e-3)(mesh)
    return (moved + (moved * _MIRROR)[pairs]) / 2


def main() -> None:
    raw, triangles = detect()
    pairs = mirror_pairs(raw)
    mesh = neutral(straighten(raw, pairs), pairs)
    body = {
        "unit": "cm",
        "points": np.round(mesh, 3).tolist(),
        "pairs": pairs.tolist(),
        "triangles": [list(t) for t in triangles],
    }
    DATA.write_text(json.dumps(body, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
