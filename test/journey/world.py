#!/usr/bin/python3
"""world.py TORIMORI FOLDER [SETTING=VALUE...]: everything a journey needs, over TLS with a CA of its own.

Starts the mail server, Torimori and the sample broker on free ports, brings two operators and a few
customers into being through the public API, then does what lines of JSON on standard input ask for,
one line of JSON each in return. It ends all that it started when its input ends.
"""

import email
import email.policy
import json
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True
PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "examples/broker"))

import people
from channel import tls_context
from demostate import channel_of, fill
from journal import entries
from office import Office
from stack import HERE, Failed, Ports, Stack

CUSTOMERS = range(1, 12)
TRIES = 60
HOSTS = {"pages": "login.torimori.test", "desk": "desk.staff.test", "broker": "www.mihon.test",
         "evil": "login.torim0ri.test"}


class World(Stack):
    """The demo's processes behind names of their own and behind TLS."""

    def __init__(self, torimori: Path, folder: Path, more: list[str]) -> None:
        super().__init__(folder, torimori, Ports.free())
        self.more = dict(setting.split("=", 1) for setting in more)

    @property
    def pages(self) -> str:
        return f"https://{HOSTS['pages']}:{self.ports.pages}"

    @property
    def desk(self) -> str:
        return f"https://{HOSTS['desk']}:{self.ports.desk}"

    @property
    def broker(self) -> str:
        return f"https://{HOSTS['broker']}:{self.ports.broker}"

    @property
    def evil(self) -> str:
        return f"https://{HOSTS['evil']}:{self.ports.evil}"

    def _certificates(self) -> None:
        super()._certificates()
        for name, host in HOSTS.items():
            self._issue(name, host, "serverAuth")

    def _settings(self) -> str:
        """Those of the demo, over TLS and without its explanations."""
        # A dozen newcomers a minute from one address would have to wait; http tests look at rates.
        rows = {"demo": "false", "limits.rates": "false"} | self.more
        for role, name in (("customer", "pages"), ("operator", "desk")):
            rows |= {f"{role}.tls_certificate": self.path(f"{name}.pem"),
                     f"{role}.tls_key": self.path(f"{name}.key")}
        whole = super()._settings().replace("demo = true\n", "")
        return whole + "".join(f"{name} = {value}\n" for name, value in rows.items())

    def start_broker(self) -> None:
        self._start("broker", [
            sys.executable, "-B", str(HERE / "broker"), "--origin", self.broker,
            "--torimori", self.pages, "--data", self.path("broker"),
            "--channel", f"{self.CHANNEL_NAME}:{self.ports.channel}", "--ca", self.path("ca.pem"),
            "--certificate", self.path("channel.pem"), "--key", self.path("channel.key"),
            "--tls", self.path("broker.pem"), self.path("broker.key")])
        self._wait_port("broker", self.ports.broker)


def patiently(act: Any) -> None:
    """A machine with much to do answers `keyholder_away` for a moment; that is asked again."""
    for _ in range(TRIES):
        try:
            return act()
        except Failed as failed:
            if "keyholder_away" not in str(failed):
                raise
            time.sleep(1)
    return act()


class Journeys:
    """What a journey may ask for, by name."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.office = Office(world)
        for operator in self.office.staff:
            operator.browser.tls = tls_context(world.path("ca.pem"), world.path("channel.pem"),
                                               world.path("channel.key"))

    def open(self, staff: bool) -> dict[str, Any]:
        """Start everything; `staff` brings two operators with software keys into being."""
        world = self.world
        world.start_mail()
        world.start_torimori()
        patiently(world.add_channel)
        world.start_broker()
        if staff:
            self.office.open()
        fill(world, channel_of(world), [people.person(number) for number in CUSTOMERS])
        return {name: getattr(world, name) for name in HOSTS} | {
            "folder": str(world.folder), "evilPort": world.ports.evil,
            "ca": world.path("ca.pem"), "evilCertificate": world.path("evil.pem"),
            "evilKey": world.path("evil.key")}

    def person(self, number: int) -> dict[str, Any]:
        """A made-up customer, by number."""
        customer = people.person(number)
        return {"customer": customer.ref, "user": customer.users[0].ref, "name": customer.name,
                "mail": customer.users[0].mail}

    def operator(self, ref: str, name: str) -> str:
        """The code of a new operator, as the machine's administrator gets it."""
        return self.world.add_operator(ref, name)

    def letter(self, customer: str, user: str) -> str:
        """The code of a letter that came by post."""
        return self.office.letter(set(), customer, user)

    def window(self, customer: str, user: str) -> str:
        """The code of the letter, after proofing and two signatures."""
        return self.office.open_window(customer, user)

    def policy(self, name: str, value: int) -> None:
        self.office.set_policy(name, value)

    def lock(self, customer: str) -> None:
        self.office.lock(customer)

    def mails(self, to: str) -> list[dict[str, str]]:
        """What arrived for one address, oldest first."""
        found = []
        for path in sorted(self.world.mails.glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            if to in str(message["To"]):
                found.append({"subject": str(message["Subject"]),
                              "text": body.get_content() if body else ""})
        return found

    def journal(self, customer: str) -> list[dict[str, Any]]:
        """The sealed entries of the log that name a customer, oldest first."""
        handle = self.world.recall("customers", {})[customer]
        return [entry for entry in entries(self.world.log, 0)
                if entry.get("customer") == handle]

    def verify(self) -> str:
        """What `torimori log verify` says; an error when the log is not sound."""
        sound, told = self.world.verify_log()
        if not sound:
            raise AssertionError(told)
        return told


def answer(journeys: Journeys, line: str) -> dict[str, Any]:
    asked = json.loads(line)
    try:
        return {"ok": getattr(journeys, asked["do"])(*asked.get("with", []))}
    except Exception:  # pylint: disable=broad-exception-caught
        return {"error": traceback.format_exc()}


def main(torimori: str, folder: str, *more: str) -> int:
    world = World(Path(torimori), Path(folder), list(more))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        world.prepare()
        journeys = Journeys(world)
        for line in sys.stdin:
            print(json.dumps(answer(journeys, line), ensure_ascii=False), flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        world.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
