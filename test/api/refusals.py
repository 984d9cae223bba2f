"""What the edge refuses, at every endpoint that docs/openapi.json says it refuses it at: requests are
made from the document, each wrong in one way, and sent byte for byte."""

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

from browser import Page
from coverage import Endpoint
from play import Player

PARTS = {"{level}": "0", "{number}": "000", "{width}": "1", "{thousands}": "x001", "{seq}": "0",
         "{name}": "torimori.css"}
SOMEBODY = "B" * 24
COOKIES = {"customer": "__Host-tori-session=x; __Host-tori-visit=x",
           "operator": "__Host-tori-desk-session=x; __Host-tori-desk-visit=x"}
WRONG = {"string": 1, "integer": "x", "boolean": "x", "array": 1, "object": 1}


class Draft:
    """A request that nothing at the door is wrong with yet."""

    def __init__(self, doors: "Doors", endpoint: Endpoint, listener: str) -> None:
        self.endpoint, self.listener = endpoint, listener
        self.path = endpoint.path
        for part, value in PARTS.items():
            self.path = self.path.replace(part, value)
        for part in ("{id}", "{customer}"):
            self.path = self.path.replace(part, SOMEBODY)
        self.host = doors.hosts[listener]
        self.who = listener
        self.headers = [f"Host: {self.host}"]
        self.body: bytes | None = b"{}" if endpoint.body is not None else None
        self.length: int | None = None
        self.media = "application/json"
        self.key = any(one["in"] == "header" for one in endpoint.row.get("parameters", ()))
        self.cookie = COOKIES.get(listener, "")
        self.origin = f"http://{self.host}" if listener in COOKIES else ""

    def bytes(self) -> bytes:
        lines = [f"{self.endpoint.method} {self.path} HTTP/1.1", *self.headers]
        if self.cookie:
            lines.append(f"Cookie: {self.cookie}")
        if self.origin and self.endpoint.method != "GET":
            lines.append(f"Origin: {self.origin}")
        if self.key:
            lines.append("Idempotency-Key: k")
        if self.body is not None:
            length = len(self.body) if self.length is None else self.length
            lines += [f"Content-Type: {self.media}", f"Content-Length: {length}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (self.body or b"")


def says(body: bytes) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.body = body
    return change


def head(line: str) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.headers.append(line)
    return change


def elsewhere(draft: Draft) -> None:
    draft.headers = ["Host: elsewhere.example"]


def foreign(draft: Draft) -> None:
    draft.origin = "http://evil.example"
    if draft.endpoint.method == "GET":
        draft.headers.append("Sec-Fetch-Site: cross-site")


def misfit(draft: Draft) -> None:
    """The first member of the body with a value of another kind."""
    assert draft.endpoint.body is not None
    name, rules = next(iter(draft.endpoint.body["properties"].items()))
    draft.body = json.dumps({name: WRONG[rules["type"]]}).encode()


def sample(rules: dict[str, Any]) -> Any:
    """A value that fits its schema."""
    kind = rules["type"]
    if kind == "object":
        known = rules.get("properties", {})
        return {name: sample(known[name]) for name in rules.get("required", ())}
    if kind == "array":
        return [sample(rules["items"])] * rules.get("minItems", 0)
    if kind == "integer":
        return max(rules.get("minimum", 0), 0)
    if kind == "boolean":
        return True
    if rules.get("format") == "date-time":
        return "2026-11-20T00:00:00.000Z"
    if "enum" in rules or rules.get("pattern") == "^[A-Za-z0-9_-]{24}$":
        return rules.get("enum", [SOMEBODY])[0]
    return "A" * max(rules.get("minLength", 1), min(rules["maxLength"], 64))


def stranger(draft: Draft) -> None:
    """A body that would do, and a member that nobody knows."""
    assert draft.endpoint.body is not None
    draft.body = json.dumps(sample(draft.endpoint.body) | {"no_such_member": 1}).encode()


# Endpoints that need files and, on PostgreSQL alone, a look at the channels.
FILES = ("readyz", "log_checkpoint", "log_vkey", "log_tile", "log_tile_part", "log_tile_deep",
         "receipts")
# Members of bodies that a schema does not tell enough of.
OTHERS: dict[str, dict[str, Any]] = {
    "operations_ask": {"type": "withdrawal", "fields": {
        "amount": {"currency": "JPY", "minor": 1}, "payout_account": "P-1"}},
    "approvals_policy": {"name": "cool_off_ms.withdrawal", "value": 0},
    "customers_create": {"ref": "C-away"},
    "visit_credential": {"label": "x"},
}


def fitting(value: Any, customer: str) -> Any:
    """A sample that speaks of a customer who is there."""
    if isinstance(value, list):
        return [fitting(item, customer) for item in value]
    if not isinstance(value, dict):
        return value
    known = {"customer": customer, "ref": customer}
    if "events" in value:
        value["events"][0] |= {"type": "order.filled"}
    return {name: known.get(name, fitting(item, customer)) for name, item in value.items()}


def set_to(name: str, value: Any) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        setattr(draft, name, value)
    return change


# Each documented error that no state is needed for, and what earns it.
WAYS: dict[str, Callable[[Draft], None]] = {
    "bad_request": head("Host: second.example"),
    "misdirected": elsewhere,
    "head_too_large": head("X-Long: " + "x" * 20_000),
    "cross_site": foreign,
    "bad_media_type": set_to("media", "text/plain"),
    "expectation": head("Expect: nonsense"),
    "too_large": set_to("length", 70_000),
    "bad_json": says(b"{"),
    "bad_text": says(b'{"x":"\xff"}'),
    "too_deep": says(b'{"x":' + b"[" * 200 + b"]" * 200 + b"}"),
    "unknown_field": stranger,
    "missing_field": says(b"{}"),
    "bad_field": misfit,
    "idempotency_key_missing": set_to("key", False),
    "no_session": set_to("cookie", ""),
    "channel_unknown": set_to("who", "nobody"),
    "interaction_other_browser": set_to("cookie", ""),
}


def is_at_the_door(code: str, endpoint: Endpoint, listener: str) -> bool:
    """Some errors come from the door at some endpoints and from behind it at others; what is behind
    it the transcripts show."""
    asked = {"no_session": "session", "interaction_other_browser": "visit"}.get(code)
    if asked is not None and not any(asked in one for one in endpoint.row["security"]):
        return False
    return code != "cross_site" or listener in COOKIES


class Doors:
    def __init__(self, player: Player) -> None:
        self.player, self.documents = player, player.documents
        stack = player.scene.stack
        ports = stack.ports
        self.ports = {"customer": ports.pages, "operator": ports.desk, "metrics": ports.metrics}
        self.hosts = {
            "customer": f"torimori.localhost:{ports.pages}", "admin": "admin",
            "operator": f"desk.localhost:{ports.desk}", "metrics": f"127.0.0.1:{ports.metrics}",
            "channel": f"{stack.CHANNEL_NAME}:{ports.channel}"}
        self.slow: list[tuple[Draft, socket.socket]] = []

    def places(self, code: str) -> Iterator[tuple[Endpoint, str]]:
        """Where the document says that this error can be met."""
        for endpoint in self.documents.endpoints:
            if code in endpoint.codes:
                for listener in sorted(endpoint.listeners):
                    yield endpoint, listener

    def knock(self, code: str) -> tuple[int, list[str]]:
        """Earns an error wherever it is documented; how often, and what came otherwise."""
        count, faults = 0, []
        for endpoint, listener in self.places(code):
            if not is_at_the_door(code, endpoint, listener):
                continue
            draft = Draft(self, endpoint, listener)
            WAYS[code](draft)
            count += 1
            faults += self.judge(draft, self.send(draft), code)
        return count, faults

    def judge(self, draft: Draft, answer: Page, code: str) -> list[str]:
        got, wrong = self.player.problem(answer)
        where = f"{draft.listener} {draft.endpoint.method} {draft.path}"
        wrong += self.documents.note(draft.listener, draft.endpoint.method, draft.path, answer, got)
        if got != code:
            wrong.append(f"{answer.status} {got} instead of {code}")
        return [f"{where}: {fault}" for fault in wrong]

    def send(self, draft: Draft) -> Page:
        with self.connect(draft) as peer:
            try:
                peer.sendall(draft.bytes())
            except OSError:
                pass  # it has answered before it had heard everything
            return answer_of(peer)

    def connect(self, draft: Draft) -> socket.socket:
        if draft.listener in self.ports:
            return socket.create_connection(("127.0.0.1", self.ports[draft.listener]), 60)
        if draft.listener == "admin":
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(60)
            peer.connect(self.player.scene.stack.path("data/admin.sock"))
            return peer
        scene = self.player.scene
        line = scene.channel if draft.who == "channel" else scene.others[draft.who]
        raw = socket.create_connection(line.address, 60)
        return line.context.wrap_socket(raw, server_hostname=line.name)

    # While the store is away ------------------------------------------------------------------

    def while_away(self, known: dict[str, str]) -> tuple[int, list[str]]:
        """Nobody is let in who needs the store. `known` holds a customer, an operation, an approval
        and an operator's cookies, so that each request gets as far as the store."""
        count, faults = 0, []
        for endpoint, listener in self.places("store_away"):
            if endpoint.name in FILES:
                continue
            draft = Draft(self, endpoint, listener)
            if listener == "operator":
                draft.cookie = known["cookies"]
            kind = next((part for part in endpoint.path.split("/") if part in known), "")
            draft.path = draft.path.replace(SOMEBODY, known.get(kind, SOMEBODY))
            if endpoint.body is not None:
                body = fitting(sample(endpoint.body), known["customer"])
                draft.body = json.dumps(body | OTHERS.get(endpoint.name, {})).encode()
            count += 1
            faults += self.judge(draft, self.send(draft), "store_away")
        return count, faults

    # Those who take their time ------------------------------------------------------------------

    def begin_slow(self) -> None:
        """A request that stops in the middle, everywhere; `end_slow` looks what came of it."""
        for endpoint, listener in self.places("timeout"):
            draft = Draft(self, endpoint, listener)
            draft.length = 10
            whole = draft.bytes()
            peer = self.connect(draft)
            peer.sendall(whole if draft.body is not None else whole[:-2])
            self.slow.append((draft, peer))

    def end_slow(self) -> list[str]:
        faults = []
        for draft, peer in self.slow:
            with peer:
                faults += self.judge(draft, answer_of(peer), "timeout")
        return faults

    # Those who come too often -------------------------------------------------------------------

    def hurry(self) -> list[str]:
        """On a server with rates: asks until it is told to wait, at every endpoint that has one."""
        faults = []
        for endpoint, listener in self.places("rate_limited"):
            draft = Draft(self, endpoint, listener)
            answer = self.send(draft)
            tries = 0
            while answer.status != 429 and tries < 3000:
                answer = self.burst(draft)
                tries += 50
            faults += self.judge(draft, answer, "rate_limited")
            if not answer.headers.get("retry-after", "").isdigit():
                faults.append(f"{draft.path}: no time to come back")
        return faults

    def burst(self, draft: Draft) -> Page:
        """Fifty at once on one connection; the last answer."""
        with self.connect(draft) as peer:
            answer = Page(0, "", {}, b"")
            reader = peer.makefile("rb")
            try:
                peer.sendall(draft.bytes() * 50)
                for _ in range(50):
                    answer = answer_from(reader)
            except (OSError, http.client.HTTPException):
                pass  # some refusals end the connection
            return answer


class Bare:
    """What http.client reads an answer from, when the connection is ours."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def makefile(self, _mode: str) -> Any:
        return Kept(self.reader)


class Kept:
    """A reader that stays open when an answer has been read from it."""

    def __init__(self, reader: Any) -> None:
        self.read, self.readline, self.readinto = reader.read, reader.readline, reader.readinto
        self.closed = False

    def close(self) -> None:
        pass

    def flush(self) -> None:
        pass


def answer_of(peer: socket.socket) -> Page:
    return answer_from(peer.makefile("rb"))


def answer_from(reader: Any) -> Page:
    response = http.client.HTTPResponse(Bare(reader), method="GET")
    response.begin()
    body = response.read(int(response.headers.get("Content-Length", "0")))
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Page(response.status, "", headers, body)
