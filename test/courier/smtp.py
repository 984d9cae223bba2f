#!/usr/bin/python3
"""The courier against a real SMTP server (aiosmtpd) with STARTTLS, and against servers that misbehave.

The parcels are written here by a second implementation of docs/courier-protocol.md.
"""

import asyncio
import email
import email.policy
import json
import logging
import os
import signal
import socket
import ssl
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import gen_templates  # noqa: E402

RUN = os.environ["TORI_COURIER_RUN"]
PATIENCE_S = 60  # for what must come: no verdict depends on how fast this machine is
AT = 1795150800000  # 2026-11-20T05:00:00Z
DELIVERED, TEMPORARY, PERMANENT = 1, 2, 3
STEPS = ("courier", "connect", "greeting", "tls", "auth", "sender", "recipient", "message", "spool")
SUBJECT = "【みほん証券】出金受付のお知らせ（とても長い件名でも一行として読めることを確かめる）"
TEXT = "出金を受け付けました。\n\n日時: 2026年11月20日 14:00:00（日本時間）\n金額: 1,500,000円\n.\n..点で始まる行"


def job(n):
    return bytes([0, 1]) + bytes(15) + bytes([n])


def parcel(kind=1, number=1, lang=0, to="hanako@mail.example", subject=SUBJECT, form="", customer="", name="",
           code="", text=TEXT, at=AT):
    texts = (to, subject, form, customer, name, code, text)
    packed = b"".join(struct.pack(">H", len(t.encode())) + t.encode() for t in texts)
    return b"TP\x01" + bytes([kind, lang]) + job(number) + struct.pack(">q", at) + packed


def letter(number=1, **more):
    return parcel(**{"kind": 2, "number": number, "to": "", "subject": "", "form": "enrolment_code",
                     "customer": "C-000123", "name": "見本 花子", "code": "K7QF-M2XD", **more})


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Certificates:
    """A test CA, a certificate of 127.0.0.1 by it, and one by nobody."""

    def __init__(self, folder):
        self.ca = f"{folder}/ca.pem"
        self.make("ca", "-subj", "/CN=Torimori test CA", "-addext", "basicConstraints=critical,CA:TRUE")
        self.context = self.issue(folder, "good", "IP:127.0.0.1")
        self.other_name = self.issue(folder, "other", "DNS:mail.example")
        self.make_in(folder, "self", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
        self.by_nobody = self.load(folder, "self")

    def make(self, name, *args):
        self.make_in(Path(self.ca).parent, name, *args)

    @staticmethod
    def make_in(folder, name, *args):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", *args)

    def issue(self, folder, name, alternative):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.csr")
        Path(folder, f"{name}.ext").write_text(f"subjectAltName={alternative}\n", "utf-8")
        openssl("x509", "-req", "-days", "2", "-in", f"{folder}/{name}.csr", "-CA", self.ca,
                "-CAkey", f"{folder}/ca.key", "-CAcreateserial", "-extfile", f"{folder}/{name}.ext",
                "-out", f"{folder}/{name}.pem")
        return self.load(folder, name)

    @staticmethod
    def load(folder, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
        return context


class Sink:
    """Handler of the good server: keeps what it got; answers in turn what a test wants. A message is
    kept waiting for some seconds, until `held` is set, or until so many others have come too."""

    def __init__(self, rcpt=(), mail=(), data=(), wait=0.0, held=None, together=1):
        self.answers = {"rcpt": list(rcpt), "mail": list(mail), "data": list(data)}
        self.wait, self.got, self.commands = wait, [], []
        self.held, self.barrier = held, asyncio.Barrier(together)
        self.active = self.most = 0

    def answer(self, command):
        self.commands.append(command)
        return self.answers[command].pop(0) if self.answers[command] else None

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = self.answer("mail")
        if answer is None:
            envelope.mail_from = address
        return answer or "250 2.1.0 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answer("rcpt")
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        self.active += 1
        self.most = max(self.most, self.active)
        await asyncio.sleep(self.wait)
        while self.held is not None and not self.held.is_set():
            await asyncio.sleep(0.02)
        await asyncio.wait_for(self.barrier.wait(), PATIENCE_S)
        self.active -= 1
        answer = self.answer("data")
        if answer is None:
            self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, session.ssl is not None))
        return answer or "250 2.0.0 kept"


