#!/usr/bin/python3
"""Two whole Torimori on one store: the second waits, takes over when the first is gone or sleeps too
long, and never do two of them write. A model compares what was acknowledged with what is there."""

import base64
import collections
import json
import secrets
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from paths import TORIMORI, run_as_tap

import journal
from cluster import Cluster
from scene import Answer, Line, Scene, User
from server import PATIENCE_S, Server, ServerCase
from stack import Failed
from stage import until


class PairScene(Scene):
    """A scene whose Torimori is a Server, with a second one beside it on demand."""

    here: Server
    there: Server

    def start_torimori(self) -> None:
        self.here = Server(self.stack)
        self.here.start().ready()

    def add_second(self) -> None:
        self.there = self.here.standby(Path(self.temp.name) / "b")

    def close(self) -> None:
        for name in ("here", "there"):
            if hasattr(self, name):
                getattr(self, name).close()
        super().close()

    def line_to(self, server: Server) -> Line:
        line = self.line("channel")
        line.address = (server.address, self.stack.ports.channel)
        return line


class Asker(threading.Thread):
    """One customer who asks at one address alone, each key until it is answered."""

    def __init__(self, user: User, line: Line) -> None:
        super().__init__(daemon=True)
        self.user, self.line, self.over = user, line, threading.Event()
        self.bodies: dict[str, dict] = {}
        self.first: dict[str, bytes] = {}
        self.faults: list[str] = []

    def run(self) -> None:
        while not self.over.is_set():
            key = secrets.token_urlsafe(16)
            self.bodies[key] = self.user.body(amount=len(self.bodies) + 1)
            self.ask(key)
            time.sleep(0.1)

    def ask(self, key: str) -> None:
        while not self.over.is_set():
            answer = once(self.line, self.bodies[key], key)
            if answer is not None and answer.status == 201:
                self.first[key] = answer.body
                return
            if answer is not None and answer.status != 503:
                self.faults.append(f"{answer.status} {answer.body!r}")
            time.sleep(0.02)

    @property
    def done(self) -> int:
        return len(self.first)


def once(line: Line, body: dict, key: str) -> Answer | None:
    try:
        return line.once("POST", "/v1/operations", body, key)
    except Exception:  # no answer is no answer, whatever the reason
        return None


def heard(link: socket.socket) -> bytes:
    """What comes on a connection; nothing when it is hung up."""
    with link:
        try:
            return link.recv(4000)
        except ConnectionError:
            return b""


def bytes_of(ident: str) -> str:
    """An id as PostgreSQL shows bytes."""
    return base64.urlsafe_b64decode(ident + "=" * (-len(ident) % 4)).hex()


