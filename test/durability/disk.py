"""What a power cut leaves: reads the trace that disk.c wrote, and makes the files of any moment of it,
with the writes that nobody had synced kept, lost, or kept in any other order than they were made.

A name in a folder is kept by syncing that folder, the content of a file by syncing the file, and
neither by the other: no file system promises more.
"""

import mmap
import os
import random
import shutil
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

HEAD, RECORD = 4096, struct.Struct("<IBBHQQQQ")
ANY, CREATE, WRITE, CUT, SYNC, RENAME, UNLINK, MAKE_DIR, REMOVE_DIR, SYNC_ALL, DEATH = range(11)
SECTOR = 512
# What becomes of the writes that were not synced.
MODES = ("lost", "kept", "first ones", "some", "torn")
# What a program that forgets to sync would not have done: for the twins that must be found out.
FORGETS = {"fdatasync": lambda r, folder: r.kind == SYNC and r.data_only,
           "fsync of a file": lambda r, folder: r.kind == SYNC and not r.data_only and not folder,
           "fsync of a folder": lambda r, folder: r.kind == SYNC and not r.data_only and folder}


@dataclass
class Record:
    at: int
    kind: int
    data_only: bool
    folder: int
    node: int
    to: int
    names: list[str]
    content: bytes


class Trace:
    """The records of a run, which may still be going on."""

    def __init__(self, path: Path) -> None:
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)

    def close(self) -> None:
        self.map.close()

    @property
    def used(self) -> int:
        return struct.unpack_from("<Q", self.map, 0)[0]

    @property
    def whole(self) -> int:
        """How far it tells everything: a process that died inside a call may have told too little."""
        torn = struct.unpack_from("<Q", self.map, 8)[0]
        return min(torn - 1, self.used) if torn else self.used

    @property
    def killed(self) -> int:
        return struct.unpack_from("<Q", self.map, 32)[0]

    def kill(self, pid: int, kind: int = 0) -> None:
        """This process dies after its next call of a kind, or of any; nobody else dies then."""
        struct.pack_into("<Q", self.map, 24, kind)
        struct.pack_into("<q", self.map, 16, pid)

    def records(self, end: int) -> Iterator[Record]:
        at = 0
        while at < end:
            size, kind, data_only, name_len, folder, node, to, length = \
                RECORD.unpack_from(self.map, HEAD + at)
            start = HEAD + at + RECORD.size
            names = self.map[start:start + name_len].decode().split("\0") if name_len else []
            content = self.map[start + name_len:start + name_len + length] if kind == WRITE else b""
            yield Record(at, kind, bool(data_only), folder, node, to, names, content)
            at += size


@dataclass(eq=False)
class Node:
    """A file or a folder: what is on the disk, and what was asked for since the last sync."""

    is_folder: bool = False
    data: bytearray = field(default_factory=bytearray)
    names: dict[str, "Node"] = field(default_factory=dict)
    waiting: list = field(default_factory=list)

    def settle(self) -> None:
        for step in self.waiting:
            self.take(step)
        self.waiting = []

    def take(self, step) -> None:
        if self.is_folder:
            for name, node in step:
                self.names.pop(name, None)
                if node is not None:
                    self.names[name] = node
            return
        kind, at, content = step
        if kind == CUT:
            self.resize(at)
        else:
            self.resize(max(len(self.data), at + len(content)))
            self.data[at:at + len(content)] = content

    def resize(self, size: int) -> None:
        del self.data[size:]
        self.data.extend(bytes(size - len(self.data)))

    def after_crash(self, mode: str, dice: random.Random) -> None:
        """Keeps of what waits as much as the mode says."""
        kept = {"lost": [], "kept": self.waiting,
                "first ones": self.waiting[:dice.randint(0, len(self.waiting))]}.get(mode)
        if kept is None:
            kept = [step for step in self.waiting if dice.random() < 0.5]
        self.waiting = [torn(step, dice) if mode == "torn" and not self.is_folder else step
                        for step in kept]
        self.settle()


