"""Starts the test server and talks to it by raw bytes."""

import atexit
import json
import os
import re
import select
import socket
import subprocess
import time

# The listeners of server.c, in its order.
CUSTOMER, METRICS, PROXY, FORWARDED, CUSTOMER_TLS, CHANNEL, OPERATOR, ADMIN = (str(i) for i in range(8))


PATIENCE_S = 60  # for what must come: no verdict depends on how fast this machine is


class NotStarted(Exception):
    """The server ended before it said where it listens. Holds the exit code."""


class Server:
    """One process; its ports by listener. Ends cleanly, and says when it did not."""

    def __init__(self, *options, env=None, quiet=False, pass_fds=()):
        self.process = subprocess.Popen(
            [os.environ["HTTP_TEST_SERVER"], *map(str, options)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None,
            env={**os.environ, **(env or {})}, pass_fds=pass_fds)
        atexit.register(self.stop)
        told, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline() if told else b""
        if not line:
            raise NotStarted(self.stop())
        self.ports = json.loads(line)

    def connect(self, listener=CHANNEL):
        peer = socket.create_connection(("127.0.0.1", self.ports[listener]), timeout=PATIENCE_S)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def stop(self):
        """The exit code; 0 is a clean end (with sanitizers: without leak or error)."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -1
        finally:
            self.process.stdout.close()


def until(look, seconds=PATIENCE_S):
    """What `look` finds, as soon as it finds something; the last that it found after so long."""
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def read_all(peer, seconds=PATIENCE_S):
    """Everything until the other side closes; b"" also when it tears the connection."""
    data, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([peer], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise TimeoutError(f"still open after {seconds} s, with {data[:200]!r}")
        try:
            piece = peer.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece
    raise TimeoutError("still sending")


def answers(data):
    """[(status, headers, body)] of what a server sent; headers by name in lower case."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        version, status, _ = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        headers = {}
        for field in fields:
            name, _, value = field.partition(": ")
            assert name.lower() not in headers or name.lower() == "set-cookie", f"{name} twice"
            headers[name.lower()] = value
        status = int(status)
        length = 0 if status in (100, 204, 304) else int(headers["content-length"])
        found.append((status, headers, rest[:length]))
        data = rest[length:]
    return found


def read_answer(peer):
    """The next answer of a connection that stays open."""
    data = b""
    while True:
        piece = peer.recv(65536)
        assert piece, f"closed after {data[:200]!r}"
        data += piece
        head, there, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        if there and len(body) >= int(length[1] if length else 0):
            return answers(data)[0]


def statuses(data):
    return [status for status, _, _ in answers(data)]


def request(method, path, host="channel.test", fields=(), body=b"", length=True):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *fields]
    if body and length:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def ask(server, data, listener=CHANNEL):
    """Sends it on a new connection that then closes its half; all answers."""
    with server.connect(listener) as peer:
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        return answers(read_all(peer))
