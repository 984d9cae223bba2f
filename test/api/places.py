"""Where the transcripts find the scene of test/e2e, and through it the sample tools."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "e2e"))

import paths  # noqa: F401,E402
