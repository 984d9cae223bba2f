"""A whole Torimori, and what its customers and channels do, without a broker in between: the tests
speak to its listeners themselves, so that they can also say what no broker would."""

import contextlib
import itertools
import json
import secrets
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import parse_qs, urlsplit

from paths import TORIMORI

import journal
import people
from authenticator import HONEST, Authenticator, Bend
from browser import Browser, Page, origin_of
from channel import Channel, Connection, Refused, tls_context
from office import Office, must
from bases import STORE, Base
from stack import Ports, Stack
from trade import timestamp

HOUR_S = 3600
COOL_OFF = "cool_off_ms."
COOLED = ("withdrawal", "payout_account_change")
PAYOUT = {"bank_code": "0000", "branch_code": "001", "kind": "ordinary", "number": "1234567",
          "holder": "ミホン ハナコ"}
ORDER = {"side": "buy", "symbol": "0001", "quantity": 100, "order_type": "market"}


@dataclass
class Answer:
    """What the channel listener said, to the byte."""

    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body else {}

    @property
    def code(self) -> str:
        return str(self.json().get("code", ""))


class Line(Channel):
    """A channel that can also ask once and look at the bare answer. It is patient with a machine that
    has too much to do to seal the log in time, but where that is what a case is about."""

    tries = 10
    patient = True

    def once(self, method: str, path: str, body: Any = None, key: str = "") -> Answer:
        for _ in range(60):
            answer = self.bare(method, path, body, key)
            if not self.patient or answer.status != 503 or answer.code != "keyholder_away":
                break
            time.sleep(1)
        return answer

    def bare(self, method: str, path: str, body: Any = None, key: str = "") -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        connection = Connection(self.name, self.address, self.context)
        try:
            connection.request(method, path, None if body is None else json.dumps(body).encode(),
                               headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(),
                          {name.lower(): value for name, value in answer.headers.items()})
        finally:
            connection.close()


def change_settings(path: Path, settings: dict[str, str | int]) -> None:
    """Other values for settings of a file, or new lines."""
    rows = dict(line.split(" = ", 1) for line in path.read_text("utf-8").splitlines())
    rows |= {name.replace("__", "."): str(value) for name, value in settings.items()}
    path.write_text("".join(f"{name} = {value}\n" for name, value in rows.items()), "utf-8")


