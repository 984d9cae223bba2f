"""Plays transcripts on a running Torimori: everybody who can send something, and what comes back.

A library: `Player.send` sends one request of a transcript and gives the bare answer, so whoever
wants something else than equality (a part that fails meanwhile, say) plays the steps himself.
"""

import http.client
import json
import re
import secrets
import socket
import time
from html import unescape
from typing import Any, Callable

import places  # noqa: F401

import bodies
from acts import Acts
from authenticator import Authenticator
from browser import USER_AGENT, Browser, Page, same_origin
from channel import Connection
from coverage import Documents
from scene import Scene
from stage import until
from transcript import Act, Line, Names, Request, Transcript, pretty

SHOWN = ("location", "set-cookie", "retry-after", "allow", "content-disposition")
ASIDES = ("Until", "Only")  # "until this code comes", "of lists only the items with this value"
PATIENCE_S = 30
Fetch = Callable[[str, str, dict[str, str], bytes | None], Page]


class Broken(Exception):
    """A step could not be played at all; says where and why."""


class Sender:
    """Somebody who can send: a browser at one of our hosts, a channel, a machine."""

    def __init__(self, listener: str, fetch: Fetch, origin: str = "") -> None:
        self.listener, self.fetch, self.origin = listener, fetch, origin
        self.device = Authenticator()
        self.options: dict[str, Any] = {}
        self.sent = b""


def of_browser(listener: str, browser: Browser, origin: str) -> Sender:
    def fetch(method: str, path: str, headers: dict[str, str], body: bytes | None) -> Page:
        kind = {}
        if method != "GET" or path.startswith("/v1/"):
            kind = {"Accept": "application/json"} | same_origin(origin, "cors")
        elif headers:
            kind = {"Accept": "text/html"}
        return browser._once(method, origin + path, body, kind | headers)
    return Sender(listener, fetch, origin)


def over(listener: str, connect: Callable[[], http.client.HTTPConnection], host: str) -> Sender:
    """Somebody who speaks plain HTTP on a connection of its own for every request."""
    def fetch(method: str, path: str, headers: dict[str, str], body: bytes | None) -> Page:
        connection = connect()
        try:
            head = {"Host": host, "User-Agent": USER_AGENT, "Accept-Language": "ja"} | headers
            connection.request(method, path, body, head)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        plain = {name.lower(): value for name, value in answer.headers.items()}
        return Page(answer.status, path, plain, content)
    return Sender(listener, fetch)


