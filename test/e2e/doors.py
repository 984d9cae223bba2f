#!/usr/bin/python3
"""The ways in as the settings make them: certificates that are read again while all goes on, and
whom a proxy may speak for."""

import os
import socket
import ssl
import threading
from pathlib import Path

from paths import run_as_tap

from channel import tls_context
from server import PATIENCE_S, Server, ServerCase

PROXY = "127.0.0.9"  # the listed one; all of 127.0.0.0/8 is this machine
BURST = 10           # attempts at a code that one address has at once
JUDGED = 400         # what becomes of such an attempt when its body is looked at


class Certificates(ServerCase):
    def channel(self, server: Server, before: ssl.SSLSession | None = None) -> ssl.SSLSocket:
        stack = server.stack
        context = getattr(self, "context", None) or tls_context(
            stack.path("ca.pem"), stack.path("channel.pem"), stack.path("channel.key"))
        self.context = context
        raw = socket.create_connection(("127.0.0.1", stack.ports.channel), PATIENCE_S)
        link = context.wrap_socket(raw, server_hostname=stack.CHANNEL_NAME, session=before)
        self.addCleanup(link.close)
        return link

    def asks(self, server: Server, link: ssl.SSLSocket) -> bool:
        """A request on a connection that stays open, and its answer."""
        host = f"{server.stack.CHANNEL_NAME}:{server.stack.ports.channel}"
        link.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return link.recv(4096).startswith(b"HTTP/1.1 200 ")

    def renew(self, server: Server, name: str) -> None:
        """A certificate of a new key, in the files that the settings name."""
        stack = server.stack
        stack._issue(name, stack.CHANNEL_NAME, "serverAuth")
        for end in ("pem", "key"):
            os.replace(stack.path(f"{name}.{end}"), stack.path(f"server.{end}"))

    def hang_up(self, server: Server, event: str, times: int = 1) -> None:
        before = len(server.lines(event))
        server.send(1)
        server.wait(lambda: len(server.lines(event)) >= before + times, f"{event} is not said")

    def test_sighup_reads_certificates_again_and_drops_nobody(self):
        server = self.server().start().ready()
        old = self.channel(server)
        self.assertTrue(self.asks(server, old))
        first, session = old.getpeercert(True), old.session
        self.renew(server, "next")
        self.hang_up(server, "tls.reloaded")
        self.assertTrue(self.asks(server, old))  # on the connection that was there before
        new = self.channel(server)
        self.assertTrue(self.asks(server, new))
        self.assertNotEqual(new.getpeercert(True), first)
        # Who comes with a ticket of before begins anew instead of failing.
        again = self.channel(server, session)
        self.assertTrue(self.asks(server, again))
        self.assertFalse(again.session_reused)
        self.assertEqual(server.lines("role.ended"), [])
        self.assertEqual(server.end(), 0)

    def test_files_that_cannot_be_used_change_nothing(self):
        server = self.server().start().ready()
        first = self.channel(server).getpeercert(True)
        key = Path(server.stack.path("server.key"))
        whole = key.read_bytes()
        for damage in (b"no key\n", Path(server.stack.path("mail.key")).read_bytes()):
            key.write_bytes(damage)
            self.hang_up(server, "tls.not_reloaded")
            self.assertEqual(server.lines("tls.not_reloaded")[-1]["file"], str(key))
            link = self.channel(server)
            self.assertEqual(link.getpeercert(True), first)
            self.assertTrue(self.asks(server, link))
        key.write_bytes(whole)
        self.hang_up(server, "tls.reloaded")
        self.assertEqual(server.end(), 0)

    def test_no_handshake_fails_while_certificates_change(self):
        server = self.server().start().ready()
        over, failed, done = threading.Event(), [], []

        def knock() -> None:
            while not over.is_set():
                try:
                    link = self.channel(server)
                    done.append(self.asks(server, link))
                    link.close()
                except OSError as trouble:
                    failed.append(repr(trouble))
        self.channel(server)
        callers = [threading.Thread(target=knock, daemon=True) for _ in range(3)]
        for caller in callers:
            caller.start()
        for _ in range(20):
            self.hang_up(server, "tls.reloaded")
        server.wait(lambda: len(done) > 20, "nobody gets through")
        over.set()
        for caller in callers:
            caller.join(PATIENCE_S)
        self.assertEqual(failed, [])
        self.assertNotIn(False, done)
        self.assertEqual(server.end(), 0)

    def test_a_sighup_during_the_start_stops_nothing(self):
        server = self.server().start()
        server.said("role.started", name="net")
        for _ in range(5):
            server.send(1)
        server.ready()
        self.assertEqual(server.lines("role.ended"), [])
        self.assertEqual(server.end(), 0)


