"""What the server does with slow, greedy, broken and honest clients: deadlines, limits, ends of
connections, proxies, browsers' headers, cookies, and a clean end of itself."""

import re
import select
import socket
import tempfile
import time
import unittest
from pathlib import Path

from served import (CHANNEL, CUSTOMER, FORWARDED, METRICS, PATIENCE_S, PROXY, NotStarted, Server, answers,
                    ask, read_all, read_answer, request, statuses, until)

ORIGIN = "Origin: http://torimori.test"


def customer(method, path, *fields, body=b""):
    return request(method, path, "torimori.test", fields, body)


def metric(server, name):
    (_, _, body), = ask(server, request("GET", "/metrics", "metrics.test"), METRICS)
    found = re.search(rf"^{re.escape(name)} (\d+)$", body.decode(), re.M)
    return int(found.group(1))


class Served(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end cleanly"

    def one(self, data, listener=CHANNEL):
        found = ask(self.server, data, listener)
        self.assertEqual(len(found), 1, found)
        return found[0]

    def metric(self, name):
        return metric(self.server, name)


def tries(attempt, times=5):
    """What must be possible for a prompt client. On a machine that stood still for as long as the
    deadline, the deadline is right to strike: then once more."""
    for left in reversed(range(times)):
        try:
            return attempt()
        except AssertionError:
            if left == 0:
                raise


class Deadlines(Served):
    """Deadlines are never early, and in the end they come; how late depends on the machine."""
    options = ("--head-ms", 1000, "--body-ms", 1000, "--idle-ms", 400, "--write-ms", 500, "--linger-ms", 200)

    def closed(self, peer, since, least):
        data = read_all(peer)
        self.assertGreaterEqual(time.monotonic() - since, least - 0.01)
        return statuses(data)

    def test_a_silent_connection_is_closed(self):
        since = time.monotonic()
        with self.server.connect() as peer:
            self.assertEqual(self.closed(peer, since, 1), [])

    def test_a_head_that_trickles_is_cut_in_total_time(self):
        """Byte after byte in time, yet it is cut before the last, which takes 50 s at least."""
        head = b"GET /who/x HTTP/1.1\r\nHost: channel.test\r\nX-A: " + b"a" * 1000 + b"\r\n\r\n"

        def attempt():
            with self.server.connect() as peer:
                sent = trickle(peer, head)
                self.assertEqual(statuses(read_all(peer)), [408])
                self.assertLess(sent, len(head))
        tries(attempt)

    def test_a_body_that_trickles_is_cut_in_total_time(self):
        head = request("POST", "/echo", fields=["Content-Type: application/json", "Content-Length: 1000"])

        def attempt():
            with self.server.connect() as peer:
                peer.sendall(head)
                sent = trickle(peer, b"a" * 1000)
                self.assertEqual(statuses(read_all(peer)), [408])
                self.assertLess(sent, 1000)
        tries(attempt)

    def test_a_later_head_has_its_own_time(self):
        server = Server("--head-ms", 1000)

        def attempt():
            with server.connect() as peer:
                for _ in range(3):  # longer in all than a head may take
                    peer.sendall(request("GET", "/who/x"))
                    self.assertEqual(statuses(peer.recv(65536)), [200])
                    time.sleep(0.5)
                since = time.monotonic()
                peer.sendall(b"GET /who")
                self.assertEqual(self.closed(peer, since, 1), [408])
        tries(attempt)
        self.assertEqual(server.stop(), 0)

    def test_an_idle_connection_is_closed_without_a_word(self):
        def attempt():
            since = time.monotonic()
            with self.server.connect() as peer:
                peer.sendall(request("GET", "/who/x"))
                self.assertEqual(self.closed(peer, since, 0.4), [200])
        tries(attempt)

    def test_a_client_that_reads_nothing_is_cut(self):
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.settimeout(PATIENCE_S)
            peer.connect(("127.0.0.1", self.server.ports[CHANNEL]))
            ask_much = request("POST", "/echo", body=b'{"text":"x","size":200000}')
            peer.setblocking(False)
            try:
                for _ in range(100):
                    peer.send(ask_much)
            except OSError:
                pass  # it takes no more, or has cut us already
            self.assertTrue(until(self.only_the_asker))

    def only_the_asker(self):
        return self.metric("torimori_http_connections_open") == 1

    def test_an_endless_head_and_body_are_cut(self):
        server = Server("--linger-ms", 30000)  # we may take long to send it all
        for data in (b"GET /who/x HTTP/1.1\r\n" + b"X-A: 1\r\n" * 100000,
                     request("POST", "/echo", fields=["Content-Type: application/json", "Transfer-Encoding: chunked"])
                     + b"1000\r\n" + b"a" * 4096 + b"\r\n" * 1 + (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 100):
            with server.connect() as peer:
                try:
                    peer.sendall(data)
                    peer.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                self.assertIn(statuses(read_all(peer)), ([431], [413]))
        self.assertEqual(server.stop(), 0)


def trickle(peer, data):
    """Sends byte after byte until something comes back; how many went."""
    for at in range(len(data)):
        if select.select([peer], [], [], 0.05)[0]:
            return at
        peer.send(data[at:at + 1])
    return len(data)


class Ends(Served):
    def test_a_half_closed_request_is_answered(self):
        self.assertEqual(self.one(request("GET", "/who/x"))[0], 200)

    def test_a_half_closed_slow_request_is_answered(self):
        self.assertEqual(self.one(request("POST", "/echo", body=b'{"text":"x","sleep_ms":300}'))[0], 200)

    def test_a_half_closed_large_answer_arrives_whole(self):
        status, _, body = self.one(request("POST", "/echo", body=b'{"text":"x","size":200000}'))
        self.assertEqual(status, 200)
        self.assertGreater(len(body), 200000)

    def test_a_half_closed_head_or_body_is_refused(self):
        for data in (b"GET /who/x HTTP/1.1\r\nHost", request("POST", "/echo", body=b'{"text":"x"}')[:-1]):
            self.assertEqual([status for status, _, _ in ask(self.server, data)], [400])

    def test_a_connection_without_a_byte_ends_without_one(self):
        self.assertEqual(ask(self.server, b""), [])

    def test_an_answer_whose_client_is_gone_is_dropped(self):
        lost = "torimori_http_answers_lost_total"
        before = self.metric(lost)

        def leave():
            taken = self.metric("torimori_test_commands")
            peer = self.server.connect()
            peer.sendall(request("POST", "/echo", body=b'{"text":"x","sleep_ms":200}'))
            self.assertTrue(until(lambda: self.metric("torimori_test_commands") > taken))
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.close()  # with a reset
            return until(lambda: self.metric(lost) > before, 2)
        self.assertTrue(until(leave))

    def test_requests_behind_a_slow_one_wait_for_it(self):
        slow = request("POST", "/echo", body=b'{"text":"first","sleep_ms":200}')
        quick = request("GET", "/healthz")  # answered by the reactor, yet after the first
        found = ask(self.server, slow + quick)
        self.assertEqual([body[:16] for _, _, body in found], [b'{"text":"first"}', b'{"status":"ok"}'])

    def test_many_requests_on_one_connection(self):
        with self.server.connect() as peer:
            for i in range(200):
                peer.sendall(request("GET", f"/who/{i}"))
                self.assertIn(f'"name":"{i}"'.encode(), read_answer(peer)[2])

    def test_the_server_ends_while_requests_are_in_flight(self):
        server = Server()
        peers = [server.connect() for _ in range(3)]
        for peer in peers:
            peer.sendall(request("POST", "/echo", body=b'{"text":"x","sleep_ms":1000}'))
        idle = server.connect()
        self.assertTrue(until(lambda: metric(server, "torimori_test_commands") == 3))
        server.process.stdin.close()
        for peer in peers:
            (status, headers, _), = answers(read_all(peer))
            self.assertEqual((status, headers["connection"]), (200, "close"))
        self.assertEqual(read_all(idle), b"")
        self.assertEqual(server.stop(), 0)

    def test_a_server_that_has_just_begun_ends(self):
        for _ in range(10):
            self.assertEqual(Server("--reactors", 16).stop(), 0)

    def test_several_reactors_serve_one_port(self):
        server = Server("--reactors", 3)
        for i in range(60):
            self.assertEqual([s for s, _, _ in ask(server, request("GET", f"/who/{i}"))], [200])
        self.assertEqual(server.stop(), 0)


class Limits(Served):
    options = ("--per-address", 5, "--connections", 40, "--head-ms", 60000)

    def setUp(self):
        """What the case before has closed must be gone."""
        self.assertTrue(until(self.empty))

    def empty(self):
        try:
            return self.metric("torimori_http_connections_open") == 1
        except (OSError, ValueError):  # turned away
            return False

    def comes_to(self, wanted):
        self.assertTrue(until(lambda: ask_or_nothing(self.server) == wanted), wanted)

    def served(self):
        peer = self.server.connect()
        peer.sendall(request("GET", "/who/x"))
        self.assertEqual(read_answer(peer)[0], 200)
        return peer

    def test_connections_of_one_address_without_a_request(self):
        peers = [self.server.connect() for _ in range(5)]
        self.comes_to([])
        peers[0].sendall(request("GET", "/who/x"))  # a complete one: it counts no longer
        self.assertEqual(read_answer(peers[0])[0], 200)
        self.assertEqual(ask_or_nothing(self.server), [200])
        for peer in peers:
            peer.close()

    def test_a_served_connection_that_stops_in_a_head_counts_again(self):
        peers = [self.served() for _ in range(5)]
        for peer in peers:
            peer.sendall(b"GET")
        self.comes_to([])
        for peer in peers:
            peer.close()
        self.comes_to([200])

    def test_all_connections(self):
        peers = [self.served() for _ in range(40)]
        with self.server.connect() as late:
            self.assertEqual(read_all(late), b"")
        for peer in peers:
            peer.close()
        self.comes_to([200])
        self.assertGreaterEqual(self.metric('torimori_http_turned_away_total{reason="full"}'), 1)

    def test_rate_of_a_class(self):
        """Three, and then one a minute. (That it comes back shows unit/http_limit.)"""
        found = [self.one(customer("GET", "/code"), CUSTOMER) for _ in range(4)]
        codes = [status for status, _, _ in found]
        self.assertEqual(codes, [200] * 3 + [429])
        self.assertGreaterEqual(int(found[-1][1]["retry-after"]), 1)
        self.assertEqual(self.one(customer("GET", "/who/x"), CUSTOMER)[0], 200)


def ask_or_nothing(server):
    """The statuses; nothing when the server closes at once, with or without a reset."""
    try:
        return [status for status, _, _ in ask(server, request("GET", "/who/x"))]
    except (ConnectionResetError, BrokenPipeError, OSError):
        return []


class Proxies(Served):
    def who(self, preface, listener=PROXY, fields=()):
        return ask_raw(self.server, preface + request("GET", "/who/x", "torimori.test", fields), listener)

    def test_proxy_protocol_version_1(self):
        for line, ip, port in ((b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n", "203.0.113.7", 4711),
                               (b"PROXY TCP6 2001:db8::7 2001:db8::1 4712 443\r\n", "2001:db8::7", 4712)):
            body = self.who(line)[0][2].decode()
            self.assertIn(f'"ip":"{ip}","port":{port}', body)
        self.assertIn('"ip":"127.0.0.1"', self.who(b"PROXY UNKNOWN\r\n")[0][2].decode())

    def test_proxy_protocol_version_2(self):
        signature = b"\r\n\r\n\0\r\nQUIT\n"
        v4 = signature + b"\x21\x11\0\x0c" + bytes([203, 0, 113, 7, 198, 51, 100, 1]) + b"\x12\x67\x01\xbb"
        v6 = (signature + b"\x21\x21\0\x24" + socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(16)
              + b"\x12\x68\x01\xbb")
        local = signature + b"\x20\0\0\0"
        more = signature + b"\x21\x11\0\x10" + v4[16:] + b"\x04\0\x01\0"
        for preface, ip in ((v4, "203.0.113.7"), (v6, "2001:db8::7"), (local, "127.0.0.1"), (more, "203.0.113.7")):
            self.assertIn(f'"ip":"{ip}"', self.who(preface)[0][2].decode())

    def test_proxy_header_in_pieces(self):
        data = (b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n" + customer("GET", "/who/x"))
        for at in range(1, 60):
            with self.server.connect(PROXY) as peer:
                peer.sendall(data[:at])
                time.sleep(0.003)
                peer.sendall(data[at:])
                self.assertIn(b"203.0.113.7", read_answer(peer)[2])

    def test_a_wrong_proxy_header_ends_the_connection(self):
        for preface in (b"", b"PROXY TCP4 203.0.113.7 198.51.100.1 4711\r\n", b"PROXY TCP4 2001:db8::7 ::1 1 2\r\n",
                        b"PROXY TCP4 203.0.113.7  198.51.100.1 4711 443\r\n", b"PROXY TCP4 a b 1 2\r\n",
                        b"PROXY TCP4 203.0.113.7 198.51.100.1 99999 443\r\n", b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
                        b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\n", b"PROXY " + b"a" * 200 + b"\r\n",
                        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"):
            self.assertEqual(self.who(preface), [], preface)

    def test_the_forwarded_field_is_believed_from_its_peer_alone(self):
        field = ["X-Client-Address: 198.51.100.9, 203.0.113.7"]
        self.assertIn(b'"ip":"203.0.113.7"', self.who(b"", FORWARDED, field)[0][2])
        self.assertIn(b'"ip":"127.0.0.1"', self.who(b"", FORWARDED, ["X-Client-Address: nonsense"])[0][2])
        self.assertIn(b'"ip":"127.0.0.1"', self.who(b"", CUSTOMER, field)[0][2])


def ask_raw(server, data, listener):
    with server.connect(listener) as peer:
        try:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return answers(read_all(peer))


class Browsers(Served):
    def status(self, *fields, method="POST", path="/login", listener=CUSTOMER):
        return self.one(customer(method, path, *fields), listener)[0]

    def test_a_change_comes_from_our_own_pages(self):
        own = "Sec-Fetch-Site: same-origin"
        self.assertEqual(self.status(ORIGIN, own), 200)
        self.assertEqual(self.status(ORIGIN), 200)
        self.assertEqual(self.status(), 403)
        self.assertEqual(self.status(own), 403)
        for origin in ("https://torimori.test", "http://torimori.test:80", "http://evil.test", "null",
                       "http://torimori.test.evil.test", "http://127.0.0.1", "HTTP://torimori.test"):
            self.assertEqual(self.status(f"Origin: {origin}", own), 403, origin)
        for site in ("cross-site", "same-site", "none", "x"):
            self.assertEqual(self.status(ORIGIN, f"Sec-Fetch-Site: {site}"), 403, site)

    def test_behind_https_the_origin_is_https(self):
        self.assertEqual(self.status("Origin: https://torimori.test", listener=FORWARDED), 200)
        self.assertEqual(self.status(ORIGIN, listener=FORWARDED), 403)

    def test_only_pages_are_read_from_elsewhere(self):
        cross = "Sec-Fetch-Site: cross-site"
        self.assertEqual(self.status(cross, method="GET", path="/page"), 200)
        self.assertEqual(self.status(cross, method="GET", path="/who/x"), 403)
        self.assertEqual(self.status("Sec-Fetch-Site: none", method="GET", path="/who/x"), 200)

    def test_channels_need_no_origin(self):
        status, headers, _ = self.one(request("POST", "/login"))
        self.assertEqual((status, headers.get("set-cookie")), (200, None))  # nor do they get cookies
        self.assertEqual(self.one(request("POST", "/echo", body=b'{"text":"x"}'))[0], 200)

    def test_cookies(self):
        _, headers, _ = self.one(customer("POST", "/login", ORIGIN), CUSTOMER)
        self.assertEqual(headers["set-cookie"],
                         "__Host-tori-session=abc.def; Path=/; Secure; HttpOnly; SameSite=Lax")
        self.assertEqual(self.one(customer("GET", "/session"), CUSTOMER)[0], 401)
        _, _, body = self.one(customer("GET", "/session", "Cookie: a=b; __Host-tori-session=abc.def; "
                                       "__Host-tori-visit=v; x__Host-tori-session=no"), CUSTOMER)
        self.assertIn(b'"cookie":"abc.def","visit":"v"', body)
        twice = "Cookie: __Host-tori-session=a; __Host-tori-session=b"
        self.assertEqual(self.one(customer("GET", "/session", twice), CUSTOMER)[0], 400)
        other = "Cookie: __Host-tori-desk-session=abc"
        self.assertEqual(self.one(customer("GET", "/session", other), CUSTOMER)[0], 401)

    def test_language(self):
        def lang(path="/who/x", *fields):
            return re.search(r'"lang":"(..)"', self.one(customer("GET", path, *fields), CUSTOMER)[2].decode())[1]
        self.assertEqual(lang(), "ja")
        self.assertEqual(lang("/who/x", "Accept-Language: en-US,en;q=0.9"), "en")
        self.assertEqual(lang("/who/x", "Accept-Language: en;q=0.5, ja;q=0.8"), "ja")
        self.assertEqual(lang("/who/x", "Accept-Language: fr, de;q=0.9, en;q=0.1"), "en")
        self.assertEqual(lang("/who/x", "Accept-Language: ja;q=0, en;q=0.001"), "en")
        self.assertEqual(lang("/who/x", "Accept-Language: fr"), "ja")
        self.assertEqual(lang("/who/x", "Cookie: __Host-tori-lang=en"), "en")
        self.assertEqual(lang("/who/x?a=b&lang=en", "Cookie: __Host-tori-lang=ja"), "en")
        self.assertEqual(lang("/who/x?lang=xx", "Cookie: __Host-tori-lang=en"), "en")
        _, headers, _ = self.one(customer("GET", "/page?lang=en"), CUSTOMER)
        self.assertTrue(headers["set-cookie"].startswith("__Host-tori-lang=en; Path=/; Secure"))

    def test_headers_of_a_page(self):
        _, headers, _ = self.one(customer("GET", "/page"), CUSTOMER)
        self.assertEqual(headers["content-security-policy"],
                         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                         "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
                         "require-trusted-types-for 'script'; trusted-types 'none'")
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        self.assertEqual(headers["referrer-policy"], "no-referrer")
        self.assertIn("publickey-credentials-get=(self)", headers["permissions-policy"])
        self.assertEqual(headers["cross-origin-opener-policy"], "same-origin")
        self.assertEqual(headers["cross-origin-resource-policy"], "same-origin")
        self.assertEqual(headers["cache-control"], "no-store")
        self.assertNotIn("strict-transport-security", headers)
        self.assertNotIn("server", headers)

    def test_hsts_where_browsers_see_https(self):
        _, headers, _ = self.one(customer("GET", "/page"), FORWARDED)
        self.assertEqual(headers["strict-transport-security"], "max-age=63072000; includeSubDomains")

    def test_errors_are_pages_for_people_and_documents_for_programs(self):
        html = "text/html; charset=utf-8"
        status, headers, body = self.one(customer("GET", "/page/refuse"), CUSTOMER)
        self.assertEqual((status, headers["content-type"]), (403, html))
        self.assertIn("保護のため停止中".encode(), body)
        self.assertIn("content-security-policy", headers)
        status, headers, body = self.one(customer("GET", "/refuse"), CUSTOMER)
        self.assertEqual((status, headers["content-type"]), (403, "application/problem+json"))
        self.assertIn(b'"code":"locked"', body)
        self.assertEqual(self.one(customer("GET", "/no", "Accept: text/html,*/*"), CUSTOMER)[1]["content-type"], html)
        self.assertNotEqual(self.one(customer("GET", "/no", "Accept: */*"), CUSTOMER)[1]["content-type"], html)

    def test_a_header_cannot_be_broken_out_of(self):
        status, headers, _ = self.one(customer("GET", "/inject"), CUSTOMER)
        self.assertEqual(status, 500)
        self.assertNotIn("set-cookie", headers)
        self.assertNotIn("location", headers)


class Requests(Served):
    def test_ids_and_trace(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        _, headers, _ = self.one(request("GET", "/who/x", fields=[f"traceparent: 00-{trace}-00f067aa0ba902b7-01"]))
        self.assertRegex(headers["x-request-id"], r"^[0-9a-f]{32}$")
        self.assertEqual(headers["traceparent"], f"00-{trace}-{headers['x-request-id'][:16]}-01")
        for wrong in (f"00-{trace}-00f067aa0ba902b7", f"00-{'0' * 32}-00f067aa0ba902b7-01",
                      f"ff-{trace}-00f067aa0ba902b7-01", f"00-{trace.upper()}-00f067aa0ba902b7-01"):
            _, headers, _ = self.one(request("GET", "/who/x", fields=[f"traceparent: {wrong}"]))
            self.assertEqual(headers["traceparent"][3:35], headers["x-request-id"])

    def test_request_ids_differ(self):
        ids = {self.one(request("GET", "/healthz"))[1]["x-request-id"] for _ in range(20)}
        self.assertEqual(len(ids), 20)

    def test_methods(self):
        status, headers, _ = self.one(request("DELETE", "/echo"))
        self.assertEqual((status, headers["allow"]), (405, "POST, PUT"))
        self.assertEqual(self.one(request("POST", "/who/x"))[1]["allow"], "GET, HEAD")
        self.assertEqual(self.one(request("OPTIONS", "/echo"))[0], 405)

    def test_paths_are_exact(self):
        for path in ("/", "/who", "/who/", "/who/x/", "/who//x", "//who/x", "/who/x/y", "/WHO/x", "/echo/", "/ech",
                     "/who/../healthz", "/healthz/..", "/%68ealthz"):
            self.assertEqual(self.one(request("GET", path))[0], 404, path)
        self.assertIn(b'"name":"a b"', self.one(request("GET", "/who/a%20b"))[2])
        for path in ("/who/%00", "/who/%2f", "/who/%0a", "/who/%7f", "/who/%ff", "/who/%c0%af"):
            self.assertEqual(self.one(request("GET", path))[0], 400, path)

    def test_bodies(self):
        good = self.one(request("POST", "/echo", body='{"text":"取守"}'.encode()))
        self.assertIn("取守".encode(), good[2])
        for body, code in ((b'{"text":"x","extra":1}', b"unknown_field"), (b"{}", b"missing_field"),
                           (b'{"text":1}', b"bad_field"), (b'{"text":"x"', b"bad_json"), (b"[]", b"bad_"),
                           (b'{"text":"\xff"}', b"bad_"), (b'{"text":"x","text":"y"}', b"bad_json")):
            status, _, answer = self.one(request("POST", "/echo", body=body))
            self.assertEqual(status, 400, body)
            self.assertIn(b'"code":"' + code, answer, body)

    def test_media_types(self):
        body = b'{"text":"x"}'
        def status(kind):
            fields = [f"Content-Length: {len(body)}"] + ([f"Content-Type: {kind}"] if kind else [])
            return self.one(request("POST", "/echo", fields=fields, body=body, length=False))[0]
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"):
            self.assertEqual(status(kind), 200, kind)
        for kind in ("", "text/plain", "application/json; charset=shift_jis", "application/jsonx",
                     "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/problem+json"):
            self.assertEqual(status(kind), 415, kind)

    def test_idempotency_key(self):
        self.assertEqual(self.one(request("POST", "/once"))[0], 400)
        self.assertIn(b'"key":"k-1"', self.one(request("POST", "/once", fields=["Idempotency-Key: k-1"]))[2])
        self.assertEqual(self.one(request("POST", "/once", fields=["Idempotency-Key: " + "k" * 129]))[0], 400)
        self.assertEqual(self.one(request("POST", "/once", fields=["Idempotency-Key: a b"]))[0], 400)

    def test_doors(self):
        self.assertEqual(self.one(request("GET", "/channel"))[0], 401)  # no certificate
        self.assertEqual(self.one(request("GET", "/admin"))[0], 403)   # not the admin socket
        self.assertEqual(self.one(request("GET", "/metrics"))[0], 404)

    def test_user_agent_is_short_text(self):
        self.assertIn(b'"user_agent":"' + b"a" * 256 + b'"',
                      self.one(request("GET", "/who/x", fields=["User-Agent: " + "a" * 400]))[2])
        self.assertIn(b'"user_agent":""', self.one(request("GET", "/who/x", fields=["User-Agent: \xff\xfe"]))[2])

    def test_metrics(self):
        _, _, body = self.one(request("GET", "/metrics", "metrics.test"), METRICS)
        text = body.decode()
        self.assertRegex(text, r"(?m)^torimori_test_commands \d+$")
        self.assertEqual(len(re.findall("^# TYPE (.*) ", text, re.M)), len(set(re.findall("^# TYPE (.*) ", text, re.M))))
        before = self.metric('torimori_http_answers_total{class="4xx"}')
        self.one(request("GET", "/nobody"))
        self.assertEqual(self.metric('torimori_http_answers_total{class="4xx"}'), before + 1)

    def test_not_ready(self):
        server = Server(env={"TEST_NOT_READY": "1"})
        (status, headers, body), = ask(server, request("GET", "/readyz", "metrics.test"), METRICS)
        self.assertEqual((status, headers["retry-after"]), (503, "1"))
        self.assertIn(b'"code":"not_owner"', body)
        (status, _, _), = ask(server, request("GET", "/healthz"), CHANNEL)
        self.assertEqual(status, 200)
        for path in ("/who/x", "/web/torimori.css"):
            (status, headers, body), = ask(server, customer("GET", path), CUSTOMER)
            self.assertEqual((status, headers["retry-after"]), (503, "1"))
            self.assertIn(b'"code":"not_owner"', body)
        self.assertEqual(server.stop(), 0)


class Inherited(unittest.TestCase):
    def test_a_listening_socket_of_the_supervisor(self):
        """Shared by all reactors, and closed by the server alone."""
        with socket.socket() as mine:
            mine.bind(("127.0.0.1", 0))
            mine.listen()
            server = Server("--inherit", mine.fileno(), "--reactors", 3, pass_fds=[mine.fileno()])
            self.assertEqual(server.ports[CUSTOMER], mine.getsockname()[1])
        for i in range(40):
            (status, _, _), = ask(server, customer("GET", f"/who/{i}"), CUSTOMER)
            self.assertEqual(status, 200)
        self.assertEqual(server.stop(), 0)


class Configuration(unittest.TestCase):
    def test_an_address_of_version_6(self):
        for address in ("::1", "[::1]"):
            server = Server("--address", address)
            with socket.create_connection(("::1", server.ports[CUSTOMER]), PATIENCE_S) as peer:
                peer.sendall(customer("GET", "/who/x", "Connection: close"))
                self.assertIn(b'"ip":"::1"', read_all(peer))
            self.assertEqual(server.stop(), 0)

    def test_what_cannot_be_meant_stops_the_start(self):
        for options in (["--address", "0.0.0.0"], ["--address", "nonsense"], ["--cert", "/nowhere.pem"],
                        ["--cert", "/nowhere.pem", "--key", "/nowhere.key"], ["--reactors", "0"],
                        ["--reactors", "99"], ["--inherit", "9"], ["--peer", "nonsense"]):
            with self.subTest(options), self.assertRaises(NotStarted) as found:
                Server(*options, quiet=True)
            self.assertEqual(found.exception.args, (1,), options)

    def test_a_port_of_another_is_not_shared(self):
        """Sharing is for our own reactors: else two servers take turns with their clients."""
        for reactors in (1, 3):
            server = Server("--reactors", reactors)
            with self.assertRaises(NotStarted) as found:
                Server("--port", server.ports[CUSTOMER], "--reactors", reactors, quiet=True)
            self.assertEqual(found.exception.args, (1,))
            self.assertEqual(server.stop(), 0)
            again = Server("--port", server.ports[CUSTOMER])  # what was served there does not bar it
            self.assertEqual(again.stop(), 0)


class Admin(unittest.TestCase):
    def test_the_admin_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "admin")
            server = Server("--admin", path)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(PATIENCE_S)
                peer.connect(str(path))
                peer.sendall(request("GET", "/admin", "admin"))
                peer.shutdown(socket.SHUT_WR)
                (status, _, body), = answers(read_all(peer))
            self.assertEqual(status, 200)
            self.assertIn(b'"ip":"local"', body)
            self.assertEqual(server.stop(), 0)