class Scene:
    """Torimori, a mail server, two channels and two operators, in a folder of their own. Settings
    other than the sample's are given by name, with `__` for the dot."""

    def __init__(self, store: str = STORE, **settings: str | int) -> None:
        self.settings = {"limits__rates": "false"} | settings  # many attempts from one address
        self.temp = tempfile.TemporaryDirectory(prefix="tori-")
        self.stack = Stack(Path(self.temp.name), TORIMORI, Ports.free())
        self.base = Base() if store == "postgres" else None
        self.clock_s = 0
        self.numbers = itertools.count(1)
        self.ids: dict[str, str] = {}
        self.staffed = False

    def open(self) -> None:
        self.begin()
        self.staff_up()

    def begin(self) -> None:
        """Everything but the operators."""
        if self.base is not None:
            self.base.begin(self.stack)
        self.stack.prepare()
        change_settings(self.stack.config, self.settings)
        self.stack.start_mail()
        self.start_torimori()
        self.stack.add_channel()
        self.channel, self.second = self.line("channel"), self.add_line("second", "見本アプリ")
        self.office = Office(self.stack)

    def staff_up(self) -> None:
        """Two operators, who lift the cool-off. Afterwards channels wait for approvals."""
        if self.staffed:
            return
        self.office.open()
        self.set_cool_off(0)
        self.staffed = True

    def add_line(self, name: str, title: str, *rights: str) -> Line:
        """A further channel with a key of its own."""
        self.stack._issue(name, name, "clientAuth")
        more = [word for right in rights for word in ("--right", right)]
        self.stack.admin("channel", "add", title, "--cert", self.stack.path(name + ".pem"),
                         "--origin", self.stack.broker, "--return-uri", self.stack.return_uri,
                         *more)
        return self.line(name)

    @contextlib.contextmanager
    def store_away(self) -> Iterator[None]:
        """Nothing can be written: PostgreSQL lets nobody in, or somebody holds SQLite's lock."""
        if self.base is not None:
            self.base.deny()
            try:
                yield
            finally:
                self.base.allow()
            return
        with contextlib.closing(sqlite3.connect(self.stack.path("torimori.db"), 30,
                                                isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    def start_torimori(self) -> None:
        self.stack.start_torimori()

    def close(self) -> None:
        self.stack.stop()
        if self.base is not None:
            self.base.end()
        self.temp.cleanup()

    def line(self, name: str) -> Line:
        context = tls_context(self.stack.path("ca.pem"), self.stack.path(name + ".pem"),
                              self.stack.path(name + ".key"))
        return Line(self.stack.CHANNEL_NAME, ("127.0.0.1", self.stack.ports.channel), context)

    def set_cool_off(self, hours: int) -> None:
        for name in COOLED:
            self.office.set_policy(COOL_OFF + name, hours * HOUR_S * 1000)

    def move_clock(self, seconds: int) -> None:
        self.stack.admin("clock", str(seconds))
        self.clock_s += seconds

    def now(self) -> str:
        return timestamp(time.time() + self.clock_s)

    # People ----------------------------------------------------------------------------------

    def stranger(self, users: int = 1) -> "User":
        """A customer whom Torimori knows, with no passkey yet."""
        record = people.as_record(people.person(next(self.numbers)))
        ref = record["ref"]
        record["kind"] = "person" if users == 1 else "company"
        record["users"] = [record["users"][0] | {"ref": f"U-{n}", "contacts": [
            {"kind": "mail", "address": f"{ref.lower()}-{n}@mail.example"}]}
            for n in range(1, users + 1)]
        record["accounts"].append({"ref": "A-2", "kind": "nisa"})
        record["roles"] = [{"user": f"U-{n}", "account": account, "rights": people.FULL}
                           for n in range(1, users + 1) for account in ("A-1", "A-2")]
        self.ids[ref] = self.channel.call("POST", "/v1/customers", record)["customer_id"]
        return User(self, ref, "U-1")

    def newcomer(self, users: int = 1) -> "User":
        """A customer with a passkey, logged in."""
        user = self.stranger(users)
        user.enrol()
        user.login()
        return user

    # What came of it -----------------------------------------------------------------------------

    def mark(self) -> int:
        time.sleep(journal.SEALED_S)
        return journal.size(self.stack.log)

    def said(self, user: "User", start: int) -> list[dict[str, Any]]:
        """What the log says about a customer since it had `start` entries."""
        return [entry for entry in journal.entries(self.stack.log, start)
                if entry.get("customer") == self.ids[user.customer]]

    def mails(self, to: str) -> list[str]:
        """All letters that came for an address, as text."""
        from website import read_mail
        read = (read_mail(path) for path in sorted(self.stack.mails.glob("*.eml")))
        return [mail["subject"] + "\n" + mail["text"] for mail in read if to in mail["to"]]

    def wait_mail(self, to: str, word: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for mail in self.mails(to):
                if word in mail:
                    return mail
            time.sleep(0.1)
        raise AssertionError(f"no mail with {word} came for {to}: {self.mails(to)}")


class User:
    """One user at one browser."""

    def __init__(self, scene: Scene, customer: str, ref: str) -> None:
        self.scene, self.customer, self.ref = scene, customer, ref
        self.browser, self.device = Browser(), Authenticator()
        self.channel = scene.channel
        self.session = ""

    @property
    def mail(self) -> str:
        return f"{self.customer.lower()}-{self.ref[-1]}@mail.example"

    def colleague(self, number: int = 2) -> "User":
        """Another user of the same customer, enrolled and logged in."""
        other = User(self.scene, self.customer, f"U-{number}")
        other.enrol()
        other.login()
        return other

    # Visits ----------------------------------------------------------------------------------

    def visit(self, purpose: str, **more: str) -> str:
        """Begin an interaction and go to its page; the page's address."""
        begun = self.channel.interaction(purpose, self.scene.stack.return_uri,
                                         secrets.token_urlsafe(24), "ja", **more)
        page = self.browser.get(begun["url"])
        assert page.status == 200, f"{begun['url']}: {page.status}"
        return begun["url"]

    def way_back(self, visit: str, answer: Page) -> dict[str, str]:
        """The parameters of the redirect that ends a visit."""
        page = self.browser.get(origin_of(visit) + must(answer)["next"], follow=False)
        assert page.status == 303, f"{page.url}: {page.status}"
        found = parse_qs(urlsplit(page.headers["location"]).query)
        return {name: values[0] for name, values in found.items()}

    def collect(self, visit: str, answer: Page) -> dict[str, Any]:
        back = self.way_back(visit, answer)
        return self.channel.result(back["interaction"], back["code"])

    def enrol(self, code: str = "") -> None:
        code = code or self.code()
        visit = self.visit("enrol", customer=self.customer, user=self.ref)
        self.collect(visit, self.browser.enrol(visit, self.device, code, "見本の鍵"))

    def code(self) -> str:
        """Proofing at the desk, two signatures, and the letter."""
        return self.scene.office.open_window(self.customer, self.ref)

    def login(self, bend: Bend = HONEST) -> dict[str, Any]:
        visit = self.visit("login")
        done = self.collect(visit, self.browser.prove(visit, self.device, bend))
        self.session = done["session"]["session_id"]
        return done["session"]

    # Operations --------------------------------------------------------------------------------

    def body(self, kind: str = "withdrawal", amount: int = 1000, **more: Any) -> dict[str, Any]:
        fields = {"withdrawal": {"amount": {"currency": "JPY", "minor": amount},
                                 "payout_account": "P-1"},
                  "payout_account_change": PAYOUT, "order": ORDER,
                  "profile_change": {"item": "mail", "new_value": "new@mail.example"}}[kind]
        return {"type": kind, "type_version": 1, "occurred_at": self.scene.now(),
                "customer": self.customer, "account": "A-1", "user": self.ref,
                "session": self.session, "context": {"ip": "203.0.113.7", "locale": "ja"},
                "fields": fields} | more

    def ask(self, kind: str = "withdrawal", amount: int = 1000, **more: Any) -> dict[str, Any]:
        return self.channel.call("POST", "/v1/operations", self.body(kind, amount, **more),
                                 secrets.token_urlsafe(16))

    def ask_once(self, key: str = "", **more: Any) -> Answer:
        return self.channel.once("POST", "/v1/operations", self.body(**more),
                                 key or secrets.token_urlsafe(16))

    def confirm(self, operation: dict[str, Any], bend: Bend = HONEST) -> dict[str, Any]:
        """Prove an operation; it as the channel then sees it."""
        visit = self.visit("confirm", operation_id=operation["operation_id"])
        return self.collect(visit, self.browser.prove(visit, self.device, bend))["operation"]

    def allowed(self, kind: str = "withdrawal", **more: Any) -> dict[str, Any]:
        operation = self.confirm(self.ask(kind, **more))
        assert operation["status"] == "allowed", operation
        return operation

    def state(self, operation: dict[str, Any]) -> str:
        return self.get(operation)["status"]

    def get(self, operation: dict[str, Any]) -> dict[str, Any]:
        return self.channel.call("GET", "/v1/operations/" + operation["operation_id"])

    def redeem(self, operation: dict[str, Any]) -> Answer:
        return self.channel.once("POST", f"/v1/operations/{operation['operation_id']}/redeem", {})

    def proof(self, visit: str, bend: Bend = HONEST) -> dict[str, Any]:
        """A real assertion for a visit, not yet sent."""
        options = must(self.browser.challenge(visit))["publicKey"]
        return self.device.get(options, origin_of(visit), bend)

    # Torimori's own pages ------------------------------------------------------------------------

    def own(self, path: str, body: Any = None, browser: Browser | None = None) -> Page:
        return (browser or self.browser).call(self.scene.stack.pages + path, body)

    def centre(self) -> Page:
        return self.browser.get(self.scene.stack.pages + "/me")

    def alive(self) -> bool:
        return self.channel.introspect(self.session)["active"]


def refused(call: Any) -> str:
    """The code of the refusal that a channel call must meet."""
    try:
        call()
    except Refused as refusal:
        return refusal.code
    return "not_refused"
