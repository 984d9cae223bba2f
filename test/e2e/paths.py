"""Where the tests of a whole Torimori find its sample tools, and how they run by hand:
`TORIMORI=build/torimori python3 NAME.py` prints TAP as test/tap.py does for the build."""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
for folder in (PROJECT / "examples/broker", PROJECT / "test"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True
TORIMORI = Path(os.environ.get("TORIMORI", PROJECT / "build/torimori"))


def run_as_tap(path: str) -> None:
    """Run the cases of a file and print TAP."""
    import tap
    sys.exit(tap.main(path))
