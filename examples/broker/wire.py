"""HTTP as the broker needs it: one request in, one response out, safe headers on every answer."""

import hmac
import traceback
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable
from urllib.parse import parse_qsl, urlsplit

COOKIE = "__Host-mihon"
BODY_CAP = 16 * 1024
# `same-origin` and not `no-referrer`: with the latter browsers send `Origin: null` with forms.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self' {torimori}; "
        "base-uri 'none'; frame-ancestors 'none'"),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "publickey-credentials-get=(), publickey-credentials-create=(), camera=(), geolocation=()"),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class Request:
    """What a handler may know of a request."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    cookie: str
    address: tuple[str, int]
    user_agent: str


@dataclass
class Response:
    """What goes back. A location makes it a 303."""

    body: str | bytes = ""
    status: int = 200
    location: str = ""
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    def with_cookie(self, token: str) -> "Response":
        """Give the browser a session; an empty token takes it away.

        Lax, because the way back from Torimori is a top-level visit from another site."""
        age = "" if token else "; Max-Age=0"
        self.headers["Set-Cookie"] = (
            f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")
        return self


def redirect(location: str) -> Response:
    return Response(status=303, location=location)


class BadRequest(Exception):
    """Bytes that the broker does not take."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Server(ThreadingHTTPServer):
    """Hands every request to one function."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], origin: str, torimori: str,
                 answer: Callable[[Request], Response]) -> None:
        self.origin = origin
        self.host = urlsplit(origin).netloc
        self.fixed = {name: value.format(torimori=torimori) for name, value in HEADERS.items()}
        self.answer = answer
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    """Reads a request strictly, and writes the answer."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Mihon"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        try:
            response = self.server.answer(self._read())
        except BadRequest as bad:
            self.close_connection = True
            response = Response("", bad.status, content_type="text/plain; charset=utf-8")
        except Exception:  # a mistake of ours: say so, and show nobody its insides
            traceback.print_exc()
            response = Response("500\n", 500, content_type="text/plain; charset=utf-8")
        self._write(response)

    def _read(self) -> Request:
        if self.headers.get_all("Host") != [self.server.host]:
            raise BadRequest(421)
        parts = urlsplit(self.path)
        form = self._form() if self.command == "POST" else {}
        return Request(self.command, parts.path, pairs(parts.query), form, self._cookie(),
                       self.client_address[:2], self.headers.get("User-Agent", "")[:256])

    def _form(self) -> dict[str, str]:
        """The body of a form of our own pages. Browsers that say where a form comes from are
        believed when they say it is another site; the CSRF token decides for all."""
        origin = self.headers.get("Origin", self.server.origin)
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        if origin != self.server.origin or site != "same-origin":
            raise BadRequest(403)
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not length.isdigit():
            raise BadRequest(411)
        if int(length) > BODY_CAP:
            raise BadRequest(413)
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            raise BadRequest(415)
        return pairs(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _cookie(self) -> str:
        try:
            jar = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return ""
        return jar[COOKIE].value if COOKIE in jar else ""

    def _write(self, response: Response) -> None:
        body = response.body if isinstance(response.body, bytes) else response.body.encode()
        self.send_response(303 if response.location else response.status)
        fixed = dict(self.server.fixed)
        if response.location:
            fixed["Location"] = response.location
        fixed |= {"Content-Type": response.content_type, "Content-Length": str(len(body))}
        for name, value in (fixed | response.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a query may carry an interaction's code."""


def pairs(text: str) -> dict[str, str]:
    """A query or form as a dict; names that come twice are refused."""
    try:
        listed = parse_qsl(text, keep_blank_values=True, max_num_fields=40)
    except ValueError:
        raise BadRequest(400) from None
    if len(listed) != len({name for name, _ in listed}):
        raise BadRequest(400)
    return dict(listed)


def same(one: str, other: str) -> bool:
    """Compare secrets without telling how much of them was right."""
    return hmac.compare_digest(one.encode(), other.encode())
