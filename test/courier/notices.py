#!/usr/bin/python3
"""From a notice to a mailbox: store, pipeline, due work, courier and a real SMTP server together."""

import email
import email.policy
import os
import sqlite3
import subprocess
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

import smtp
from smtp import Courier, Script, Server, Sink

NET = os.environ["TORI_COURIER_NET"]
DUE, DONE, FAILED = 1, 10, 11


class Net:
    """The driver `net.c` on a store in a folder."""

    def __init__(self, folder, socket_path, at_once=8, answer_ms=120000):
        self.base, self.log_path = f"{folder}/net.db", f"{folder}/net.log"
        self.args = [NET, f"sqlite:{self.base}", socket_path, str(at_once), str(answer_ms)]

    def __enter__(self):
        self.log = open(self.log_path, "a", encoding="utf-8")
        self.process = subprocess.Popen(self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)
        assert self.process.stdout.readline() == "ready\n", Path(self.log_path).read_text("utf-8")
        return self

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def tell(self, template="login", n=1, address="hanako@mail.example"):
        assert self.ask(f"tell {template} {n} {address}") == "told"

    def shift(self, ms):
        assert self.ask(f"shift {ms}") == "shifted"

    def rows(self, query):
        with sqlite3.connect(f"file:{self.base}?mode=ro", uri=True, timeout=5) as db:
            return db.execute(query).fetchall()

    def wait(self, query, wanted, seconds=smtp.PATIENCE_S):
        end = time.monotonic() + seconds
        while (got := self.rows(query)) != wanted and time.monotonic() < end:
            time.sleep(0.05)
        return got

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            status = self.process.wait(timeout=smtp.PATIENCE_S)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.log.close()
        assert status in (0, -9), Path(self.log_path).read_text("utf-8")[-4000:]


JOBS = "SELECT state, tries, last_error FROM job ORDER BY id"
KINDS = "SELECT kind FROM journal WHERE kind LIKE 'notice.%' ORDER BY seq"


