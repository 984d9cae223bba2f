"""Customers who withdraw and log in without end, what they were told, and what must therefore be
there however the server ended in between."""

import base64
import collections
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable

import journal
from scene import User

ROAD = ("step_up", "allowed", "redeemed")
LATER = {"step_up": {"step_up", "allowed", "redeemed", "lapsed", "expired"},
         "allowed": {"allowed", "redeemed", "lapsed"}, "redeemed": {"redeemed"}}


@dataclass
class Asked:
    """One withdrawal: a key, its request, and the answers to it, each with its moment."""

    user: User
    key: str
    amount: int
    body: dict[str, Any]
    first: bytes = b""
    operation: str = ""
    said: list[tuple[int, str]] = field(default_factory=list)

    def state(self, end: int | None = None) -> str:
        """The furthest state that was acknowledged, or had been at a moment; "" for none."""
        known = [state for moment, state in self.said if end is None or moment <= end]
        return known[-1] if known else ""


class Load(threading.Thread):
    """One customer who withdraws and logs in, again and again, and writes down every answer. A
    moment is whatever the test counts in, read once an answer is there."""

    def __init__(self, user: User, amount: int, moment: Callable[[], int] = lambda: 0) -> None:
        super().__init__(daemon=True)
        self.user, self.over, self.moment = user, threading.Event(), moment
        self.amount = amount
        self.asked: list[Asked] = []
        self.faults: list[str] = []
        self.away = 0
        self.last = ""

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.user.login()
                self.withdraw()
            except Exception as trouble:  # whatever breaks on the way is tried again
                self.missed(trouble, 0.05)

    def missed(self, why: object, pause_s: float) -> None:
        self.away += 1
        self.last = repr(why)
        time.sleep(pause_s)

    def withdraw(self) -> None:
        self.amount += 1
        one = Asked(self.user, secrets.token_urlsafe(16), self.amount,
                    self.user.body(amount=self.amount))
        if not self.ask(one):
            return
        for _ in range(40):
            if self.over.is_set():
                return
            try:
                self.go_on(one)
                return
            except Exception as trouble:  # killed in between: see how it stands, and go on
                self.missed(trouble, 0.1)

    def ask(self, one: Asked) -> bool:
        """Until there is an answer, under one key."""
        while not self.over.is_set():
            try:
                answer = self.user.channel.once("POST", "/v1/operations", one.body, one.key)
            except Exception as trouble:  # no answer is no answer, whatever the reason
                self.missed(trouble, 0.05)
                continue
            if answer.status == 201:
                one.first, one.operation = answer.body, answer.json()["operation_id"]
                self.note(one, answer.json())
                self.asked.append(one)
                return True
            if answer.status not in (429, 503):
                self.faults.append(f"{one.key}: {answer.status} {answer.body!r}")
                return False
            self.missed(answer.body, 0.05)
        return False

    def go_on(self, one: Asked) -> None:
        operation = {"operation_id": one.operation}
        state = self.user.state(operation)
        if state == "step_up":
            self.note(one, self.user.confirm(operation))
            state = self.user.state(operation)
        if state == "allowed":
            answer = self.user.redeem(operation)
            if answer.status == 200:
                self.note(one, answer.json())

    def note(self, one: Asked, operation: dict[str, Any]) -> None:
        if operation["status"] in ROAD:  # what was too late is nobody's promise
            one.said.append((self.moment(), operation["status"]))


def stop(loads: Iterable[Load]) -> None:
    for load in loads:
        load.over.set()
    for load in loads:
        load.join(60)


# What must be there ------------------------------------------------------------------------------

class Record:
    """The entries of one log, read as they come, held against what was acknowledged."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.steps: collections.Counter[tuple[str, str]] = collections.Counter()
        self.faults: list[str] = []

    def read(self, entries: Iterable[bytes]) -> None:
        """Entries that follow those that were read."""
        for text in entries:
            entry = json.loads(text)
            if entry["seq"] != self.tree.size:
                self.faults.append(f"entry {self.tree.size} says it is {entry['seq']}")
            self.tree.append(hashlib.sha256(b"\0" + text).digest())
            if entry["kind"].startswith("operation.") and "status" in entry:
                step = entry["operation"], entry["status"]
                self.steps[step] += 1
                if self.steps[step] > 1:
                    self.faults.append(f"{step} is in the journal twice")

    def missing(self, one: Asked, state: str) -> list[str]:
        return [f"{one.operation} was {state}, and its row {step} is not there"
                for step in ROAD[:ROAD.index(state) + 1] if self.steps[one.operation, step] != 1]

    def extends(self, size: int, root: bytes) -> list[str]:
        if size > self.tree.size:
            return [f"a checkpoint of {size} was seen, and there are {self.tree.size} rows"]
        if size and self.tree.root(size) != root:
            return [f"the log is another than its checkpoint of {size} says"]
        return []


class Tree:
    """RFC 6962 §2.1, for the root of every size that it has had."""

    def __init__(self) -> None:
        self.level: list[list[bytes]] = [[]]  # complete subtrees of 1, 2, 4 … leaves

    @property
    def size(self) -> int:
        return len(self.level[0])

    def append(self, leaf: bytes) -> None:
        height, node = 0, leaf
        while True:
            self.level[height].append(node)
            if len(self.level[height]) % 2:
                return
            node = hashlib.sha256(b"\1" + b"".join(self.level[height][-2:])).digest()
            height += 1
            if height == len(self.level):
                self.level.append([])

    def root(self, size: int) -> bytes:
        """Of the first `size` leaves, at least one."""
        found = b""
        for height in range(size.bit_length()):
            if size >> height & 1:
                node = self.level[height][(size >> height) - 1]
                found = hashlib.sha256(b"\1" + node + found).digest() if found else node
        return found


def checkpoint(folder: Path) -> tuple[int, bytes] | None:
    """Size and root of the newest checkpoint, if there is one."""
    try:
        lines = (folder / "checkpoint").read_text("utf-8").split("\n")
    except FileNotFoundError:
        return None
    return int(lines[1]), base64.b64decode(lines[2])


def sealed(folder: Path, start: int = 0) -> list[bytes]:
    """The entries from `start` on that the newest checkpoint covers, as bytes."""
    for _ in range(20):  # a part gives way to a longer one while we read
        found, end = [], journal.size(folder)
        try:
            for index in range(start // journal.WIDTH, (end + journal.WIDTH - 1) // journal.WIDTH):
                width = min(journal.WIDTH, end - index * journal.WIDTH)
                bundle = journal.unpack((folder / journal.tile_path(index, width)).read_bytes())
                found += bundle[max(0, start - index * journal.WIDTH):]
            return found
        except FileNotFoundError:
            time.sleep(0.05)
    raise AssertionError("a tile under the checkpoint is not there")
