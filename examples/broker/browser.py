"""A browser without a screen: cookies, redirects, forms, and Torimori's pages.

It speaks HTTP to `*.localhost` at 127.0.0.1, as browsers do, and keeps cookies apart by host.
"""

import http.client
import json
import ssl
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from authenticator import HONEST, Authenticator, Bend

USER_AGENT = "MihonBrowser/1.0 (demonstration)"
LONGEST_WAIT_S = 15
PATIENCE_S = 120
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass
class Form:
    """A form of a page: where it goes and what its controls hold."""

    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)


class FormReader(HTMLParser):
    """Collects the forms of a page, with hidden fields such as CSRF tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "input" and self.forms and given.get("name"):
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "select" and self.forms and given.get("name"):
            self.forms[-1].fields.setdefault(given["name"], "")


@dataclass
class Page:
    """An answer as the browser holds it after redirects."""

    status: int
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body else {}

    @property
    def code(self) -> str:
        """The error code of a problem document; empty for anything else."""
        if "problem+json" not in self.headers.get("content-type", ""):
            return ""
        return str(self.json().get("code", ""))

    def form(self, action: str) -> Form:
        """The form whose action ends so."""
        reader = FormReader()
        reader.feed(self.text)
        for found in reader.forms:
            if urlsplit(urljoin(self.url, found.action)).path.endswith(action):
                return found
        raise LookupError(f"no form {action} on {self.url} ({self.status})")


class Browser:
    """One browser profile."""

    def __init__(self, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1",
                 locale: str = "ja") -> None:
        self.cookies: dict[str, dict[str, str]] = {}
        self.tls = tls
        self.address = address  # where every *.localhost (and test name) is
        self.locale = locale
        self.patient = True  # waits and asks again when told that it is too fast

    def copy(self) -> "Browser":
        """A second browser with the same cookies: what a cookie thief has."""
        other = Browser(self.tls, self.address, self.locale)
        other.cookies = {host: dict(jar) for host, jar in self.cookies.items()}
        return other

    def get(self, url: str, follow: bool = True) -> Page:
        return self._go("GET", url, None, {}, follow)

    def post(self, url: str, fields: dict[str, str], follow: bool = True) -> Page:
        """Send a form, as a click on a page of the same origin does."""
        headers = same_origin(url, "navigate")
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._go("POST", url, urlencode(fields).encode(), headers, follow)

    def submit(self, page: Page, action: str, **fields: str) -> Page:
        """Fill in a form of a page and send it."""
        found = page.form(action)
        url = urljoin(page.url, found.action)
        if found.method == "get":
            return self.get(url + "?" + urlencode(found.fields | fields))
        return self.post(url, found.fields | fields)

    def call(self, url: str, body: Any = None, method: str = "POST") -> Page:
        """What a script of a page does with fetch()."""
        headers = {"Accept": "application/json", **same_origin(url, "cors")}
        data = None
        if method != "GET":
            headers["Content-Type"] = "application/json"
            data = json.dumps({} if body is None else body).encode()
        return self._go(method, url, data, headers, follow=False)

    def _go(self, method: str, url: str, body: bytes | None, headers: dict[str, str],
            follow: bool) -> Page:
        for _ in range(10):
            page = self._patiently(method, url, body, headers)
            if not follow or page.status not in REDIRECTS:
                return page
            url = urljoin(url, page.headers["location"])
            method, body, headers = "GET", None, {}
        raise RuntimeError(f"too many redirects at {url}")

    def _patiently(self, method: str, url: str, body: bytes | None,
                   headers: dict[str, str]) -> Page:
        """Once more after a while when that is what the answer asks for, as people do."""
        deadline = time.monotonic() + PATIENCE_S
        page = self._once(method, url, body, headers)
        while self.patient and is_for_later(page) and time.monotonic() < deadline:
            time.sleep(min(int(page.headers.get("retry-after", "1")), LONGEST_WAIT_S))
            page = self._once(method, url, body, headers)
        return page

    def _once(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Page:
        parts = urlsplit(url)
        host = parts.hostname or ""
        path = parts.path or "/"
        head = {"Host": parts.netloc, "User-Agent": USER_AGENT, "Accept-Language": self.locale}
        if not headers:
            head |= {"Accept": "text/html", "Sec-Fetch-Site": "none",
                     "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        jar = self.cookies.get(host, {})
        if jar:
            head["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        connection = self._connect(parts.scheme, host, parts.port)
        try:
            target = path + ("?" + parts.query if parts.query else "")
            connection.request(method, target, body, head | headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self._keep(host, cookie)
        plain = {name.lower(): value for name, value in answer.headers.items()}
        return Page(answer.status, url, plain, content)

    def _connect(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(self.address, port or 80, timeout=60)
        connection = http.client.HTTPSConnection(self.address, port or 443, timeout=60)
        context = self.tls or ssl.create_default_context()
        raw = http.client.HTTPConnection(self.address, port or 443, timeout=60)
        raw.connect()
        connection.sock = context.wrap_socket(raw.sock, server_hostname=host)
        return connection

    def _keep(self, host: str, header: str) -> None:
        """Obey Set-Cookie; a `__Host-` name without its attributes is dropped, as browsers do."""
        for name, cookie in SimpleCookie(header).items():
            whole = cookie["secure"] and cookie["path"] == "/" and not cookie["domain"]
            if name.startswith("__Host-") and not whole:
                continue
            jar = self.cookies.setdefault(host, {})
            if cookie["max-age"] == "0" or not cookie.value:
                jar.pop(name, None)
            else:
                jar[name] = cookie.value

    # Torimori's pages -----------------------------------------------------------------------

    def challenge(self, visit: str) -> Page:
        """Ask for request options. `visit` is the address of an interaction's page."""
        return self.call(step(visit, "challenge"))

    def prove(self, visit: str, device: Authenticator, bend: Bend = HONEST) -> Page:
        """Answer an interaction's challenge; the answer holds `next` or an error code."""
        asked = self.challenge(visit)
        if asked.status != 200:
            return asked
        proof = device.get(asked.json()["publicKey"], origin_of(visit), bend)
        return self.bring(visit, proof)

    def bring(self, visit: str, proof: dict[str, Any]) -> Page:
        """Send an assertion, with the members that Torimori takes and no other."""
        return self.call(step(visit, "proof"), members(proof))

    def enrol(self, visit: str, device: Authenticator, code: str, label: str) -> Page:
        """Register a passkey with the code from the letter."""
        asked = self.call(step(visit, "code"), {"code": plain_code(code)})
        if asked.status != 200:
            return asked
        return self.register(visit, device, asked.json()["publicKey"], label)

    def register(self, visit: str, device: Authenticator, options: dict[str, Any], label: str,
                 bend: Bend = HONEST) -> Page:
        made = device.create(options, origin_of(visit), bend)
        return self.call(step(visit, "credential"), members(made) | {"label": label})

    def follow(self, visit: str, answer: Page) -> Page:
        """Go where a page's script would go after its last call: back to who sent the browser."""
        if answer.status != 200:
            raise RuntimeError(f"{visit}: {answer.status} {answer.text[:300]}")
        return self.get(urljoin(visit, answer.json()["next"]))


def is_for_later(page: Page) -> bool:
    """Too fast, or the log cannot be sealed just now: nothing of the request was done."""
    return page.status == 429 or (page.status, page.code) == (503, "keyholder_away")


def members(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("id", "rawId", "type", "response")}


def plain_code(typed: str) -> str:
    """A code without the gaps that letters are printed with."""
    return "".join(char for char in typed if char.isalnum()).upper()


def same_origin(url: str, mode: str) -> dict[str, str]:
    return {"Origin": origin_of(url), "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": mode,
            "Sec-Fetch-Dest": "document" if mode == "navigate" else "empty"}


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def step(visit: str, name: str) -> str:
    """From http://host/i/ID to http://host/v1/i/ID/name."""
    return f"{origin_of(visit)}/v1{urlsplit(visit).path}/{name}"