class Notices(smtp.Smtp):
    """Each case has its own store, courier and mail server."""

    # NOTIFY-01, NOTIFY-03
    def test_notice_reaches_the_mailbox(self):
        sink = Sink()
        with self.server(sink) as server, self.courier(server.port) as courier, \
                Net(self.folder, courier.path) as net:
            net.tell("login", 1)
            net.tell("withdrawal", 2, "taro@mail.example")
            done = [(DONE, 1, "message 250 2.0.0")] * 2
            self.assertEqual(net.wait(JOBS, done), done)
            self.assertEqual(Counter(net.rows(KINDS)),
                             {("notice.handed_over",): 2, ("notice.delivered",): 2})
        mails = {got[1][0]: email.message_from_bytes(got[2], policy=email.policy.default) for got in sink.got}
        self.assertEqual(mails["hanako@mail.example"]["subject"], "[Mihon Securities] You logged in")
        mail = mails["taro@mail.example"]
        self.assertEqual(mail["subject"], "【みほん証券】出金受付のお知らせ")
        self.assertIn("金額: 500,000円", mail.get_content())
        self.assertIn("ブックマーク", mail.get_content())

    def test_store_and_journal_name_nobody_in_clear(self):
        sink = Sink(rcpt=["550 5.1.1 <hanako@mail.example> unknown"])
        with self.server(sink) as server, self.courier(server.port) as courier, \
                Net(self.folder, courier.path) as net:
            net.tell("login", 1)
            failed = [(FAILED, 1, "recipient 550 5.1.1")]
            self.assertEqual(net.wait(JOBS, failed), failed)
        for path in Path(self.folder).glob("net.*"):
            self.assertNotIn(b"hanako", path.read_bytes(), path)
            self.assertNotIn(b"K7QF-M2XD", path.read_bytes(), path)

    # NOTIFY-11
    def test_refused_address_is_marked(self):
        sink = Sink(rcpt=["550 5.1.1 unknown"])
        with self.server(sink) as server, self.courier(server.port) as courier, \
                Net(self.folder, courier.path) as net:
            net.tell("login", 1)
            self.assertEqual(net.wait("SELECT state FROM contact", [(2,)]), [(2,)])
            self.assertEqual(net.rows("SELECT template FROM notice ORDER BY id"), [("login",), ("delivery_failed",)])
            self.assertEqual(net.rows(KINDS), [("notice.handed_over",), ("notice.not_delivered",)])

    def test_temporary_refusal_is_tried_again_after_its_time(self):
        sink = Sink(rcpt=["451 4.3.0 later", "452 4.2.2 full"])
        with self.server(sink) as server, self.courier(server.port) as courier, \
                Net(self.folder, courier.path) as net:
            net.tell("login", 1)
            for tries, wait_s, reply in ((1, 30, "451 4.3.0"), (2, 120, "452 4.2.2")):
                due = [(DUE, tries, f"recipient {reply}")]
                self.assertEqual(net.wait(JOBS, due), due)
                net.shift((wait_s - 20) * 1000)
                time.sleep(1.5)
                self.assertEqual(net.rows(JOBS), due)
                net.shift(21000)
            done = [(DONE, 3, "message 250 2.0.0")]
            self.assertEqual(net.wait(JOBS, done), done)
        self.assertEqual(len(sink.got), 1)

    def test_waits_for_a_courier_without_counting_tries(self):
        sink = Sink()
        with self.server(sink) as server:
            with Net(self.folder, f"{self.folder}/courier.sock") as net:
                net.tell("login", 1)
                time.sleep(1.5)
                self.assertEqual(net.rows(JOBS), [(DUE, 0, "")])
                with self.courier(server.port):
                    done = [(DONE, 1, "message 250 2.0.0")]
                    self.assertEqual(net.wait(JOBS, done), done)

    def test_courier_that_dies_is_asked_again(self):
        sink = Sink(held=threading.Event())
        with self.server(sink) as server:
            with self.courier(server.port) as courier, Net(self.folder, courier.path) as net:
                net.tell("login", 1)
                handed = [(DUE, 1, "")]
                self.assertEqual(net.wait(JOBS, handed), handed)
                self.assertTrue(smtp.until(lambda: sink.active == 1))
                courier.process.kill()
                sink.held.set()
                courier.process.wait()
                courier.__exit__()
                with self.courier(server.port):
                    done = [(DONE, 1, "message 250 2.0.0")]
                    self.assertEqual(net.wait(JOBS, done), done)
                courier.__enter__()
        ids = {email.message_from_bytes(got[2])["message-id"] for got in sink.got}
        self.assertEqual(len(ids), 1)
        self.assertGreaterEqual(len(sink.got), 1)

    def test_net_that_dies_loses_nothing(self):
        sink = Sink(wait=0.2)
        with self.server(sink) as server, self.courier(server.port) as courier:
            with Net(self.folder, courier.path) as net:
                for n in range(12):
                    net.tell("login", n, f"u{n}@mail.example")
                net.kill()
            with Net(self.folder, courier.path) as net:
                net.shift(121000)  # those that were handed over and never answered for
                done = [(DONE,)] * 12
                self.assertEqual(net.wait("SELECT state FROM job", done), done)
        self.assertEqual({got[1][0] for got in sink.got}, {f"u{n}@mail.example" for n in range(12)})
        by_id = {}
        for _, to, content, _ in sink.got:
            by_id.setdefault(email.message_from_bytes(content)["message-id"], set()).add(to[0])
        self.assertEqual(len(by_id), 12)

    def test_a_burst_is_carried_within_its_bounds(self):
        sink = Sink(wait=0.02)
        with self.server(sink) as server, self.courier(server.port) as courier, \
                Net(self.folder, courier.path, at_once=8) as net:
            for n in range(200):
                net.tell("order", n % 20, f"u{n % 20}@mail.example")
            done = [(DONE, 1)] * 200
            self.assertEqual(net.wait("SELECT state, tries FROM job", done), done)
        self.assertEqual(len(sink.got), 200)
        self.assertLessEqual(sink.most, 4)

    def test_silent_courier_is_a_temporary_failure(self):
        with Script(smtp.silence) as server, \
                self.courier(server.port, tls="plain") as courier, \
                Net(self.folder, courier.path, answer_ms=1000) as net:
            net.tell("login", 1)
            due = [(DUE, 1, "courier")]
            self.assertEqual(net.wait(JOBS, due), due)

    # ENROL-01
    def test_letter_reaches_the_spool_and_leaves_no_code(self):
        with self.courier(smtp.free_port()) as courier, Net(self.folder, courier.path) as net:
            net.tell("enrolment_code", 2)
            done = [(DONE, 1, "spool")]
            self.assertEqual(net.wait(JOBS, done), done)
            self.assertEqual(net.rows("SELECT count(*) FROM notice"), [(0,)])
            letter = smtp.json.loads(next(Path(courier.spool).iterdir()).read_text("utf-8"))
        self.assertEqual((letter["kind"], letter["customer"], letter["code"]), ("enrolment_code", "C-1", "K7QF-M2XD"))
        self.assertIn("登録コード: K7QF-M2XD", letter["text"])


def load_tests(loader, _tests, _pattern):
    """Only the cases of this file: the base class has its own run."""
    own = [name for name in vars(Notices) if name.startswith("test_")]
    return unittest.TestSuite(Notices(name) for name in own)


if __name__ == "__main__":
    unittest.main()
