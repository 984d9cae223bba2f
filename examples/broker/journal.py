"""The evidence log as anybody with the address can read it: C2SP tlog-tiles over the channel API."""

import json
import struct
from typing import Any

from channel import Channel

WIDTH = 256


def size(channel: Channel) -> int:
    """How many entries the newest checkpoint covers."""
    return int(channel.fetch("/checkpoint").decode().split("\n")[1])


def tile_path(index: int, width: int) -> str:
    """Where a bundle of entries lies: 1234067 is x001/x234/067, and .p/W stands for a part."""
    digits = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        digits.insert(0, f"x{index % 1000:03d}")
    return "/tile/entries/" + "/".join(digits) + ("" if width == WIDTH else f".p/{width}")


def entries(channel: Channel, start: int, end: int) -> list[dict[str, Any]]:
    """The entries from start up to, not including, end."""
    found = []
    for index in range(start // WIDTH, (end + WIDTH - 1) // WIDTH):
        width = min(WIDTH, end - index * WIDTH)
        bundle = channel.fetch(tile_path(index, width))
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