def until(look, seconds=PATIENCE_S):
    """What `look` finds, as soon as it finds something; the last that it found after so long."""
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server(Controller):
    def __init__(self, sink, context, **more):
        self.tls, self.more, self.sessions = context, more, []
        super().__init__(sink, hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE_S)

    def factory(self):
        tls = {} if self.tls is None else {"tls_context": self.tls, "require_starttls": True}
        self.sessions.append(SMTP(self.handler, hostname="mail.example", **tls, **self.more))
        return self.sessions[-1]

    def hang_up(self):
        """End all connections from this side, and wait until they have ended."""
        for session in self.sessions:
            if session.transport is not None:
                self.loop.call_soon_threadsafe(session.transport.close)
        assert until(lambda: all(session.transport is None for session in self.sessions))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class Script:
    """A server that speaks a fixed part: each item is bytes to send, None to read a line, or a function."""

    def __init__(self, *items):
        self.items, self.lines = items, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                try:
                    self.play(peer)
                except OSError:
                    pass

    def play(self, peer):
        for item in self.items:
            if item is None:
                line = b""
                while not line.endswith(b"\n"):
                    piece = peer.recv(1)
                    if not piece:
                        return
                    line += piece
                self.lines.append(line)
            elif callable(item):
                item(peer)
            else:
                peer.sendall(item)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def silence(peer):
    """Says nothing for as long as the other side stays."""
    peer.settimeout(600)
    while peer.recv(4096):
        pass


