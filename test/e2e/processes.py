#!/usr/bin/python3
"""The supervisor and its roles as real processes: starting, restarting, ending, refusing to start,
and whom they let in."""

import os
import pwd
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import unittest
from datetime import datetime
from pathlib import Path

from paths import run_as_tap

from scene import Line
from server import PATIENCE_S, ROLES, Server, ServerCase, as_user, holds
from channel import tls_context
from people import as_record, person

IS_ROOT = os.geteuid() == 0
# Asks the socket named by the first word; prints what came of it.
KNOCK = """
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(20)
try:
    s.connect(sys.argv[1])
    s.send(bytes.fromhex(sys.argv[2]))
    print("answered" if s.recv(4096) else "closed")
except PermissionError:
    print("no_permission")
except OSError:
    print("closed")
"""
BEAT = "0101000000000001"  # docs/keys-protocol.md: version, kind, two zero bytes, number
GET = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
try:
    s.connect(sys.argv[1])
    s.send(b"GET /readyz HTTP/1.1\\r\\nHost: admin\\r\\n\\r\\n")
    print("answered" if s.recv(4096) else "closed")
except OSError:
    print("closed")
"""


def at_ms(line: dict) -> float:
    return datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp() * 1000


class Restarts(ServerCase):
    def test_each_role_that_is_killed_is_started_again_later_and_later(self):
        server = self.server().start().ready()
        for role in ROLES:
            for times in (1, 2):
                pid = server.send(signal.SIGKILL, role)
                server.said("role.ended", name=role, pid=pid, signal=9)
                server.wait(lambda: len(server.lines("role.started", name=role)) == times + 1,
                            f"{role} is not started again")
        for role in ROLES:
            ends = server.lines("role.ended", name=role)
            starts = server.lines("role.started", name=role)
            waited = [at_ms(start) - at_ms(end) for end, start in zip(ends, starts[1:])]
            self.assertGreaterEqual(waited[0], 90)
            self.assertGreaterEqual(waited[1], 190)
        server.ready()
        self.assertEqual(server.end(), 0)
        self.over(server, 0)

    def test_a_killed_supervisor_leaves_nothing_and_its_successor_waits_for_that(self):
        server = self.server().start().ready()
        server.send(signal.SIGSTOP, "courier")  # so that one of them is still there
        server.end(signal.SIGKILL)
        old = server.left()
        self.assertIn(server.pid("courier"), old)
        courier = server.pid("courier")
        server.start()
        server.said("supervisor.folder_in_use")
        self.assertEqual(len(server.lines("role.started")), 3)
        os.kill(courier, signal.SIGCONT)
        if server.process.poll() is not None:  # the machine slept for the ten seconds that it waits
            server.start()
        server.ready()
        self.assertFalse(set(old) & set(server.left()))
        self.assertEqual(server.end(), 0)
        self.over(server, 0)

    def test_a_second_one_in_the_same_folder_ends_and_disturbs_nobody(self):
        server = self.server().start().ready()
        second = self.server("b", data__directory=str(server.stack.folder / "data"))
        second.start()
        second.said("supervisor.folder_in_use")
        second.send(signal.SIGTERM)  # or it would wait ten seconds for the first to end
        self.over(second, 2)
        self.assertIn("in_use", second.lines("supervisor.not_started")[0])
        self.assertEqual(second.lines("role.started"), [])
        self.assertEqual(server.lines("role.ended"), [])
        server.stack.add_channel()  # the admin socket, the keyholder and the store still answer
        self.assertEqual(server.end(), 0)


class Endings(ServerCase):
    def customer_adder(self, server: Server) -> Line:
        server.stack.add_channel()
        context = tls_context(server.stack.path("ca.pem"), server.stack.path("channel.pem"),
                              server.stack.path("channel.key"))
        return Line(server.stack.CHANNEL_NAME, ("127.0.0.1", server.stack.ports.channel), context)

    def test_sigterm_answers_what_is_in_flight_and_ends_in_order(self):
        server = self.server().start().ready()
        line = self.customer_adder(server)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(
            line.once("POST", "/v1/customers", as_record(person(1)))))
        store = sqlite3.connect(server.stack.path("torimori.db"), isolation_level=None)
        store.execute("BEGIN IMMEDIATE")  # a commit waits from here on
        asking.start()
        server.wait(lambda: server.metric("torimori_commands_in_flight") >= 1, "nothing is asked")
        server.send(signal.SIGTERM)
        server.said("net.ending")
        self.assertEqual(answers, [])
        store.execute("ROLLBACK")
        asking.join(PATIENCE_S)
        self.assertFalse(asking.is_alive())
        # 503 if the machine was so slow that the store was given up: an answer in any case.
        self.assertIn(answers[0].status, (201, 503), answers[0].body)
        made = store.execute("SELECT count(*) FROM journal WHERE kind = 'customer.created'")
        self.assertGreaterEqual(made.fetchone()[0], answers[0].status == 201)
        store.close()
        self.over(server, 0)
        ends = [end["name"] for end in server.lines("role.ended")]
        self.assertEqual(ends, ["net", "courier", "keyholder"])
        for end in server.lines("role.ended"):
            self.assertEqual((end["exit"], end["signal"]), (0, 0))

    def test_a_half_sent_request_is_answered_when_it_ends(self):
        server = self.server().start().ready()
        server.stack.add_channel()
        host = f"torimori.localhost:{server.stack.ports.pages}"
        half = socket.create_connection(("127.0.0.1", server.stack.ports.pages), 20)
        self.addCleanup(half.close)
        half.sendall(f"POST /v1/login HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
                     "Content-Type: application/json\r\nContent-Length: 2\r\n"
                     "Expect: 100-continue\r\n\r\n".encode())
        self.assertTrue(half.recv(1000).startswith(b"HTTP/1.1 100"))
        server.send(signal.SIGTERM)
        ending = at_ms(server.said("net.ending"))
        half.sendall(b"{}")
        answer = half.recv(4000)
        if time.time() * 1000 < ending + 4000:  # five seconds are given to whoever is slow
            self.assertRegex(answer, rb"^HTTP/1\.1 (503|404) ")
            self.assertEqual(half.recv(1), b"")  # and no more: the server ends the connection
        self.over(server, 0)

    def test_sigterm_at_any_point_of_the_start_ends_cleanly(self):
        for number in range(9):
            server = self.server(f"s{number}").start()
            server.wait(lambda: len(server.lines()) >= number, "the start goes no further")
            code = server.end()
            # Before its first line nothing is there that would have to be ended.
            self.assertIn(code, (0,) if server.lines() else (0, -signal.SIGTERM), server.text())
            self.over(server, code)
            self.assertLessEqual({end["exit"] for end in server.lines("role.ended")}, {0, -1})
        server.start().ready()  # and nothing of it stands in the way of the next start
        self.assertEqual(server.end(signal.SIGINT), 0)

    def test_a_hanging_role_does_not_hold_up_the_end(self):
        server = self.server().start().ready()
        server.send(signal.SIGSTOP, "courier")
        self.assertEqual(server.end(), 0)
        self.over(server, 0)
        ends = {end["name"]: end["signal"] for end in server.lines("role.ended")}
        self.assertEqual(ends, {"net": 0, "courier": 9, "keyholder": 0})


class Unfit(ServerCase):
    """What cannot run as it is set up says so and ends, instead of being tried for ever."""

    def ends(self, server: Server, role: str, event: str) -> dict:
        server.start()
        self.over(server, 2)
        self.assertEqual([line["name"] for line in server.lines("role.unfit")], [role])
        self.assertEqual(len(server.lines("role.started", name=role)), 1)
        self.assertIn(f"torimori: {role} cannot run as it is set up", server.text())
        return server.lines(event)[0]

    def test_a_port_that_is_taken(self):
        server = self.server()
        with holds(server.stack.ports.pages):
            why = self.ends(server, "net", "net.not_started")
        self.assertEqual((why["listener"], why["address"], why["port"]),
                         ("bind", "127.0.0.1", server.stack.ports.pages))
        server.start().ready()
        self.assertEqual(server.end(), 0)

    def test_a_certificate_that_is_none(self):
        server = self.server()
        Path(server.stack.path("server.pem")).write_text("no certificate\n", "utf-8")
        why = self.ends(server, "net", "net.not_started")
        self.assertEqual((why["tls"], why["file"]), ("certificate", server.stack.path("server.pem")))

    def test_a_key_of_another_certificate(self):
        server = self.server()
        os.replace(server.stack.path("mail.key"), server.stack.path("server.key"))
        why = self.ends(server, "net", "net.not_started")
        self.assertEqual((why["tls"], why["file"]), ("key", server.stack.path("server.key")))

    def test_a_listener_without_tls_that_is_not_on_loopback(self):
        server = self.server(customer__listen="0.0.0.0:0")
        why = self.ends(server, "net", "net.not_started")
        self.assertEqual(why["listener"], "without TLS only on loopback")

    def test_a_damaged_key_file(self):
        server = self.server().start().ready()
        self.assertEqual(server.end(), 0)
        key = server.stack.folder / "data/keys/log.key"
        whole = key.read_bytes()
        key.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        server.log_path.write_text("", "utf-8")
        why = self.ends(server, "keyholder", "keyholder.cannot_start")
        self.assertEqual(why["damaged"], "log.key")
        key.write_bytes(whole)
        key.chmod(0o640)
        server.log_path.write_text("", "utf-8")
        why = self.ends(server, "keyholder", "keyholder.cannot_start")
        self.assertEqual(why["open_to_others"], "log.key")

    def test_a_courier_with_an_impossible_sender(self):
        server = self.server(courier__from="nobody")
        why = self.ends(server, "courier", "courier.setting_bad")
        self.assertEqual(why["setting"], "from_address")

    def test_a_store_that_is_somebody_elses(self):
        server = self.server()
        store = sqlite3.connect(server.stack.path("torimori.db"))
        store.execute("CREATE TABLE theirs (a)")
        store.commit()
        store.close()
        why = self.ends(server, "net", "net.not_started")
        self.assertEqual(why["schema"], "of somebody else")

    def test_a_role_that_ran_once_is_tried_again(self):
        server = self.server().start().ready()
        (server.stack.folder / "data/keys/log.key").chmod(0o640)
        server.send(signal.SIGKILL, "keyholder")
        server.said("keyholder.cannot_start")
        self.assertEqual(server.readyz()[0], 200)  # logins go on
        (server.stack.folder / "data/keys/log.key").chmod(0o600)
        server.wait(lambda: server.readyz()[1].get("important_operations") == "decided",
                    "the keyholder does not come back")
        self.assertEqual(server.end(), 0)


class Settings(ServerCase):
    def test_a_bad_setting_stops_the_start_with_file_line_and_reason(self):
        server = self.server()
        good = server.stack.config.read_text("utf-8")
        number = good.count("\n") + 1
        for line, reason in (("workers = 0", "workers must be a whole number from 1 to 64"),
                             ("customer.password = x", 'there is no setting "customer.password"')):
            server.stack.config.write_text(f"{good}{line}\n", "utf-8")
            for words in ([], ["--check"]):
                done = subprocess.run(server.stack.serve_command() + words, capture_output=True,
                                      text=True, timeout=PATIENCE_S, check=False)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertTrue(done.stderr.startswith(
                    f"torimori: {server.stack.config}:{number}: {reason}"), done.stderr)
                self.assertNotIn("role.started", done.stderr)
        self.assertEqual(list((server.stack.folder / "data").iterdir()), [])
        server.stack.config.write_text(good, "utf-8")
        done = subprocess.run(server.stack.serve_command() + ["--check"], capture_output=True,
                              text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, f"{server.stack.config}: good\n"))

    def test_a_missing_file_stops_the_start(self):
        server = self.server()
        server.stack.config.unlink()
        server.start()
        self.over(server, 2)
        self.assertIn(f"torimori: {server.stack.config}: cannot be read", server.text())


class Users(ServerCase):
    """Started as root; others have nothing to change into."""

    def setUp(self) -> None:
        if not IS_ROOT:
            raise unittest.SkipTest("only root can become somebody else")
        super().setUp()
        self.folder.chmod(0o755)

    def status(self, pid: int) -> dict[str, list[str]]:
        rows = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        return {name: rest.split() for name, rest in (row.split(":", 1) for row in rows)}

    def as_three(self) -> tuple[Server, dict[str, pwd.struct_passwd]]:
        names = dict(zip(ROLES, ("games", "mail", "daemon")))
        users = {role: pwd.getpwnam(name) for role, name in names.items()}
        server = self.server(data__directory=str(self.folder / "a/run"),
                             store__url=f"sqlite:{self.folder}/a/store/torimori.db",
                             courier__spool="", **{f"users__{r}": n for r, n in names.items()})
        server.stack.folder.chmod(0o755)
        store = server.stack.folder / "store"
        store.mkdir()
        for path in (store, Path(server.stack.path("server.key"))):
            os.chown(path, users["net"].pw_uid, users["net"].pw_gid)
        return server, users

    def test_root_becomes_the_users_of_the_roles_for_good(self):
        server, users = self.as_three()
        server.start().ready()
        for role, user in users.items():
            status = self.status(server.pid(role))
            self.assertEqual(status["Uid"], [str(user.pw_uid)] * 4, role)
            self.assertEqual(status["Gid"], [str(user.pw_gid)] * 4, role)
            self.assertLessEqual(set(status["Groups"]), {str(user.pw_gid)}, role)
            self.assertEqual(int(status["CapEff"][0] + status["CapPrm"][0], 16), 0, role)
            self.assertEqual(status["NoNewPrivs"], ["1"], role)
        server.stack.add_channel()  # root may, at the admin socket
        owners = {path.name: path.stat().st_uid for path in (self.folder / "a/run").iterdir()}
        self.assertEqual(owners["keys"], users["keyholder"].pw_uid)
        self.assertEqual(owners["post"], users["courier"].pw_uid)
        for name in ("log", "keyholder.sock", "courier.sock", "admin.sock", "lock"):
            self.assertEqual(owners[name], users["net"].pw_uid, name)
        self.assertEqual(server.end(), 0)
        self.over(server, 0)
        server.start().ready()  # on the folders as they are now
        self.assertEqual(server.end(), 0)

    def test_the_inner_sockets_ask_who_is_there(self):
        server, users = self.as_three()
        server.start().ready()
        run = self.folder / "a/run"
        for name in ("keyholder.sock", "courier.sock"):
            knocked = as_user(users["courier"].pw_uid, KNOCK, str(run / name), BEAT)
            self.assertEqual(knocked.stdout.strip(), "no_permission", knocked.stderr)
        # Root passes every mode, and is still not net.
        knocked = as_user(0, KNOCK, str(run / "keyholder.sock"), BEAT)
        self.assertEqual(knocked.stdout.strip(), "closed", knocked.stderr)
        self.assertEqual(server.said("keyholder.peer_refused")["uid"], 0)
        knocked = as_user(0, KNOCK, str(run / "courier.sock"), BEAT)
        self.assertEqual(knocked.stdout.strip(), "closed", knocked.stderr)
        server.said("courier.peer_refused")
        knocked = as_user(users["net"].pw_uid, KNOCK, str(run / "keyholder.sock"), BEAT)
        self.assertEqual(knocked.stdout.strip(), "answered", knocked.stderr)

    def test_the_admin_socket_asks_who_is_there(self):
        server, users = self.as_three()
        server.start().ready()
        admin = self.folder / "a/run/admin.sock"
        for uid, answer in ((0, "answered"), (users["net"].pw_uid, "answered"),
                            (users["courier"].pw_uid, "closed")):
            self.assertEqual(as_user(uid, GET, str(admin)).stdout.strip(), answer, uid)
        admin.chmod(0o666)  # a mode that lets everybody in is not enough
        self.assertEqual(as_user(users["courier"].pw_uid, GET, str(admin)).stdout.strip(), "closed")

    def test_a_user_who_does_not_exist(self):
        server = self.server(users__net="no-such-user")
        server.start()
        self.over(server, 2)
        why = server.lines("supervisor.not_started")[0]
        self.assertEqual((why["setting"], why["user"]), ("users.net", "no-such-user"))


if __name__ == "__main__":
    run_as_tap(__file__)
