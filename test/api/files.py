"""The transcripts as files: in which order they are played, and how they differ from what came."""

import difflib
import sys
from pathlib import Path

from coverage import HERE
from transcript import Transcript, write

FIRST = ("admin_operators", "admin_channels")  # before there are operators


def chosen(names: list[str]) -> list[Path]:
    """The files in the order in which they are played."""
    found = sorted(HERE.glob("*.txt"), key=lambda path: (path.stem not in FIRST, path.stem != FIRST[0],
                                                         path.stem))
    missing = set(names) - {path.stem for path in found}
    if missing:
        sys.exit(f"run: there is no transcript {', '.join(sorted(missing))}")
    return [path for path in found if not names or path.stem in names]


def difference(path: Path, played: Transcript) -> str:
    """What came otherwise than the file says, as a diff; empty when nothing did."""
    before, after = path.read_text("utf-8"), write(played)
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True),
                                        path.name, "as it came", n=4))
