#!/usr/bin/python3
"""What the demo starts: certificates that hold, mail that wants TLS, and an end for its own alone."""

import email.message
import http.client
import os
import smtplib
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from paths import run_as_tap

import journal
from relay import Relay
from stack import READY_S, Failed, Ports, Stack, began
from website import read_mail


class StackTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tori-")
        self.addCleanup(folder.cleanup)
        self.stack = Stack(Path(folder.name), Path("/bin/false"), Ports.free())
        self.stack.prepare()
        self.addCleanup(self.stack.stop)

    def tls(self):
        return ssl.create_default_context(cafile=self.stack.path("ca.pem"))

    def letter(self):
        made = email.message.EmailMessage()
        made["From"], made["To"] = "torimori@mihon.example", "c000001@mail.example"
        made["Subject"] = "出金のお知らせ"
        made.set_content("1,000 円を出金しました。")
        return made

    def test_certificates_are_made_once_and_hold(self):
        before = Path(self.stack.path("channel.pem")).read_bytes()
        self.stack.prepare()
        self.assertEqual(Path(self.stack.path("channel.pem")).read_bytes(), before)
        for name, purpose in (("server", "sslserver"), ("channel", "sslclient")):
            done = subprocess.run(
                ["openssl", "verify", "-purpose", purpose, "-CAfile", self.stack.path("ca.pem"),
                 self.stack.path(f"{name}.pem")], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.stat(self.stack.path("channel.key")).st_mode & 0o077, 0)

    def test_a_path_too_long_for_a_socket_is_said(self):
        deep = Stack(self.stack.folder / ("a" * 100), Path("/bin/false"), Ports.free())
        with self.assertRaisesRegex(Failed, "too long a path for a socket"):
            deep.prepare()
        self.assertFalse(deep.folder.exists())

    def test_mail_is_taken_after_starttls_only(self):
        self.stack.start_mail()
        with smtplib.SMTP("127.0.0.1", self.stack.ports.mail) as server:
            with self.assertRaises(smtplib.SMTPException):
                server.send_message(self.letter())
        with smtplib.SMTP("127.0.0.1", self.stack.ports.mail) as server:
            server._host = self.stack.MAIL_NAME  # the name that the certificate is checked for
            server.starttls(context=self.tls())
            server.send_message(self.letter())
        (path,) = self.stack.mails.glob("*.eml")
        read = read_mail(path)
        self.assertEqual((read["subject"], read["to"]), ("出金のお知らせ", "c000001@mail.example"))
        self.assertIn("1,000 円", read["text"])

    def test_stopping_ends_what_was_started_and_nothing_else(self):
        self.stack.start_mail()
        (mine,) = self.stack.recall("processes")
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
            stranger = {"name": "stranger", "pid": other.pid, "began": "1"}
            self.stack.remember(processes=[mine, stranger])
            self.assertEqual(self.stack.stop(), ["mailsink"])
            self.assertIsNone(other.poll())
            other.kill()
        self.assertNotEqual(began(mine["pid"]), mine["began"])
        self.assertEqual(self.stack.stop(), [])

    def test_a_program_that_ends_at_once_is_reported_with_its_last_words(self):
        self.stack.torimori = Path(self.stack.path("program"))
        self.stack.torimori.write_text("#!/bin/sh\necho no such setting >&2\nexit 1\n", "utf-8")
        self.stack.torimori.chmod(0o700)
        begun = time.monotonic()
        with self.assertRaisesRegex(Failed, "no such setting"):
            self.stack.start_torimori()
        self.assertLess(time.monotonic() - begun, READY_S / 2)

    def test_paths_and_bundles_of_the_log(self):
        self.assertEqual(journal.tile_path(0, 256), "tile/entries/000")
        self.assertEqual(journal.tile_path(1234067, 256), "tile/entries/x001/x234/067")
        self.assertEqual(journal.tile_path(5, 17), "tile/entries/005.p/17")
        self.assertEqual(journal.unpack(b"\x00\x02ab\x00\x00\x00\x01c"), [b"ab", b"", b"c"])

    def test_the_relay_looks_like_the_real_site_to_both_sides(self):
        seen = []

        class Real(BaseHTTPRequestHandler):
            def do_POST(self):
                seen.append((self.headers["Host"], self.headers["Origin"]))
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(303)
                self.send_header("Location", f"http://torimori.localhost:{port}/next")
                self.send_header("Set-Cookie", "__Host-v=1; Path=/; Secure")
                self.end_headers()

            def log_message(self, *_):
                pass

        real = ThreadingHTTPServer(("127.0.0.1", 0), Real)
        port = real.server_address[1]
        threading.Thread(target=real.serve_forever, args=(0.05,), daemon=True).start()
        relay = Relay(self.stack.ports.evil, f"http://torimori.localhost:{port}")
        self.addCleanup(relay.close)
        self.addCleanup(real.server_close)
        self.addCleanup(real.shutdown)
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.ports.evil, timeout=60)
        connection.request("POST", "/v1/i/x/proof", b"{}", {"Origin": relay.origin})
        answer = connection.getresponse()
        connection.close()
        self.assertEqual(seen, [(f"torimori.localhost:{port}", f"http://torimori.localhost:{port}")])
        self.assertEqual(answer.headers["Location"], relay.origin + "/next")
        self.assertEqual(answer.headers["Set-Cookie"], "__Host-v=1; Path=/; Secure")


if __name__ == "__main__":
    run_as_tap(__file__)
