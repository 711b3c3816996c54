"""Quality of the effects, as figures and contact sheets in ``build/quality``."""

from pathlib import Path

OUTPUT = Path("build/quality")