class Local(http.client.HTTPConnection):
    """A connection to a socket of this machine."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class Player:
    """One scene and everybody in it. Begins a file with `begin`."""

    def __init__(self, scene: Scene, documents: Documents) -> None:
        self.scene, self.documents = scene, documents
        self.machines = machines(scene)
        self.acts = Acts(self)
        self.begin()

    def begin(self) -> None:
        """A new file: its people and names are not those of the file before."""
        stack = self.scene.stack
        fixed = {"pages": stack.pages, "desk": stack.desk, "return_uri": stack.return_uri,
                 "broker": stack.broker}
        self.names = Names(dict(sorted(fixed.items(), key=lambda one: -len(one[1]))))
        self.people: dict[str, Sender] = dict(self.machines)
        self.acts.begin()

    def browser(self, name: str, browser: Browser, listener: str = "customer") -> Sender:
        """Gives a browser a name in this file."""
        browser.patient = False
        stack = self.scene.stack
        origin = stack.pages if listener == "customer" else stack.desk
        self.people[name] = of_browser(listener, browser, origin)
        return self.people[name]

    def play(self, transcript: Transcript) -> list[str]:
        """Every step of a file; requests get the answer that came. What the document does not
        allow comes back as faults."""
        self.begin()
        faults = []
        try:
            for step in transcript.steps:
                faults += [f"line {step.at}: {fault}" for fault in self.step(transcript, step)]
        finally:
            self.acts.end()
        return faults

    def step(self, transcript: Transcript, step: Line | Act | Request) -> list[str]:
        """One step; what the document does not allow."""
        try:
            if isinstance(step, Act):
                self.acts.do(self.fill(step.text).split())
            if isinstance(step, Request):
                step.answer, wrong = self.exchange(step)
                return wrong
        except Exception as trouble:
            where = f"{transcript.path.name}:{getattr(step, 'at', 0)}"
            raise Broken(f"{where}: {trouble!r}") from trouble
        return []

    def exchange(self, request: Request) -> tuple[str, list[str]]:
        answer = self.patient(request)
        code, wrong = self.problem(answer)
        wrong += self.documents.note(self.people[request.who].listener, request.method,
                                     self.fill(request.path), answer, code)
        return self.shown(answer, code, self.aside(request, "Only")), wrong

    def patient(self, request: Request) -> Page:
        """The answer; for a request with `Until: CODE` the first answer with that code."""
        wanted = self.aside(request, "Until")
        if not wanted:
            return self.send(request)
        held: list[Page] = []

        def came() -> bool:
            self.acts.again()
            held[:] = [self.send(request)]
            return wanted in (self.problem(held[0])[0], str(held[0].status))
        if not until(came, PATIENCE_S):
            raise AssertionError(f"{wanted} did not come: {held[0].status} {held[0].body[:200]!r}")
        return held[0]

    def aside(self, request: Request, name: str) -> str:
        """What a transcript tells the player among the header fields; it is not sent."""
        told = (line for line in request.headers if line.startswith(name + ": "))
        return self.fill(next(told, "").partition(": ")[2])

    def fill(self, text: str) -> str:
        """`<now -400>` and the like are times of the server's clock, `<random>` is another word
        each time."""
        text = text.replace("<random>", secrets.token_hex(16))

        def moment(match: re.Match[str]) -> str:
            from trade import timestamp
            return timestamp(time.time() + self.scene.clock_s + int(match.group(1) or 0))
        return self.names.fill(re.sub(r"<now(?: ([+-]\d+))?>", moment, text))

    def send(self, request: Request) -> Page:
        """One request as the file has it, and the answer."""
        sender = self.people[request.who]
        headers, body = self.head_and_body(request, sender)
        answer = sender.fetch(request.method, self.fill(request.path), headers, body)
        if "json" in answer.headers.get("content-type", ""):
            sender.options = answer.json().get("publicKey") or sender.options
        return answer

    def head_and_body(self, request: Request,
                      sender: Sender) -> tuple[dict[str, str], bytes | None]:
        headers = {}
        for line in request.headers:
            name, _, value = line.partition(": ")
            if name not in ASIDES:
                headers[name] = self.fill(value)
        body = None
        if request.body.startswith("@ again"):
            body = sender.sent
        elif request.body.startswith("@ "):
            made = bodies.make(request.body, sender, self.people, self.fill)
            body = json.dumps(made, ensure_ascii=False).encode()
        elif request.body:
            body = self.fill(request.body).encode()
        if body is not None:
            sender.sent = body
            headers = {"Content-Type": "application/json"} | headers
        return headers, body

    # What came back --------------------------------------------------------------------------

    def problem(self, answer: Page) -> tuple[str, list[str]]:
        """The error's code, and what is wrong with how it is told (RFC 9457)."""
        if answer.status < 400:
            return "", []
        if "problem+json" not in answer.headers.get("content-type", ""):
            found = re.search(r"<code>([a-z_]+)</code>", answer.text)
            return (found.group(1) if found else ""), []
        body = answer.json()
        code = str(body.get("code", ""))
        right = {"type": f"urn:torimori:error:{code}", "status": answer.status, "code": code,
                 "title": self.documents.sentences.get(code),
                 "request_id": answer.headers.get("x-request-id")}
        wrong = [f"{name} of the problem is {body.get(name)!r}" for name, value in right.items()
                 if body.get(name) != value]
        return code, wrong + [f"the problem has {name}" for name in set(body) - set(right) - {"field"}]

    def shown(self, answer: Page, code: str, only: str = "") -> str:
        """An answer as the file has it."""
        content = answer.headers.get("content-type", "").partition(";")[0] if answer.body else ""
        if content == "application/problem+json":
            told = answer.json().get("field")
            first = f"{answer.status} {code}" + (f" field={told}" if told else "")
            return "\n".join([first, *self.shown_headers(answer)])
        first = f"{answer.status} {content}".rstrip() + (f" {code}" if code else "")
        return "\n".join([first, *self.shown_headers(answer),
                          *self.shown_body(answer, content, only)])

    def shown_headers(self, answer: Page) -> list[str]:
        rows = []
        for name in SHOWN:
            value = answer.headers.get(name)
            if value is None:
                continue
            if name == "set-cookie":
                value = re.sub(r"(=)[\w.-]{20,}", r"\1<cookie>", value)
                value = re.sub(r"Max-Age=[1-9]\d+", "Max-Age=<seconds>", value)
            elif name == "retry-after":
                value = re.sub(r"\d+", "<seconds>", value)
            else:
                value = self.names.text(value, name)
            rows.append(f"{name.title()}: {value}")
        return rows

    def shown_body(self, answer: Page, content: str, only: str) -> list[str]:
        if content == "application/json":
            return [pretty(self.names.json(narrowed(answer.json(), only)))]
        if content == "text/html":
            heading = re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)
            return [f"<h1>{unescape(heading.group(1)).strip()}</h1>"] if heading else []
        if content == "text/plain":
            first = answer.text.partition("\n")[0].partition("+")[0]
            return ["| " + self.names.text(first, "text") + " …"]
        return ["| bytes"] if content else []


def narrowed(body: Any, only: str) -> Any:
    """An answer whose lists hold only what has to do with one value: others are about what earlier
    files did."""
    if not only or not isinstance(body, dict):
        return body
    return {name: [item for item in value if only in json.dumps(item)]
            if isinstance(value, list) else value for name, value in body.items()}


def machines(scene: Scene) -> dict[str, Sender]:
    """Those who need no introduction: channels by the key they show, and the machine itself."""
    stack = scene.stack
    found = {}
    host = f"{stack.CHANNEL_NAME}:{stack.ports.channel}"
    lines = {"channel": scene.channel, "second": scene.second} | scene.others
    for name, line in lines.items():
        found[name] = over("channel", lambda line=line: Connection(
            line.name, line.address, line.context), host)
    address = f"127.0.0.1:{stack.ports.metrics}"
    found["metrics"] = over("metrics", lambda: http.client.HTTPConnection(address, timeout=30),
                            address)
    admin = stack.path("data/admin.sock")
    found["admin"] = over("admin", lambda: Local(admin), "admin")
    return found