class Proxies(ServerCase):
    """Rates are counted by the client's address, so they tell whom the server took for the client."""

    def attempt(self, server: Server, source: str, preface: str = "", field: str = "") -> int:
        """The status of one attempt at a code; 0: hung up on."""
        port = server.stack.ports.pages
        host = f"torimori.localhost:{port}"
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S, (source, 0)) as link:
            try:
                link.sendall(f"{preface}POST /v1/i/AAAA/code HTTP/1.1\r\nHost: {host}\r\n"
                             f"{field}Origin: http://{host}\r\nContent-Type: application/json\r\n"
                             "Content-Length: 2\r\n\r\n{}".encode())
                answer = link.recv(4096)
            except ConnectionError:
                return 0
        return int(answer.split()[1]) if answer else 0

    def is_one_client(self, attempts: list[int]) -> None:
        """The first ten of the same address are judged, what comes then is too much."""
        self.assertNotIn(429, attempts[:BURST])
        self.assertNotIn(0, attempts[:BURST])
        self.assertIn(429, attempts[BURST:])

    def many(self, attempt) -> list[int]:
        """Far more than one address has, however slowly they come: six more a minute are given."""
        return [attempt(number) for number in range(4 * BURST)]

    def preface(self, client: str) -> str:
        return f"PROXY TCP4 {client} 127.0.0.1 4000 443\r\n"

    def test_a_proxy_header_names_the_client_if_a_listed_proxy_sent_it(self):
        server = self.server(customer__proxies=PROXY, customer__proxy_protocol="true")
        server.start().ready()
        first = self.preface("203.0.113.7")
        self.is_one_client(self.many(lambda _: self.attempt(server, PROXY, first)))
        self.assertEqual(self.attempt(server, PROXY, self.preface("203.0.113.8")), JUDGED)
        # From anybody else it is no header but the end; so is a listed proxy that says nothing.
        before = server.metric('torimori_http_turned_away_total{reason="peer"}')
        self.assertEqual(self.attempt(server, "127.0.0.8", self.preface("203.0.113.9")), 0)
        self.assertEqual(self.attempt(server, "127.0.0.8"), 0)
        self.assertEqual(self.attempt(server, PROXY), 0)
        after = server.metric('torimori_http_turned_away_total{reason="peer"}')
        self.assertEqual(after - before, 3)

    def test_a_forwarded_field_names_the_client_if_a_listed_proxy_sent_it(self):
        server = self.server(customer__proxies=f"192.0.2.0/24, {PROXY}/32",
                             customer__forwarded_header="X-Client-Address")
        server.start().ready()
        first = "X-Client-Address: 198.51.100.1, 203.0.113.7\r\n"  # the nearest proxy's word is last
        self.is_one_client(self.many(lambda _: self.attempt(server, PROXY, field=first)))
        self.assertEqual(self.attempt(server, PROXY, field="X-Client-Address: 203.0.113.8\r\n"),
                         JUDGED)
        alone = "X-Client-Address: 203.0.113.7\r\n"  # who is still the same client
        self.assertIn(429, [self.attempt(server, PROXY, field=alone) for _ in range(5)])
        # Whoever is not listed is himself, whatever he writes.
        self.is_one_client(self.many(lambda number: self.attempt(
            server, "127.0.0.8", field=f"X-Client-Address: 203.0.113.{100 + number}\r\n")))
        self.assertEqual(self.attempt(server, "127.0.0.7"), JUDGED)

    def test_a_channel_behind_a_proxy_keeps_its_own_tls(self):
        server = self.server(channel__proxies=PROXY, channel__proxy_protocol="true")
        server.start().ready()
        stack = server.stack
        context = tls_context(stack.path("ca.pem"), stack.path("channel.pem"),
                              stack.path("channel.key"))
        raw = socket.create_connection(("127.0.0.1", stack.ports.channel), PATIENCE_S, (PROXY, 0))
        raw.sendall(self.preface("203.0.113.7").encode())
        with context.wrap_socket(raw, server_hostname=stack.CHANNEL_NAME) as link:
            host = f"{stack.CHANNEL_NAME}:{stack.ports.channel}"
            link.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            self.assertTrue(link.recv(4096).startswith(b"HTTP/1.1 200 "))
        raw = socket.create_connection(("127.0.0.1", stack.ports.channel), PATIENCE_S)
        with self.assertRaises(OSError):
            context.wrap_socket(raw, server_hostname=stack.CHANNEL_NAME).recv(1)

    def test_a_proxy_that_speaks_tls_for_us_makes_our_pages_https(self):
        server = self.server(customer__https_in_front="true", customer__proxies=PROXY,
                             customer__forwarded_header="X-Client-Address")
        server.start().ready()
        port = server.stack.ports.pages
        host = f"torimori.localhost:{port}"
        for origin, status in ((f"https://{host}", JUDGED), (f"http://{host}", 403)):
            with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as link:
                link.sendall(f"POST /v1/i/AAAA/code HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n"
                             "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".encode())
                self.assertEqual(int(link.recv(4096).split()[1]), status, origin)

    def test_a_proxy_that_is_believed_must_be_named(self):
        for setting in ({"customer__proxy_protocol": "true"},
                        {"operator__forwarded_header": "X-Client-Address"},
                        {"channel__proxy_protocol": "true"},
                        {"customer__proxies": "no address"}):
            with self.subTest(setting=setting):
                server = self.server(next(iter(setting)), **setting)
                server.start()
                self.over(server, 2)
                self.assertIn("listener", server.lines("net.not_started")[0])


if __name__ == "__main__":
    run_as_tap(__file__)
