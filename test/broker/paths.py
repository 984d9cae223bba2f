"""Where the tests of the sample broker find it, and how they run by hand: `python3 NAME_test.py`
prints TAP as test/tap.py does for the build."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BROKER = PROJECT / "examples/broker"
for folder in (BROKER, PROJECT / "test"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
sys.dont_write_bytecode = True


def run_as_tap(path: str) -> None:
    """Run the cases of a file and print TAP."""
    import tap
    sys.exit(tap.main(path))
