#!/usr/bin/python3
"""Processes are killed under load, at random and at named points. What was acknowledged is there
afterwards, every key was decided once, the log extends every checkpoint it ever showed, and no
notice is lost."""

import base64
import collections
import hashlib
import json
import os
import random
import secrets
import signal
import threading
import time
import unittest

from paths import run_as_tap

import journal
from scene import Scene, User
from stack import alive
from stage import role_pid, until
from website import read_mail

THREADS = 4
ROUNDS = ("net", "keyholder", "net", "courier", "supervisor") * 4
POINTS = ("store.before_commit:9", "store.after_commit:9", "release.before:9", "seal.signed:3",
          "keyholder.synced:3")
LATER = {"step_up": {"step_up", "allowed", "redeemed", "lapsed", "expired"},
         "allowed": {"allowed", "redeemed", "lapsed"}, "redeemed": {"redeemed"}}


class Load(threading.Thread):
    """One customer who withdraws and logs in, again and again, and writes down every answer."""

    def __init__(self, user: User, number: int) -> None:
        super().__init__(daemon=True)
        self.user, self.over = user, threading.Event()
        self.amount = number * 1_000_000
        self.first: dict[str, bytes] = {}  # key → the first answer to it
        self.bodies: dict[str, dict] = {}
        self.seen: dict[str, str] = {}  # operation → the furthest state that was acknowledged
        self.amounts: dict[str, int] = {}
        self.faults: list[str] = []
        self.away = 0

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.withdraw()
                self.user.login()
            except Exception as trouble:  # whatever breaks on the way is tried again
                self.away += 1
                self.last = repr(trouble)
                time.sleep(0.05)

    def withdraw(self) -> None:
        key = secrets.token_urlsafe(16)
        self.amount += 1
        self.bodies[key] = self.user.body(amount=self.amount)
        answer = self.until_answered(key)
        operation = answer.json()
        self.first[key] = answer.body
        self.amounts[operation["operation_id"]] = self.amount
        self.note(operation)
        for _ in range(40):
            if self.over.is_set():
                return
            try:
                self.go_on(operation)
                return
            except Exception:  # killed in between: see how it stands, and go on from there
                self.away += 1
                time.sleep(0.1)

    def go_on(self, operation: dict) -> None:
        state = self.user.state(operation)
        if state == "step_up":
            self.note(self.user.confirm(operation))
            state = self.user.state(operation)
        if state == "allowed":
            answer = self.user.redeem(operation)
            if answer.status == 200:
                self.note(answer.json())

    def until_answered(self, key: str):
        while True:
            try:
                answer = self.user.channel.once("POST", "/v1/operations", self.bodies[key], key)
            except Exception:  # no answer is no answer, whatever the reason
                answer = None
            if answer is not None and answer.status == 201:
                return answer
            if answer is not None and answer.status not in (429, 503):
                self.faults.append(f"{key}: {answer.status} {answer.body!r}")
            self.away += 1
            time.sleep(0.05)

    def note(self, operation: dict) -> None:
        self.seen[operation["operation_id"]] = operation["status"]


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scene = Scene()
        cls.addClassCleanup(cls.scene.close)
        cls.scene.open()
        cls.users = [cls.scene.newcomer() for _ in range(THREADS)]
        cls.checkpoints: set[tuple[int, bytes]] = set()
        cls.mail_kills = 0
        cls.dice = random.Random(int(os.environ.get("SEED", "1")))
        cls.loads = [Load(user, number + 1) for number, user in enumerate(cls.users)]
        for load in cls.loads:
            load.start()
        cls.kill_everything()
        for load in cls.loads:
            load.over.set()
        for load in cls.loads:
            load.join(30)
        time.sleep(journal.SEALED_S)

    # The killing -----------------------------------------------------------------------------------

    @classmethod
    def kill_everything(cls):
        for name in ROUNDS:
            time.sleep(cls.dice.uniform(0.2, 0.7))
            cls.keep_checkpoint()
            cls.mail_kills += name != "keyholder"
            if name == "supervisor":
                cls.restart()
            else:
                os.kill(role_pid(cls.scene, name), signal.SIGKILL)
        for point in POINTS:
            cls.restart(point)
            time.sleep(2)
            cls.keep_checkpoint()
            cls.mail_kills += 3
        cls.restart()
        time.sleep(2)

    @classmethod
    def restart(cls, point: str = ""):
        """Kill the supervisor, wait for its children, and start it again."""
        stack = cls.scene.stack
        (process,) = [p for p in stack.recall("processes") if p["name"] == "torimori" and alive(p)]
        roles = [role_pid(cls.scene, name) for name in ("net", "keyholder", "courier")]
        os.kill(process["pid"], signal.SIGKILL)
        assert until(lambda: not alive(process), 5)
        assert until(lambda: not any(is_torimori(pid) for pid in roles), 15), "a role outlived it"
        os.environ.pop("TORI_FAILPOINT", None)
        if point:
            os.environ["TORI_FAILPOINT"] = point
        stack._start("torimori", stack.serve_command())
        os.environ.pop("TORI_FAILPOINT", None)

    @classmethod
    def keep_checkpoint(cls):
        try:
            lines = (cls.scene.stack.log / "checkpoint").read_text("utf-8").split("\n")
        except FileNotFoundError:
            return
        cls.checkpoints.add((int(lines[1]), base64.b64decode(lines[2])))

    # The model ---------------------------------------------------------------------------------------

    def entries(self) -> list[bytes]:
        found = []
        folder = self.scene.stack.log
        end = journal.size(folder)
        for index in range((end + 255) // 256):
            path = folder / journal.tile_path(index, min(256, end - index * 256))
            found += journal.unpack(path.read_bytes())
        return found[:end]

    def test_the_load_was_a_load(self):
        done = sum(state == "redeemed" for load in self.loads for state in load.seen.values())
        away = sum(load.away for load in self.loads)
        print(f"# {done} redeemed, {sum(len(load.first) for load in self.loads)} asked, "
              f"{away} answers missing, {len(self.checkpoints)} checkpoints")
        self.assertGreater(done, 20, [getattr(load, "last", "") for load in self.loads])
        self.assertGreater(away, 5)
        self.assertEqual([load.faults for load in self.loads], [[]] * THREADS)

    def test_what_was_acknowledged_is_there(self):
        for load in self.loads:
            for operation, state in load.seen.items():
                now = load.user.state({"operation_id": operation})
                self.assertIn(now, LATER[state], operation)

    def test_every_key_has_one_decision(self):
        for load in self.loads:
            for key, first in load.first.items():
                again = load.user.channel.once("POST", "/v1/operations", load.bodies[key], key)
                self.assertEqual((again.status, again.body), (201, first))

    def test_the_journal_has_each_step_once(self):
        steps = collections.Counter()
        for entry in map(json.loads, self.entries()):
            if entry["kind"].startswith("operation.") and "status" in entry:
                steps[entry["operation"], entry["status"]] += 1
        for load in self.loads:
            for operation, state in load.seen.items():
                reached = ("step_up", "allowed", "redeemed")
                for step in reached[:reached.index(state) + 1]:
                    self.assertEqual(steps[operation, step], 1, (operation, step))
        decided = sum(1 for _, status in steps if status == "step_up")
        self.assertGreaterEqual(decided, sum(len(load.first) for load in self.loads))
        self.assertFalse([name for name, count in steps.items() if count > 1])

    def test_the_log_extends_every_checkpoint(self):
        sound, told = self.scene.stack.verify_log()
        self.assertTrue(sound, told)
        leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in self.entries()]
        self.assertGreater(len(self.checkpoints), 5)
        for size, root in self.checkpoints:
            self.assertLessEqual(size, len(leaves))
            self.assertEqual(tree_root(leaves[:size]), root, f"checkpoint of {size}")

    def test_no_notice_is_lost_and_few_come_twice(self):
        wanted = {f"{load.amounts[operation]:,}円": load.user.mail for load in self.loads
                  for operation, state in load.seen.items() if state in ("allowed", "redeemed")}

        def missing():
            text = collections.Counter()
            for path in self.scene.stack.mails.glob("*.eml"):
                mail = read_mail(path)
                if "出金受付" in mail["subject"]:
                    line = next(row for row in mail["text"].splitlines() if row.startswith("金額"))
                    text[line.split(": ")[1]] += 1
            self.counted = text
            return [amount for amount in wanted if not text[amount]]
        until(lambda: not missing(), 5)
        for _ in range(3):  # what was handed over and never answered is due again later
            if missing():
                self.scene.move_clock(11 * 60)
                until(lambda: not missing(), 10)
        self.assertEqual(missing(), [])
        twice = sum(self.counted[amount] - 1 for amount in wanted)
        print(f"# {len(wanted)} notices, {twice} came again after {self.mail_kills} kills")
        self.assertLessEqual(max(self.counted.values()), 1 + self.mail_kills)


def is_torimori(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"torimori" in file.read()
    except OSError:
        return False


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:half]) + tree_root(leaves[half:])).digest()


if __name__ == "__main__":
    run_as_tap(__file__)
