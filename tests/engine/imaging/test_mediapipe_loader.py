"""mediapipe loads without matplotlib, as in the container; the stub is removed and misleads no other thread."""

import subprocess
import sys
from pathlib import Path

from meitu_demo.engine.imaging import mediapipe_loader

PROJECT = Path(mediapipe_loader.__file__).resolve().parents[3]
WITHOUT = """
import importlib.util, sys
from importlib import abc

class Missing(abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("matplotlib", "sounddevice", "jax", "sentencepiece", "absl", "flatbuffers"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
find_spec = importlib.util.find_spec
from meitu_demo.engine.imaging import faces, mediapipe_loader, segmentation
from meitu_demo.engine.sample_photos import load_astronaut
mediapipe_loader.find_spec = lambda name: None if name == "matplotlib" else find_spec(name)
with mediapipe_loader.load_solution("face_mesh"):
    try:
        import matplotlib
        matplotlib.get_backend()  # as Gradio asks at each event, in another thread
    except ImportError:
        print("not there")
assert "matplotlib" not in sys.modules and "matplotlib.pyplot" not in sys.modules
print(len(faces.find_faces(load_astronaut())), segmentation.compute_person_matte(load_astronaut()).mean() > 0.3)
"""


def test_mediapipe_loader_works_without_the_packages_that_the_container_lacks() -> None:
    """None of those packages is imported, and an import of matplotlib by another thread meanwhile fails as missing."""
    command = [sys.executable, "-c", WITHOUT]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    assert done.stdout.split() == ["not", "there", "1", "True"]
