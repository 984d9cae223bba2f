"""What `make bench` measures against: Torimori over TLS with default settings, and customers with passkeys.

Everything comes into being through the public API, as in the demo; only the rates per address are off.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "examples/broker"))

import people
from authenticator import ES256, Authenticator, b64u, cose
from browser import Browser
from channel import tls_context
from demostate import channel_of
from office import Office, must
from stack import Failed, Ports, Stack

HOST = "login.torimori.test"
LETTERS_S = 120


class Scene(Stack):
    """Torimori alone, its customers' pages behind TLS."""

    def __init__(self, torimori: Path, folder: Path) -> None:
        super().__init__(folder, torimori, Ports.free())

    @property
    def pages(self) -> str:
        return f"https://{HOST}:{self.ports.pages}"

    @property
    def broker(self) -> str:
        return "https://www.mihon.test"

    def _certificates(self) -> None:
        super()._certificates()
        self._issue("pages", HOST, "serverAuth")

    def _settings(self) -> str:
        """The settings that have no default, and the rates. No mail server: mails would wait."""
        rows = {
            "store.url": "sqlite:" + self.path("torimori.db"),
            "data.directory": self.path("data"),
            "courier.spool": str(self.post),
            "firm.name_ja": "みほん証券", "firm.name_en": "Mihon Securities",
            "channel.listen": f"127.0.0.1:{self.ports.channel}",
            "channel.hosts": f"{self.CHANNEL_NAME}:{self.ports.channel}",
            "channel.tls_certificate": self.path("server.pem"),
            "channel.tls_key": self.path("server.key"),
            "metrics.listen": f"127.0.0.1:{self.ports.metrics}",
            "customer.listen": f"127.0.0.1:{self.ports.pages}",
            "customer.hosts": f"{HOST}:{self.ports.pages}",
            "customer.origin": self.pages, "customer.rp_id": HOST,
            "customer.tls_certificate": self.path("pages.pem"),
            "customer.tls_key": self.path("pages.key"),
            "operator.listen": f"127.0.0.1:{self.ports.desk}",
            "operator.hosts": f"desk.localhost:{self.ports.desk}",
            "operator.origin": self.desk, "operator.rp_id": "desk.localhost",
            "limits.rates": "false",
        }
        return "".join(f"{name} = {value}\n" for name, value in rows.items())

    def places(self) -> dict[str, str]:
        """For the load's client."""
        return {
            "customer_port": str(self.ports.pages), "customer_host": f"{HOST}:{self.ports.pages}",
            "origin": self.pages, "rp_id": HOST, "channel_port": str(self.ports.channel),
            "channel_host": f"{self.CHANNEL_NAME}:{self.ports.channel}",
            "return_uri": self.return_uri, "ca": self.path("ca.pem"),
            "certificate": self.path("channel.pem"), "key": self.path("channel.key")}

    def supervisor(self) -> int:
        return int(self.recall("processes")[0]["pid"])


def open_scene(scene: Scene, customers: int) -> list[tuple[str, Authenticator]]:
    """Start, and enrol as many customers as are asked for: (reference, device)."""
    scene.prepare()
    scene.start_torimori()
    scene.add_channel()
    office = Office(scene)
    office.open()
    office.set_policy("cool_off_ms.withdrawal", 0)
    everybody = [people.person(number + 1) for number in range(customers)]
    channel = channel_of(scene)
    for customer in everybody:
        channel.add_customer(without_mail(people.as_record(customer)))
    for customer in everybody:
        office.approve("/v1/desk/proofings", {
            "customer": customer.ref, "user": "U-1", "kind": "document", "checked": "見本の運転免許証"})
    codes = letters(scene, customers)
    return [(customer.ref, enrolled(scene, customer.ref, codes[customer.ref]))
            for customer in everybody]


def without_mail(record: dict[str, Any]) -> dict[str, Any]:
    """There is no mail server here: notices go to the inbox alone."""
    for user in record["users"]:
        user["contacts"] = []
    return record


def letters(scene: Scene, wanted: int) -> dict[str, str]:
    """The codes by customer, once all letters have come by post."""
    deadline = time.monotonic() + LETTERS_S
    while time.monotonic() < deadline:
        found = {}
        for path in scene.post.glob("*.json"):
            letter = json.loads(path.read_text("utf-8"))
            found[letter["customer"]] = letter["code"]
        if len(found) >= wanted:
            return found
        time.sleep(0.2)
    raise Failed(f"{len(found)} of {wanted} letters came")


def enrolled(scene: Scene, customer: str, code: str) -> Authenticator:
    """A customer's browser with a synced passkey, after the ceremony."""
    device = Authenticator(synced=True)
    browser = Browser(tls_context(scene.path("ca.pem"), scene.path("channel.pem"),
                                  scene.path("channel.key")))
    begun = channel_of(scene).call("POST", "/v1/interactions", {
        "purpose": "enrol", "return_uri": scene.return_uri, "state": "b3BhcXVlLXN0YXRl",
        "customer": customer, "user": "U-1"})
    browser.get(begun["url"])
    must(browser.enrol(begun["url"], device, code, "見本の鍵"))
    return device


def user_line(customer: str, device: Authenticator) -> str:
    """A passkey as the load's client reads it."""
    kept = device.dump()["passkeys"][0]
    return f"{customer} {kept['id']} {kept['user_handle']} {kept['count']} {kept['key']}\n"


def public_key(device: Authenticator) -> str:
    return b64u(cose(ES256, device.passkeys[0].key))