class Courier:
    """The courier as a process, and one connection to it."""

    def __init__(self, folder, port, tls="starttls", ca="-", login="-", parallel=4, host="127.0.0.1",
                 total_s=PATIENCE_S):
        self.folder, self.spool = folder, f"{folder}/spool/letters"
        self.path = f"{folder}/courier.sock"
        self.args = [host, str(port), tls, ca, login, self.spool, str(parallel), str(total_s * 1000)]

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(8)
        fd = self.listener.fileno()
        self.log = open(f"{self.folder}/log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([RUN, str(fd), *self.args], pass_fds=[fd], stderr=self.log)
        self.net = self.connect()
        return self

    def connect(self):
        net = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        net.settimeout(2 * PATIENCE_S)
        net.connect(self.path)
        return net

    def send(self, packet, net=None):
        (net or self.net).send(packet)

    def result(self, net=None):
        """(job, outcome, step, reply, enhanced)"""
        packet = (net or self.net).recv(64)
        if not packet:
            return None
        assert len(packet) == 32 and packet[:3] == b"TR\x01" and packet[31] == 0, packet
        reply, *enhanced = struct.unpack(">4H", packet[23:31])
        return packet[5:23], packet[3], STEPS[packet[4]], reply, tuple(enhanced)

    def deliver(self, packet):
        self.send(packet)
        return self.result()[1:]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.net.close()
        self.listener.close()
        self.log.close()
        os.unlink(self.path)


class Smtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="torimori-courier-")
        cls.certificates = Certificates(cls.holder.name)
        logging.disable(logging.CRITICAL)  # the server's own view of refusals that we want

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="torimori-courier-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def server(self, sink, context="good", **more):
        return Server(sink, self.certificates.context if context == "good" else context, **more)

    def courier(self, port, **more):
        return Courier(self.folder, port, **{"ca": self.certificates.ca, **more})

    def mail(self, content):
        return email.message_from_bytes(content, policy=email.policy.default)

    # NOTIFY-01, NOTIFY-03, NOTIFY-07
    def test_delivers_over_starttls(self):
        sink = Sink()
        with self.server(sink) as server, self.courier(server.port) as courier:
            self.assertEqual(courier.deliver(parcel()), (DELIVERED, "message", 250, (2, 0, 0)))
        (sender, recipients, content, encrypted), = sink.got
        self.assertTrue(encrypted)
        self.assertEqual((sender, recipients), ("notice@mihon-sec.example", ["hanako@mail.example"]))
        mail = self.mail(content)
        self.assertEqual(mail["subject"], SUBJECT)
        self.assertEqual(mail["from"].addresses[0].display_name, "みほん証券")
        self.assertEqual(mail["from"].addresses[0].addr_spec, "notice@mihon-sec.example")
        self.assertEqual(mail["to"].addresses[0].addr_spec, "hanako@mail.example")
        self.assertEqual(mail["date"].datetime.isoformat(), "2026-11-20T14:00:00+09:00")
        self.assertEqual(mail["message-id"], f"<{job(1).hex()}@notice.mihon-sec.example>")
        self.assertEqual(mail["content-language"], "ja")
        self.assertEqual(mail["auto-submitted"], "auto-generated")
        self.assertEqual((mail.get_content_type(), mail.get_content_charset()), ("text/plain", "utf-8"))
        self.assertEqual(mail.get_content().replace("\r\n", "\n"), TEXT + "\n")

    def test_english_survives_as_it_is(self):
        sink = Sink()
        text = "A withdrawal.\n\n.\n..two dots\n" + "long " * 150 + "\nend=20 of it "
        with self.server(sink) as server, self.courier(server.port) as courier:
            self.assertEqual(courier.deliver(parcel(lang=1, subject="[Mihon] A withdrawal", text=text))[0], DELIVERED)
        content = sink.got[0][2]
        self.assertTrue(all(len(line) <= 78 for line in content.split(b"\r\n")), content)
        self.assertNotIn(b"\n", content.replace(b"\r\n", b""))
        self.assertEqual(self.mail(content).get_content().replace("\r\n", "\n"), text + "\n")
        self.assertEqual(self.mail(content)["content-language"], "en")
        self.assertEqual(self.mail(content)["from"], "Mihon Securities <notice@mihon-sec.example>")

    def test_same_parcel_gives_same_bytes(self):
        sink = Sink()
        with self.server(sink) as server, self.courier(server.port) as courier:
            for number in (1, 1, 2):
                self.assertEqual(courier.deliver(parcel(number=number))[0], DELIVERED)
        first, again, other = (got[2] for got in sink.got)
        self.assertEqual(first, again)
        self.assertNotEqual(self.mail(first)["message-id"], self.mail(other)["message-id"])

    # NOTIFY-07
    def test_real_messages_have_no_link_anywhere(self):
        project = Path(__file__).resolve().parents[2] / "src/domain/notify"
        frame = gen_templates.read_frame(project / "mail.txt")
        sink, number = Sink(), 0
        with self.server(sink) as server, self.courier(server.port) as courier:
            for path in sorted((project / "template").glob("*.txt")):
                _, _, _, texts = gen_templates.read_template(path)
                for lang, code in (("ja", 0), ("en", 1)):
                    number += 1
                    body = frame[lang][2].replace("{body}", texts[lang][2])
                    body, subject = (gen_templates.HOLE.sub("見本", t) for t in (body, texts[lang][0]))
                    outcome = courier.deliver(parcel(number=number, lang=code, subject=subject, text=body))
                    self.assertEqual(outcome[0], DELIVERED)
        self.assertGreaterEqual(len(sink.got), 30)
        for _, _, content, _ in sink.got:
            mail = self.mail(content)
            self.assertFalse(mail.is_multipart())
            self.assertIsNone(gen_templates.link_in(mail["subject"] + "\n" + mail.get_content()))

    def test_temporary_refusal_then_delivered(self):
        sink = Sink(rcpt=["451 4.3.0 try later"], data=["452 4.2.2 full"])
        with self.server(sink) as server, self.courier(server.port) as courier:
            self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "recipient", 451, (4, 3, 0)))
            self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "message", 452, (4, 2, 2)))
            self.assertEqual(courier.deliver(parcel())[0], DELIVERED)
        self.assertEqual(len(sink.got), 1)

    # NOTIFY-11
    def test_permanent_refusal(self):
        sink = Sink(rcpt=["550 5.1.1 <hanako@mail.example> unknown"], data=["554 refused"])
        with self.server(sink) as server, self.courier(server.port) as courier:
            self.assertEqual(courier.deliver(parcel()), (PERMANENT, "recipient", 550, (5, 1, 1)))
            self.assertEqual(courier.deliver(parcel()), (PERMANENT, "message", 554, (0, 0, 0)))
            self.assertNotIn("hanako", courier.said())
        self.assertEqual(sink.got, [])

    def test_refusal_of_the_firm_is_not_the_customers(self):
        sink = Sink(mail=["550 5.7.1 you may not send"])
        with self.server(sink) as server, self.courier(server.port) as courier:
            self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "sender", 550, (5, 7, 1)))

    def test_server_without_starttls_gets_nothing(self):
        sink = Sink()
        with self.server(sink, context=None) as server, self.courier(server.port) as courier:
            self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "tls", 0, (0, 0, 0)))
        self.assertEqual((sink.commands, sink.got), ([], []))

    def test_server_with_a_wrong_certificate_gets_nothing(self):
        for context in (self.certificates.by_nobody, self.certificates.other_name):
            sink = Sink()
            with self.server(sink, context=context) as server, self.courier(server.port) as courier:
                self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "tls", 0, (0, 0, 0)))
            self.assertEqual((sink.commands, sink.got), ([], []))

    def test_login_only_inside_tls(self):
        login = Path(self.folder, "login")
        login.write_text("courier\nopen sesame\n", "utf-8")
        seen = []

        def check(server, session, envelope, mechanism, data):
            seen.append((session.ssl is not None, data.login, data.password))
            return AuthResult(success=data.password == b"open sesame", handled=False)

        sink = Sink()
        more = {"authenticator": check, "auth_required": True}
        with self.server(sink, **more) as server:
            with self.courier(server.port, login=str(login)) as courier:
                self.assertEqual(courier.deliver(parcel())[0], DELIVERED)
            login.write_text("courier\nwrong\n", "utf-8")
            with self.courier(server.port, login=str(login)) as courier:
                self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "auth", 535, (5, 7, 8)))
                self.assertNotIn("wrong", courier.said())
        self.assertEqual(seen, [(True, b"courier", b"open sesame"), (True, b"courier", b"wrong")])

    def test_slow_server_is_left(self):
        with Script(silence) as server, self.courier(server.port, tls="plain", total_s=4) as courier:
            self.assertEqual(courier.deliver(parcel())[:2], (TEMPORARY, "connect"))

    def test_slow_server_after_the_message_is_left(self):
        sink = Sink(wait=600)
        with self.server(sink) as server, self.courier(server.port, total_s=10) as courier:
            self.assertEqual(courier.deliver(parcel())[:2], (TEMPORARY, "message"))

    def test_garbage_replies(self):
        for garbage in (b"\x00\xff\xfe\x80" * 64 + b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"999 what\r\n",
                        b"2\r\n", b"\r\n\r\n\r\n", b"220 hello\r\n250 not yet asked\r\n\x16\x03\x01"):
            with Script(garbage) as server, self.courier(server.port, tls="plain") as courier:
                self.assertEqual(courier.deliver(parcel())[0], TEMPORARY, garbage)
                self.assertIsNone(courier.process.poll())

    def test_endless_replies_are_bounded(self):
        def flood(piece):
            def pour(peer):
                while True:
                    peer.sendall(piece * 4096)
            return pour

        for piece in (b"220-hello\r\n", b"220 hello\r\n", b"x"):
            with Script(flood(piece)) as server, \
                    self.courier(server.port, tls="plain", total_s=4) as courier:
                self.assertEqual(courier.deliver(parcel())[0], TEMPORARY)
                usage = Path(f"/proc/{courier.process.pid}/status").read_text("ascii")
                peak = next(int(line.split()[1]) for line in usage.splitlines() if line.startswith("VmHWM"))
                self.assertLess(peak, 400 * 1024)  # KiB; sanitizers take their share

    def test_connection_cut_in_the_message(self):
        script = (b"220 hi\r\n", None, b"250 mail.example\r\n", None, b"250 ok\r\n", None, b"250 ok\r\n", None,
                  b"354 go\r\n", None, None)
        with Script(*script) as server, self.courier(server.port, tls="plain") as courier:
            self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "message", 354, (0, 0, 0)))
        self.assertEqual(server.lines[2], b"RCPT TO:<hanako@mail.example>\r\n")

    def test_nobody_listens(self):
        with self.courier(free_port()) as courier:
            self.assertEqual(courier.deliver(parcel()), (TEMPORARY, "connect", 0, (0, 0, 0)))

    def test_kept_connection_that_was_closed(self):
        sink = Sink()
        with self.server(sink) as server, self.courier(server.port, parallel=1) as courier:
            self.assertEqual(courier.deliver(parcel())[0], DELIVERED)
            server.hang_up()
            self.assertEqual(courier.deliver(parcel(number=2))[0], DELIVERED)

    def test_one_connection_carries_many(self):
        sink, opened = Sink(), []

        async def ehlo(server, session, envelope, hostname, responses):
            opened.append(session.ssl is not None)
            session.host_name = hostname
            return responses

        sink.handle_EHLO = ehlo
        with self.server(sink) as server, self.courier(server.port, parallel=1) as courier:
            for number in range(5):
                self.assertEqual(courier.deliver(parcel(number=number))[0], DELIVERED)
        self.assertEqual(opened, [False, True])

    def test_carries_several_at_once(self):
        sink = Sink(together=4)
        with self.server(sink) as server, self.courier(server.port, parallel=4) as courier:
            for number in range(8):
                courier.send(parcel(number=number))
            results = [courier.result() for _ in range(8)]
        self.assertEqual(sorted(r[0] for r in results), [job(n) for n in range(8)])
        self.assertEqual({r[1] for r in results}, {DELIVERED})
        self.assertEqual(sink.most, 4)

    def test_repeat_while_under_way_is_carried_once(self):
        sink = Sink(held=threading.Event())
        with self.server(sink) as server, self.courier(server.port) as courier:
            courier.send(parcel())
            self.assertTrue(until(lambda: sink.active == 1))
            again = courier.connect()
            courier.net.close()
            courier.send(parcel(), again)
            courier.send(parcel(number=2), again)  # once this is under way, the repeat has been seen
            self.assertTrue(until(lambda: sink.active == 2))
            sink.held.set()
            results = [courier.result(again) for _ in range(2)]
            self.assertEqual(sorted(r[:2] for r in results), [(job(n), DELIVERED) for n in (1, 2)])
            courier.send(parcel(number=3), again)
            self.assertEqual(courier.result(again)[:2], (job(3), DELIVERED))
            again.close()
        self.assertEqual(len(sink.got), 3)

    def test_sender_that_has_gone_costs_nothing(self):
        sink = Sink(wait=0.5)
        with self.server(sink) as server, self.courier(server.port) as courier:
            courier.send(parcel())
            courier.net.close()
            courier.net = courier.connect()
            self.assertEqual(courier.deliver(parcel(number=2))[0], DELIVERED)
        self.assertEqual(len(sink.got), 2)

    def test_bad_parcels_end_the_connection(self):
        good = parcel()
        text_at = len(good) - len(TEXT.encode())
        bad = (b"", b"x", good[:-1], good + b"\0", b"TX" + good[2:], good[:2] + b"\x02" + good[3:],
               good[:3] + b"\x03" + good[4:], good[:4] + b"\x02" + good[5:], good[:30],
               good[:text_at] + b"\xff" + good[text_at + 1:], good[:text_at] + b"\0" + good[text_at + 1:],
               parcel(to=""), parcel(to="hanako"), parcel(to="a@b@c"), parcel(to="a@b\r\nRCPT TO:<c@d>"),
               parcel(to="a b@c"), parcel(to="<a@b>"), parcel(to="a@-b"), parcel(to="-a@b"), parcel(to="a@b..c"),
               parcel(to="花子@mail.example"), parcel(subject="a\r\nBcc: c@d"), parcel(subject="a\nb"),
               parcel(subject=""), parcel(subject="a" * 401), parcel(text=""), parcel(text="a" * 16385),
               parcel(text="a\x1b[2J"), parcel(code="K7QF"), parcel(form="x"), parcel(at=-1),
               letter(form="../../etc"), letter(to="a@b"), letter(customer=""), letter(code="a" * 65))
        sink = Sink()
        with self.server(sink) as server, self.courier(server.port) as courier:
            for packet in bad:
                net = courier.connect()
                if packet:
                    courier.send(packet, net)
                else:
                    net.shutdown(socket.SHUT_WR)
                self.assertEqual(net.recv(64), b"", packet)
                net.close()
            self.assertEqual(courier.deliver(parcel())[0], DELIVERED)
        self.assertEqual(len(sink.got), 1)

    # ENROL-01
    def test_letters_go_to_the_spool(self):
        with self.courier(free_port()) as courier:
            self.assertEqual(courier.deliver(letter(7, text="コード: K7QF-M2XD\n以上")), (DELIVERED, "spool", 0, (0, 0, 0)))
            self.assertEqual(courier.deliver(letter(7, text="コード: K7QF-M2XD\n以上"))[0], DELIVERED)
            self.assertNotIn("K7QF", courier.said())
        path, = Path(courier.spool).iterdir()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
        self.assertEqual(json.loads(path.read_text("utf-8")), {
            "job": job(7).hex(), "at": "2026-11-20T05:00:00.000Z", "kind": "enrolment_code", "customer": "C-000123",
            "name": "見本 花子", "code": "K7QF-M2XD", "lang": "ja", "text": "コード: K7QF-M2XD\n以上"})

    def test_spool_that_cannot_be_written(self):
        with self.courier(free_port()) as courier:
            self.assertEqual(courier.deliver(letter(1))[0], DELIVERED)
            for path in Path(courier.spool).iterdir():
                path.unlink()
            Path(courier.spool).rmdir()
            self.assertEqual(courier.deliver(letter(1))[:2], (TEMPORARY, "spool"))

    def test_finishes_what_is_under_way_at_the_end(self):
        sink = Sink(wait=1)
        with self.server(sink) as server, self.courier(server.port) as courier:
            courier.send(parcel())
            self.assertTrue(until(lambda: sink.active == 1 or sink.got))
            self.assertEqual(courier.end(), 0)
            self.assertEqual(courier.result()[1], DELIVERED)
        self.assertEqual(len(sink.got), 1)

    def test_ends_in_time_even_with_a_slow_server(self):
        with Script(silence) as server, self.courier(server.port, tls="plain", total_s=4) as courier:
            courier.send(parcel())
            time.sleep(0.2)
            self.assertEqual(courier.end(), 0)  # fails when it takes a minute

    def test_refuses_to_start_without_tls_elsewhere(self):
        for more in ({"host": "192.0.2.1", "tls": "plain"}, {"host": "localhost", "tls": "plain"},
                     {"tls": "plain", "login": "/dev/null"}, {"login": f"{self.folder}/absent"}, {"parallel": 17},
                     {"parallel": 0}):
            with self.courier(25, **more) as courier:
                self.assertEqual(courier.process.wait(timeout=PATIENCE_S), 2, more)
                self.assertIn("courier.setting_bad", courier.said())


if __name__ == "__main__":
    unittest.main()