class Postgres(unittest.TestCase):
    """In order: each case goes on where the one before it left the two."""

    @classmethod
    def setUpClass(cls) -> None:
        if not TORIMORI.exists():
            raise unittest.SkipTest(f"{TORIMORI.name} is not built")
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.migrate()
        cls.scene = PairScene(store__url=cls.cluster.url)
        cls.addClassCleanup(cls.scene.close)
        cls.scene.open()
        cls.scene.add_second()
        cls.first, cls.second = cls.scene.here, cls.scene.there
        cls.askers = [Asker(cls.scene.newcomer(), cls.scene.line_to(server))
                      for server in (cls.first, cls.second)]
        cls.addClassCleanup(lambda: [asker.over.set() for asker in cls.askers])

    def reaches(self, asker: Asker, done: int) -> None:
        self.assertTrue(until(lambda: asker.done >= done, PATIENCE_S),
                        f"{asker.done} of {done} answered; {self.second.text()[-3000:]}")

    def rows_of(self, asker: Asker, start: int, end: int) -> int:
        customer = bytes_of(self.scene.ids[asker.user.customer])
        return self.cluster.number(
            f"SELECT count(*) FROM journal WHERE seq >= {start} AND seq < {end} "
            f"AND encode(customer_id, 'hex') = '{customer}'")

    def epoch(self) -> int:
        return self.cluster.number("SELECT epoch FROM lease")

    def test_1_a_standby_answers_for_its_health_and_for_nothing_else(self):
        self.second.start()
        self.second.wait(lambda: self.second.readyz()[0] == 503, "the standby is not up")
        status, body = self.second.readyz()
        self.assertEqual((status, body["code"]), (503, "not_owner"))
        self.assertEqual(self.second.get("/healthz")[0], 200)
        ports = self.scene.stack.ports
        for port, host, path in ((ports.pages, "torimori.localhost", "/"),
                                 (ports.pages, "torimori.localhost", "/me"),
                                 (ports.pages, "torimori.localhost", "/web/torimori.css"),
                                 (ports.desk, "desk.localhost", "/")):
            self.assertEqual(self.second.get(path, port, f"{host}:{port}")[0], 503, path)
        line = self.askers[1].line
        self.assertEqual(line.once("GET", "/v1/operations/AAAA").code, "not_owner")
        self.assertEqual(line.once("POST", "/v1/sessions/introspect", {}).code, "not_owner")
        answer = once(line, self.askers[1].user.body(), "key")
        self.assertEqual((answer.status, answer.code), (503, "not_owner"))
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        with self.assertRaisesRegex(Failed, "not_owner"):
            Ask(self.second).add_channel()
        self.first.ready()
        self.assertEqual(self.epoch(), 1)

    def test_2_an_owner_that_sleeps_past_its_lease_serves_and_commits_nothing_more(self):
        ours, theirs = self.askers
        for asker in self.askers:
            asker.start()
        self.reaches(ours, 5)
        self.assertEqual(theirs.done, 0)
        self.first.freeze()
        before = ours.done
        waiting = [self.knock() for _ in range(5)]  # the kernel takes them, nobody reads them
        self.second.ready()
        taken = self.second.said("lease.taken")
        self.assertEqual((taken["epoch"], self.epoch()), (2, 2))
        self.reaches(theirs, 5)
        self.first.send_all(signal.SIGCONT)
        for one in waiting:
            self.assertIn(heard(one)[:12], (b"", b"HTTP/1.1 503"))
        self.first.said("role.ended", name="net", exit=75)
        self.first.wait(lambda: self.first.readyz()[1].get("code") == "not_owner",
                        "it does not become a standby")
        self.reaches(theirs, theirs.done + 5)
        # What was answered in the moment of the stop may have been counted just after it.
        self.assertLessEqual(ours.done, before + 1)
        self.assertEqual(self.rows_of(ours, taken["next_seq"], 1 << 60), 0)
        self.assertGreaterEqual(self.rows_of(theirs, taken["next_seq"], 1 << 60), 10)
        self.assertEqual(self.epoch(), 2)
        log = self.scene.stack.log
        self.assertTrue(until(lambda: journal.size(log) > taken["next_seq"] + 5, PATIENCE_S),
                        "the second one seals nothing")

    def knock(self) -> socket.socket:
        """A whole request for the customers' listener of the first, sent and not answered."""
        port = self.scene.stack.ports.pages
        host = f"torimori.localhost:{port}"
        one = socket.create_connection((self.first.address, port), PATIENCE_S)
        one.sendall(f"POST /v1/login HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
                    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".encode())
        return one

    def test_3_a_killed_owner_is_followed_under_a_new_epoch(self):
        ours = self.askers[0]
        self.second.send_all(signal.SIGKILL)
        self.second.ended()
        self.assertTrue(until(lambda: not self.second.left(), PATIENCE_S), "some of it lives on")
        self.first.ready()
        taken = self.first.lines("lease.taken")[-1]
        self.assertEqual((taken["epoch"], self.epoch()), (3, 3))
        self.assertGreater(taken["next_seq"], self.second.said("lease.taken")["next_seq"])
        self.reaches(ours, ours.done + 5)

    def test_4_the_first_ones_keyholder_is_shown_what_the_second_one_sealed(self):
        self.first.wait(lambda: self.first.readyz()[1]["important_operations"] == "decided",
                        "important operations are not decided")
        self.first.said("log.keyholder_behind")
        user = self.askers[0].user
        self.assertEqual(user.redeem(user.allowed()).json()["status"], "redeemed")

    def test_5_every_acknowledged_answer_is_there_once(self):
        for asker in self.askers:
            asker.over.set()
            asker.join(PATIENCE_S)
            self.assertEqual(asker.faults, [])
        line = self.scene.line_to(self.first)
        for asker in self.askers:
            for key, body in asker.first.items():
                again = once(line, asker.bodies[key], key)
                self.assertEqual((again.status, again.body), (201, body))
        asked = sum(asker.done for asker in self.askers)
        rows, missing = self.cluster.ask("SELECT count(*), max(seq) + 1 - count(*) FROM journal")[0]
        print(f"# {asked} asked and answered, {rows} rows")
        self.assertEqual(missing, "0")
        rows = self.cluster.ask("SELECT entry FROM journal WHERE kind LIKE 'operation.%'")
        entries = [json.loads("|".join(row)) for row in rows]
        asked_once = collections.Counter(
            entry["operation"] for entry in entries if entry.get("status") == "step_up")
        self.assertEqual({count for count in asked_once.values()}, {1})
        for asker in self.askers:
            for body in asker.first.values():
                self.assertEqual(asked_once[json.loads(body)["operation_id"]], 1)

    def test_6_the_log_is_one_log(self):
        sound, told = self.scene.stack.verify_log()
        self.assertTrue(sound, told)

    def test_7_an_orderly_end_lets_the_next_one_in_at_once(self):
        self.second.log_path.write_text("", "utf-8")
        self.second.start()
        self.second.wait(lambda: self.second.readyz()[0] == 503, "the standby is not up")
        self.assertEqual(self.first.end(), 0)
        self.second.ready()
        self.assertEqual(self.second.said("lease.taken")["epoch"], 4)
        self.assertEqual(self.second.end(), 0)
        self.assertEqual(self.cluster.ask("SELECT epoch, owner FROM lease"), [["4", ""]])


    def test_8_it_ends_also_without_its_store(self):
        self.first.log_path.write_text("", "utf-8")
        self.first.start().ready()
        self.cluster.stop()
        self.first.said("store.away")
        self.assertEqual(self.first.end(), 0)
        self.assertEqual(self.first.left(), [])
        ends = [end["name"] for end in self.first.lines("role.ended")]
        self.assertEqual(ends, ["net", "courier", "keyholder"])

    def test_9_it_waits_for_a_store_that_starts_later(self):
        self.first.log_path.write_text("", "utf-8")
        self.first.start()
        self.first.said("net.not_started", error="store_away")
        self.cluster.start()
        self.first.said("net.started")  # it will own the store when its old lease has run out
        self.assertEqual(self.first.end(), 0)


class Ask:
    """`torimori admin` at one server, once, without waiting for better times."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def add_channel(self) -> None:
        stack = self.server.stack
        done = subprocess.run(
            [str(stack.torimori), "admin", "channel", "add", "x", "--cert",
             str(stack.config.parent.parent / "channel.pem"), "--origin", "https://x.example",
             "--return-uri", "https://x.example/", "--config", str(stack.config)],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr)


class Sqlite(ServerCase):
    """The kernel frees a lock file with the process that held it, and not before."""

    def test_the_lock_file_says_whether_the_owner_lives(self):
        # With the longest lease there is: nobody here waits for one to run out.
        first = self.server("a", store__lease_ms=60000).start().ready()
        first.stack.add_channel()
        second = first.standby(self.folder / "b")
        self.addCleanup(second.close)
        second.start()
        second.wait(lambda: second.readyz()[0] == 503, "the standby is not up")
        first.freeze()
        self.assertIsNone(until(lambda: second.readyz()[0] != 503 or None, 1))
        first.send_all(signal.SIGCONT)
        first.wait(lambda: first.readyz()[0] == 200, "the owner does not go on")
        first.send_all(signal.SIGKILL)
        began = time.monotonic()
        second.ready()
        self.assertLess(time.monotonic() - began, 60)
        self.assertEqual(second.said("lease.taken")["epoch"], 2)
        self.assertEqual(second.end(), 0)


if __name__ == "__main__":
    run_as_tap(__file__)
