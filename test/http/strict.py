"""Every way of writing a request that two readers may read in two ways is refused: in one piece, byte
by byte, and split at every offset. Behind each stands a second request that must never be seen."""

import time
import unittest

from served import Server, read_all, statuses

HOST = b"Host: channel.test\r\n"
JSON = b"Content-Type: application/json\r\n"
BODY = b'{"text":"x"}'
NEXT = b"GET /who/SMUGGLED HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def get(*fields, line=b"GET /who/first HTTP/1.1"):
    return line + b"\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def post(*fields, body=b""):
    head = b"POST /echo HTTP/1.1\r\n" + HOST + JSON + b"".join(field + b"\r\n" for field in fields)
    return head + b"\r\n" + body


def chunked(body):
    return post(b"Transfer-Encoding: chunked", body=body)


H = HOST[:-2]
LENGTH = b"Content-Length: 12"
CHUNKS = b"c\r\n" + BODY + b"\r\n0\r\n\r\n"

# name: bytes; all answered by 400 and a closed connection.
REFUSED = {
    # the table of notes on strictness
    "two_content_lengths_that_differ": post(LENGTH, b"Content-Length: 11", body=BODY),
    "two_content_lengths_alike": post(LENGTH, LENGTH, body=BODY),
    "content_length_and_transfer_encoding": post(LENGTH, b"Transfer-Encoding: chunked", body=CHUNKS),
    "transfer_encoding_and_content_length": post(b"Transfer-Encoding: chunked", LENGTH, body=CHUNKS),
    "content_length_with_a_sign": post(b"Content-Length: +12", body=BODY),
    "content_length_negative": post(b"Content-Length: -12", body=BODY),
    "content_length_in_hex": post(b"Content-Length: 0xc", body=BODY),
    "content_length_as_a_list": post(b"Content-Length: 12, 12", body=BODY),
    "content_length_with_a_space_inside": post(b"Content-Length: 1 2", body=BODY),
    "content_length_with_a_blank_behind": post(b"Content-Length: 12 ", body=BODY),
    "transfer_encoding_with_a_blank_behind": post(b"Transfer-Encoding: chunked\t", body=CHUNKS),
    "content_length_empty": post(b"Content-Length:", body=BODY),
    "content_length_beyond_64_bits": post(b"Content-Length: 18446744073709551628", body=BODY),
    "transfer_encoding_xchunked": post(b"Transfer-Encoding: xchunked", body=CHUNKS),
    "transfer_encoding_chunked_in_capitals": post(b"Transfer-Encoding: CHUNKED", body=CHUNKS),
    "transfer_encoding_gzip_chunked": post(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "transfer_encoding_chunked_chunked": post(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "transfer_encoding_twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKS),
    "transfer_encoding_identity": post(b"Transfer-Encoding: identity", body=BODY),
    "transfer_encoding_quoted": post(b'Transfer-Encoding: "chunked"', body=CHUNKS),
    "transfer_encoding_folded": post(b"Transfer-Encoding:\r\n chunked", body=CHUNKS),
    "transfer_encoding_with_a_vertical_tab": post(b"Transfer-Encoding: \x0bchunked", body=CHUNKS),
    "space_before_the_colon": get(H, b"X-A : 1"),
    "space_before_the_colon_of_content_length": post(b"Content-Length : 12", body=BODY),
    "tab_before_the_colon": get(H, b"X-A\t: 1"),
    "bare_lf_after_the_request_line": b"GET /who/first HTTP/1.1\n" + HOST + b"\r\n",
    "bare_lf_after_a_field": b"GET /who/first HTTP/1.1\r\nHost: channel.test\n\r\n",
    "bare_lf_everywhere": b"GET /who/first HTTP/1.1\nHost: channel.test\n\n",
    "bare_lf_at_the_end": b"GET /who/first HTTP/1.1\r\n" + HOST + b"\n",
    "bare_cr_in_a_value": get(H, b"X-A: 1\r2"),
    "bare_cr_after_the_request_line": b"GET /who/first HTTP/1.1\rHost: channel.test\r\n\r\n",
    "folded_field": get(H, b"X-A: 1\r\n 2"),
    "folded_field_with_a_tab": get(H, b"X-A: 1\r\n\t2"),
    "folded_field_with_a_colon": get(H, b"X-A: 1\r\n X-B: 2"),
    "folded_field_that_looks_like_framing": post(LENGTH, b"X-A: 1\r\n Transfer-Encoding: chunked", body=BODY),
    "first_field_begins_with_a_space": b"GET /who/first HTTP/1.1\r\n Host: channel.test\r\n\r\n",
    "nul_in_a_value": get(H, b"X-A: 1\x002"),
    "nul_in_a_name": get(H, b"X-\x00A: 1"),
    "nul_in_the_target": get(H, line=b"GET /who/\x00 HTTP/1.1"),
    "control_character_in_a_value": get(H, b"X-A: \x01"),
    "delete_character_in_a_value": get(H, b"X-A: \x7f"),
    "no_host": get(b"X-A: 1"),
    "two_hosts": get(H, b"Host: other.test"),
    "two_hosts_alike": get(H, H),
    # notes on the parser: what it would have let pass
    "empty_field_name": get(H, b": 1"),
    "field_without_a_colon": get(H, b"X-A"),
    "field_name_with_a_space": get(H, b"X A: 1"),
    "field_name_with_brackets": get(H, b"X(A): 1"),
    "field_name_not_ascii": get(H, b"X-\xe3\x81\x82: 1"),
    "http_0_9": b"GET /who/first\r\n\r\n",
    "http_1_0": get(H, line=b"GET /who/first HTTP/1.0"),
    "http_1_2": get(H, line=b"GET /who/first HTTP/1.2"),
    "http_2_0": get(H, line=b"GET /who/first HTTP/2.0"),
    "http_in_lower_case": get(H, line=b"GET /who/first http/1.1"),
    "rtsp_1_0": get(H, line=b"GET /who/first RTSP/1.0"),
    "ice_1_0": get(H, line=b"SOURCE /who/first ICE/1.0"),
    "http_2_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "upgrade": get(H, b"Connection: Upgrade", b"Upgrade: h2c"),
    "upgrade_without_connection": get(H, b"Upgrade: websocket"),
    "connect": get(H, line=b"CONNECT channel.test:80 HTTP/1.1"),
    "absolute_target": get(H, line=b"GET http://channel.test/who/first HTTP/1.1"),
    "asterisk_target": get(H, line=b"OPTIONS * HTTP/1.1"),
    "fragment_in_the_target": get(H, line=b"GET /who/first#x HTTP/1.1"),
    "bad_percent_in_the_target": get(H, line=b"GET /who/%zz HTTP/1.1"),
    "cut_percent_in_the_target": get(H, line=b"GET /who/%4 HTTP/1.1"),
    "byte_beyond_ascii_in_the_target": get(H, line=b"GET /who/\xe3\x81\x82 HTTP/1.1"),
    "backslash_in_the_target": get(H, line=b"GET /who\\first HTTP/1.1"),
    "quote_in_the_target": get(H, line=b'GET /who/" HTTP/1.1'),
    "two_spaces_before_the_target": get(H, line=b"GET  /who/first HTTP/1.1"),
    "two_spaces_before_the_version": get(H, line=b"GET /who/first  HTTP/1.1"),
    "space_in_the_target": get(H, line=b"GET /who/fi rst HTTP/1.1"),
    "space_after_the_version": get(H, line=b"GET /who/first HTTP/1.1 "),
    "tab_in_the_request_line": get(H, line=b"GET\t/who/first HTTP/1.1"),
    "space_before_the_method": get(H, line=b" GET /who/first HTTP/1.1"),
    "empty_line_before_the_request": b"\r\n" + get(H),
    "method_in_lower_case": get(H, line=b"get /who/first HTTP/1.1"),
    "unknown_method": get(H, line=b"FETCH /who/first HTTP/1.1"),
    "tls_hello_on_a_plain_port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    # framing of chunks
    "chunk_extension": chunked(b"c;a=b\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_extension_on_the_last": chunked(b"c\r\n" + BODY + b"\r\n0;a\r\n\r\n"),
    "chunk_extension_with_a_bare_lf": chunked(b"c;\n" + BODY + b"\r\n0\r\n\r\n"),
    "space_after_the_chunk_size": chunked(b"c \r\n" + BODY + b"\r\n0\r\n\r\n"),
    "space_before_the_chunk_size": chunked(b" c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_size_with_a_sign": chunked(b"+c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_size_negative": chunked(b"-c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_size_with_0x": chunked(b"0xc\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_size_empty": chunked(b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_size_overflow": chunked(b"1000000000000000c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_size_of_nine_digits": chunked(b"00000000c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "bare_lf_after_the_chunk_size": chunked(b"c\n" + BODY + b"\r\n0\r\n\r\n"),
    "bare_lf_after_the_chunk": chunked(b"c\r\n" + BODY + b"\n0\r\n\r\n"),
    "nothing_after_the_chunk": chunked(b"c\r\n" + BODY + b"0\r\n\r\n"),
    "chunk_longer_than_its_size": chunked(b"b\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunk_shorter_than_its_size": chunked(b"d\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "trailer": chunked(b"c\r\n" + BODY + b"\r\n0\r\nX-A: 1\r\n\r\n"),
    "host_as_a_trailer": chunked(b"c\r\n" + BODY + b"\r\n0\r\n" + HOST + b"\r\n"),
    "content_length_as_a_trailer": chunked(b"c\r\n" + BODY + b"\r\n0\r\nContent-Length: 5\r\n\r\n"),
    "bare_lf_at_the_end_of_the_chunks": chunked(b"c\r\n" + BODY + b"\r\n0\r\n\n"),
    "trailer_announced": post(b"Transfer-Encoding: chunked", b"Trailer: X-A", body=CHUNKS),
    # one value is all there may be
    "two_content_types": post(b"Content-Type: text/plain", LENGTH, body=BODY),
    "two_cookies_fields": get(H, b"Cookie: a=b", b"Cookie: c=d"),
    "two_expects": post(b"Expect: 100-continue", b"Expect: 100-continue", LENGTH, body=BODY),
    "body_where_none_is_wanted": get(H, LENGTH) + BODY,
    "chunked_body_where_none_is_wanted": get(H, b"Transfer-Encoding: chunked") + CHUNKS,
}

# name: (bytes, status); refused for another reason, the connection closed all the same when bytes of
# the request may still be on their way.
REFUSED_OTHERWISE = {
    "another_host": (get(b"Host: other.test"), 421),
    "host_with_a_port": (get(b"Host: channel.test:80"), 421),
    "host_in_capitals": (get(b"Host: CHANNEL.test"), 421),
    "host_empty": (get(b"Host:"), 421),
    "expectation_unknown": (post(b"Expect: 200-ok", LENGTH, body=BODY), 417),
    "media_type_of_forms": (post(LENGTH, body=BODY).replace(b"application/json", b"text/plain"), 415),
    "ten_gigabytes_announced": (post(b"Content-Length: 10000000000"), 413),
    "body_of_one_byte_too_many": (post(b"Content-Length: 65537"), 413),
    "head_of_64_kilobytes": (get(H, b"X-A: " + b"a" * 65536), 431),
    "head_of_16_kilobytes_and_one": (get(H, b"X-A: " + b"a" * 16384), 431),
    "sixty_five_fields": (get(H, *[b"X-A: 1"] * 64), 431),
    "twenty_thousand_fields": (get(H, *[b"X-A: 1"] * 20000), 431),
    "chunks_beyond_the_cap": (chunked(b"8000\r\n" + b"a" * 32768 + b"\r\n8001\r\n" + b"a" * 32769 + b"\r\n0\r\n\r\n"), 413),
    "one_chunk_beyond_the_cap": (chunked(b"10001\r\n" + b"a" * 65537 + b"\r\n0\r\n\r\n"), 413),
    "body_in_pieces_of_one_byte": (chunked(b"1\r\na\r\n" * 30000), 413),
}

# name: (bytes, statuses); what must pass, so that the tests above can fail.
ACCEPTED = {
    "get": (get(H, b"Connection: close"), [200]),
    "get_and_next": (get(H), [200]),
    "head": (get(H, line=b"HEAD /who/first HTTP/1.1"), [200]),
    "post": (post(LENGTH, body=BODY), [200]),
    "chunked": (chunked(CHUNKS), [200]),
    "chunked_in_pieces": (chunked(b"5\r\n" + BODY[:5] + b"\r\n007\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"), [200]),
    "chunk_size_in_capitals": (chunked(CHUNKS.replace(b"c\r\n", b"C\r\n", 1)), [200]),
    "content_length_zero": (get(H, b"Content-Length: 0"), [200]),
    "value_with_a_tab": (get(H, b"X-A: 1\t2"), [200]),
    "value_empty": (get(H, b"X-A:"), [200]),
    "blanks_behind_a_value": (get(H + b" \t ", b"X-A: 1 "), [200]),
    "value_with_text": (get(H, "User-Agent: 取守".encode()), [200]),
    "field_name_in_capitals": (b"GET /who/first HTTP/1.1\r\nHOST: channel.test\r\n\r\n", [200]),
    "sixty_four_fields": (get(H, *[b"X-A: 1"] * 63), [200]),
    "expect_100": (post(b"Expect: 100-continue", LENGTH, body=BODY), [100, 200]),
    "percent_in_the_path": (get(H, line=b"GET /who/%E5%8F%96 HTTP/1.1"), [200]),
    "other_method": (get(H, line=b"PATCH /who/first HTTP/1.1"), [405]),
    "other_path": (get(H, line=b"GET /nobody/first HTTP/1.1"), [404]),
}


class Strict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--per-address", 4000, "--head-ms", 60000, "--body-ms", 60000)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end cleanly"

    def send_whole(self, data):
        with self.server.connect() as peer:
            try:
                peer.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all of it was sent
            return read_all(peer)

    def send_bytewise(self, data):
        with self.server.connect() as peer:
            try:
                for at in range(len(data)):
                    peer.send(data[at:at + 1])
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_all(peer)

    def send_split(self, data, offsets):
        """The answers for each offset; all connections wait between their two parts at once."""
        peers = []
        for at in offsets:
            peer = self.server.connect()
            peer.sendall(data[:at])
            peers.append((peer, data[at:]))
        time.sleep(0.02)
        for peer, rest in peers:
            try:
                peer.sendall(rest)
            except (BrokenPipeError, ConnectionResetError):
                pass
        for peer, _ in peers:
            with peer:
                yield read_all(peer)

    def check(self, name, data, want):
        self.assertFalse(b"SMUGGLED" in data, f"{name}: the second request was seen")
        self.assertEqual(statuses(data), want, name)

    def test_refused_in_one_piece(self):
        for name, data in REFUSED.items():
            with self.subTest(name):
                self.check(name, self.send_whole(data + NEXT), [400])

    def test_refused_byte_by_byte(self):
        for name, data in REFUSED.items():
            with self.subTest(name):
                self.check(name, self.send_bytewise(data + NEXT), [400])

    def test_refused_split_at_every_offset(self):
        for name, data in REFUSED.items():
            with self.subTest(name):
                for got in self.send_split(data + NEXT, range(1, len(data))):
                    self.check(name, got, [400])

    def test_refused_otherwise(self):
        for name, (data, status) in REFUSED_OTHERWISE.items():
            with self.subTest(name):
                got = self.send_whole(data + NEXT.replace(b"SMUGGLED", b"second"))
                self.assertEqual(statuses(got)[0], status, name)

    def test_what_may_still_be_on_its_way_is_never_a_request(self):
        """Refused with a body announced: the bytes that follow are its body, and nothing else."""
        for name in ("expectation_unknown", "media_type_of_forms", "ten_gigabytes_announced",
                     "head_of_64_kilobytes", "twenty_thousand_fields", "one_chunk_beyond_the_cap"):
            data, status = REFUSED_OTHERWISE[name]
            with self.subTest(name):
                self.check(name, self.send_whole(data + NEXT), [status])

    def test_accepted_in_one_piece(self):
        for name, (data, want) in ACCEPTED.items():
            closes = b"Connection: close" in data
            with self.subTest(name):
                second = NEXT.replace(b"SMUGGLED", b"second")
                if name == "head":
                    self.assertIn(b"200 OK", self.send_whole(data + second))
                    continue
                self.assertEqual(statuses(self.send_whole(data + second)), want + ([] if closes else [200]))

    def test_accepted_byte_by_byte(self):
        for name, (data, want) in ACCEPTED.items():
            if name == "head":
                continue
            with self.subTest(name):
                second = b"" if b"Connection: close" in data else NEXT.replace(b"SMUGGLED", b"second")
                self.assertEqual(statuses(self.send_bytewise(data + second)), want + ([200] if second else []))

    def test_accepted_split_at_every_offset(self):
        for name in ("get_and_next", "post", "chunked_in_pieces", "expect_100"):
            data, want = ACCEPTED[name]
            second = NEXT.replace(b"SMUGGLED", b"second")
            with self.subTest(name):
                for got in self.send_split(data + second, range(1, len(data + second))):
                    self.assertEqual(statuses(got), want + [200])

    def test_pipelined_requests_are_answered_in_their_order(self):
        lines = [f"GET /who/n{i} HTTP/1.1\r\nHost: channel.test\r\n\r\n".encode() for i in range(50)]
        data = self.send_whole(b"".join(lines) + NEXT.replace(b"SMUGGLED", b"last"))
        self.assertEqual(statuses(data), [200] * 51)
        places = [data.index(b'"name":"n%d"' % i) for i in range(50)]
        self.assertEqual(places, sorted(places))

    def test_a_head_answer_has_no_body(self):
        data = self.send_whole(get(H, b"Connection: close", line=b"HEAD /who/first HTTP/1.1"))
        head, _, body = data.partition(b"\r\n\r\n")
        self.assertEqual(body, b"")
        self.assertRegex(head, rb"Content-Length: [1-9]")