def torn(step, dice: random.Random):
    """Some whole sectors of a write, from its beginning."""
    kind, at, content = step
    if kind != WRITE or dice.random() < 0.5:
        return step
    edge = at + SECTOR - at % SECTOR + SECTOR * dice.randint(0, len(content) // SECTOR)
    return kind, at, content[:edge - at]


class Disk:
    """The files that a program keeps below a folder, as they are on the disk when a run begins."""

    def __init__(self, root: Path, names: tuple[str, ...]) -> None:
        self.root, self.names = root, names
        self.image = {name: read(root / name) for name in names if (root / name).exists()}
        self.inodes = {os.lstat(path).st_ino: str(path.relative_to(root))
                       for name in self.image for path in walk(root / name)}
        self.inodes[os.lstat(root).st_ino] = "."

    def crash(self, trace: Trace, end: int, mode: str, dice: random.Random,
              forget: str = "") -> Node:
        """The folder, had the power gone when the trace was that long."""
        top = Node(True, names={name: copy(node) for name, node in self.image.items()})
        nodes = {number: find(top, path) for number, path in self.inodes.items()}
        for record in trace.records(end):
            replay(record, nodes, forget)
        for node in set(nodes.values()):
            node.after_crash(mode, dice)
        top.names = {name: node for name, node in top.names.items() if name in self.names}
        return top

    def put(self, top: Node, root: Path | None = None) -> None:
        """Makes these the files below a folder."""
        root = root or self.root
        for name in self.names:
            remove(root / name)
        for extra in ("torimori.db-shm",):
            remove(root / extra)
        for name, node in top.names.items():
            write(root / name, node)


def replay(r: Record, nodes: dict[int, Node], forget: str) -> None:
    node, folder = nodes.get(r.node), nodes.get(r.folder)
    if r.kind == SYNC_ALL:
        for one in nodes.values():
            one.settle()
    elif r.kind in (CREATE, MAKE_DIR):
        nodes[r.node] = node = Node(r.kind == MAKE_DIR)
        if folder:
            folder.waiting.append([(r.names[0], node)])
    elif r.kind in (UNLINK, REMOVE_DIR):
        if folder:
            folder.waiting.append([(r.names[0], None)])
    elif node is None:
        return
    elif r.kind in (WRITE, CUT):
        node.waiting.append((r.kind, r.to, r.content))
    elif r.kind == SYNC and not (forget and FORGETS[forget](r, node.is_folder)):
        node.settle()
    elif r.kind == RENAME:
        rename(r, nodes, node)


def rename(r: Record, nodes: dict[int, Node], node: Node) -> None:
    """Within one folder both names change at once."""
    first, second = (r.names[0], None), (r.names[1], node)
    if r.folder == r.to:
        nodes[r.folder].waiting.append([first, second])
        return
    nodes[r.folder].waiting.append([first])
    nodes[r.to].waiting.append([second])


# Files and nodes ---------------------------------------------------------------------------------

def walk(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir():
        for below in sorted(path.iterdir()):
            if below.is_file() or below.is_dir():
                yield from walk(below)


def read(path: Path) -> Node:
    if not path.is_dir():
        return Node(data=bytearray(path.read_bytes()))
    return Node(True, names={below.name: read(below) for below in path.iterdir()
                             if below.is_file() or below.is_dir()})


def copy(node: Node) -> Node:
    return Node(node.is_folder, bytearray(node.data),
                {name: copy(below) for name, below in node.names.items()})


def find(top: Node, path: str) -> Node:
    for name in Path(path).parts:
        top = top.names[name]
    return top


def write(path: Path, node: Node) -> None:
    if not node.is_folder:
        path.write_bytes(node.data)
        path.chmod(0o600)
        return
    path.mkdir(mode=0o700)
    for name, below in node.names.items():
        write(path / name, below)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
