"""What the effects do, in numbers and in pictures to look at, written to ``build/quality``."""

from pathlib import Path

OUTPUT = Path("build/quality")
