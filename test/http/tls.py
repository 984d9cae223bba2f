"""TLS as browsers, channels and attackers speak it: versions, suites, certificates of clients,
resumption, records in pieces."""

import base64
import hashlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

from served import CHANNEL, CUSTOMER_TLS, PATIENCE_S, Server, answers, read_all, request


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, timeout=PATIENCE_S)


def make_certificate(folder, name):
    key, cert = Path(folder, name + ".key"), Path(folder, name + ".pem")
    made = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
                   "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", cert)
    assert made.returncode == 0, made.stderr
    return cert, key


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.cert, cls.key = make_certificate(cls.folder, "torimori.test")
        cls.client, cls.client_key = make_certificate(cls.folder, "channel-client")
        cls.server = Server("--cert", cls.cert, "--key", cls.key, "--head-ms", 60000, "--per-address", 500)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end cleanly"
        shutil.rmtree(cls.folder)

    def context(self, client=False):
        context = ssl.create_default_context(cafile=str(self.cert))
        context.check_hostname = False
        if client:
            context.load_cert_chain(self.client, self.client_key)
        return context

    def open(self, context, listener=CUSTOMER_TLS, session=None):
        return context.wrap_socket(self.server.connect(listener), server_hostname="torimori.test", session=session)

    def talk(self, peer, data):
        peer.sendall(data)
        return answers(read_tls(peer))

    def s_client(self, *words, data=b"", listener=CUSTOMER_TLS):
        done = openssl("s_client", "-connect", f"127.0.0.1:{self.server.ports[listener]}", *words, data=data)
        return done.returncode, (done.stdout + done.stderr).decode("latin-1")

    def test_versions_1_3_and_1_2(self):
        for version, name in ((ssl.TLSVersion.TLSv1_3, "TLSv1.3"), (ssl.TLSVersion.TLSv1_2, "TLSv1.2")):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            with self.open(context) as peer:
                self.assertEqual(peer.version(), name)
                self.assertIn(peer.cipher()[0][-6:], ("SHA256", "SHA384", "LY1305"))
                self.assertIsNone(peer.compression())
                (status, headers, _), = self.talk(peer, close("GET", "/who/x"))
                self.assertEqual(status, 200)
                self.assertIn("strict-transport-security", headers)

    def test_older_versions_and_weak_suites_are_refused(self):
        for words in (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], ["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"],
                      ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
                      ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"], ["-groups", "P-521"]):
            code, text = self.s_client(*words)
            self.assertNotEqual(code, 0, words)
        self.assertEqual(self.s_client("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", data=b"Q")[0], 0)
        self.assertEqual(self.s_client("-groups", "P-256", data=b"Q")[0], 0)

    def test_x25519_is_the_group(self):
        self.assertIn("X25519", self.s_client(data=b"Q")[1])

    def test_alpn(self):
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.open(context) as peer:
            self.assertEqual(peer.selected_alpn_protocol(), "http/1.1")
        context.set_alpn_protocols(["h2"])
        with self.assertRaises(ssl.SSLError):
            self.open(context)

    def test_no_renegotiation(self):
        code, text = self.s_client("-tls1_2", data=b"R\n")
        self.assertIn("no renegotiation", text)

    def test_a_channel_is_known_by_its_key(self):
        der = openssl("x509", "-in", self.client, "-pubkey", "-noout")
        spki = openssl("pkey", "-pubin", "-outform", "DER", data=der.stdout).stdout
        want = base64.urlsafe_b64encode(hashlib.sha256(spki).digest()).rstrip(b"=")
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context = self.context(client=True)
            context.maximum_version = version
            with self.open(context, CHANNEL) as peer:
                (status, _, body), = self.talk(peer, close("GET", "/channel", "channel.test"))
            self.assertEqual(status, 200)
            self.assertIn(b'"certificate_key":"' + want + b'"', body)

    def test_a_channel_without_certificate_is_nobody(self):
        with self.open(self.context(), CHANNEL) as peer:
            (status, _, body), = self.talk(peer, close("GET", "/channel", "channel.test"))
        self.assertEqual(status, 401)
        self.assertIn(b"channel_unknown", body)

    def test_a_certificate_without_its_key_is_refused(self):
        other, other_key = make_certificate(self.folder, "other")
        code, text = self.s_client("-cert", self.client, "-key", other_key, listener=CHANNEL)
        self.assertNotEqual(code, 0)

    def test_customers_are_never_asked_for_a_certificate(self):
        with self.open(self.context(client=True)) as peer:
            _, _, body = self.talk(peer, close("GET", "/who/x"))[0]
        self.assertIn(b'"has_certificate":false', body)
        self.assertIn("No client certificate CA names sent", self.s_client("-tls1_2", data=b"Q")[1])

    def test_resumption_keeps_the_key_of_the_channel(self):
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context = self.context(client=True)
            context.maximum_version = version
            with self.open(context, CHANNEL) as peer:
                first = self.talk(peer, close("GET", "/channel", "channel.test"))[0]
                session = peer.session
            with self.open(context, CHANNEL, session) as peer:
                second = self.talk(peer, close("GET", "/channel", "channel.test"))[0]
                self.assertTrue(peer.session_reused)
            self.assertEqual(key_of(first), key_of(second))

    def test_records_byte_by_byte(self):
        into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context().wrap_bio(into, out, server_hostname="torimori.test")
        with self.server.connect(CUSTOMER_TLS) as peer:
            def move(step):
                while True:
                    try:
                        result = step()
                    except ssl.SSLWantReadError:
                        result = None
                    for byte in out.read():
                        peer.send(bytes([byte]))
                    if result is not None:
                        return result
                    into.write(peer.recv(65536))
            move(lambda: tls.do_handshake() or True)
            move(lambda: tls.write(request("POST", "/echo", "torimori.test", ["Origin: https://torimori.test"],
                                           b'{"text":"x"}')))
            self.assertIn(b" 200 OK", move(lambda: tls.read(65536)))

    def test_a_large_answer(self):
        with self.open(self.context(), CHANNEL) as peer:
            (status, _, body), = self.talk(peer, request("POST", "/echo", "channel.test", ["Connection: close"],
                                                         b'{"text":"x","size":200000}'))
        self.assertEqual((status, len(body) > 200000), (200, True))

    def test_many_requests_and_a_goodbye(self):
        with self.open(self.context()) as peer:
            for i in range(100):
                peer.sendall(request("GET", f"/who/{i}", "torimori.test"))
                self.assertIn(f'"name":"{i}"'.encode(), peer.recv(65536))
            peer.unwrap().close()

    def test_a_handshake_that_stops_is_cut(self):
        server = Server("--cert", self.cert, "--key", self.key, "--head-ms", 500)
        with server.connect(CUSTOMER_TLS) as peer:
            peer.sendall(b"\x16\x03\x01\x02\x00\x01")
            read_all(peer)  # fails when it stays open
        self.assertEqual(server.stop(), 0)

    def test_plain_text_and_noise_end_the_connection(self):
        for data in (b"GET /who/x HTTP/1.1\r\nHost: torimori.test\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"a" * 70000):
            with self.server.connect(CUSTOMER_TLS) as peer:
                try:
                    peer.sendall(data)
                except OSError:
                    pass
                self.assertNotIn(b"HTTP/1.1 200", read_all(peer))

    def test_a_connection_torn_in_the_middle(self):
        for _ in range(10):
            peer = self.open(self.context())
            peer.sendall(request("POST", "/echo", "torimori.test", ["Origin: https://torimori.test"],
                                 b'{"text":"x","sleep_ms":20}'))
            raw = socket.socket(fileno=peer.detach())
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raw.close()

    def test_a_half_closed_head_is_refused(self):
        with self.open(self.context()) as peer:
            peer.sendall(request("GET", "/who/x", "torimori.test")[:-2])
            socket.socket.shutdown(peer, socket.SHUT_WR)  # the stream ends, without a goodbye
            self.assertEqual([status for status, _, _ in answers(read_tls(peer))], [400])


def close(method, path, host="torimori.test"):
    return request(method, path, host, ["Connection: close"])


def read_tls(peer):
    data = b""
    while True:
        piece = peer.recv(65536)
        if not piece:
            return data
        data += piece


def key_of(answer):
    return answer[2].partition(b'"certificate_key":"')[2][:43]
