"""The evidence log as anybody with a copy of its folder can read it: C2SP tlog-tiles. That it is
whole is for `torimori log verify` to say; this only shows what it tells."""

import json
import struct
import time
from pathlib import Path
from typing import Any

WIDTH = 256
SEALED_S = 1.5  # a row is under a checkpoint a second after its commit


def size(folder: Path) -> int:
    """How many entries the newest checkpoint covers."""
    return int((folder / "checkpoint").read_text("utf-8").split("\n")[1])


def tile_path(index: int, width: int) -> str:
    """Where a bundle of entries lies: 1234067 is x001/x234/067, and .p/W stands for a part."""
    digits = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        digits.insert(0, f"x{index % 1000:03d}")
    return "tile/entries/" + "/".join(digits) + ("" if width == WIDTH else f".p/{width}")


def entries(folder: Path, start: int) -> list[dict[str, Any]]:
    """The entries from start on, once what has just happened is sealed."""
    time.sleep(SEALED_S)
    for _ in range(5):  # a part gives way to a longer one while we read
        try:
            return _read(folder, start, size(folder))
        except FileNotFoundError:
            continue
    return []


def _read(folder: Path, start: int, end: int) -> list[dict[str, Any]]:
    found = []
    for index in range(start // WIDTH, (end + WIDTH - 1) // WIDTH):
        bundle = (folder / tile_path(index, min(WIDTH, end - index * WIDTH))).read_bytes()
        found += list(enumerate(unpack(bundle), index * WIDTH))
    return [json.loads(entry) for number, entry in found if start <= number < end]


def unpack(bundle: bytes) -> list[bytes]:
    """Entries behind lengths of two bytes."""
    out, at = [], 0
    while at < len(bundle):
        (length,) = struct.unpack_from(">H", bundle, at)
        out.append(bundle[at + 2:at + 2 + length])
        at += 2 + length
    return out
