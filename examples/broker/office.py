"""The firm's staff as the demo plays them: two operators with virtual passkeys at their own host.

Nothing here is a short cut. Every approval is proposed and signed by two people over the public
pages of the operators' host, as it would be on a working day.
"""

import json
import time
from pathlib import Path
from typing import Any

from authenticator import Authenticator
from browser import Browser, Page
from stack import Failed, Stack

LETTER_S = 120
DONE = {"done", "executed", "approved"}


class Operator:
    """One member of staff: a browser and a passkey of their own."""

    def __init__(self, stack: Stack, ref: str, name: str) -> None:
        self.desk, self.ref, self.name = stack.desk, ref, name
        self.browser, self.device = Browser(), Authenticator()

    def enrol(self, code: str) -> None:
        visit = self._begin("/v1/enrol", {"operator": self.ref})
        done = self.browser.enrol(visit, self.device, code, f"{self.name} の鍵")
        self.finish(visit, done)

    def login(self) -> None:
        visit = self._begin("/v1/login", {})
        self.finish(visit, self.browser.prove(visit, self.device))

    def call(self, path: str, body: Any = None, method: str = "POST") -> Page:
        """A call by a script of the operators' pages; logs in first when there is no session."""
        answer = self.browser.call(self.desk + path, body, method)
        if answer.status == 401:
            self.login()
            answer = self.browser.call(self.desk + path, body, method)
        return answer

    def _begin(self, path: str, body: dict[str, str]) -> str:
        visit = self.desk + must(self.browser.call(self.desk + path, body))["next"]
        self.browser.get(visit)  # this binds the visit to this browser
        return visit

    def finish(self, visit: str, answer: Page) -> None:
        must(answer)
        self.browser.follow(visit, answer)

    def sign(self, approval: str) -> None:
        """Sign one exact action, with a proof bound to it."""
        visit = self.desk + must(self.call(f"/v1/approvals/{approval}/sign", {}))["next"]
        self.browser.get(visit)
        self.finish(visit, self.browser.prove(visit, self.device))


def must(answer: Page) -> dict[str, Any]:
    """The body of an answer that has to be a yes."""
    if not 200 <= answer.status < 300:
        raise Failed(f"{answer.url}: {answer.status} {answer.code or answer.text[:200]}")
    return answer.json()


class Office:
    """Both operators, kept in the demo's folder between runs."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.staff = [Operator(stack, "op-1", "見本 係長"), Operator(stack, "op-2", "例示 課長")]

    def open(self) -> None:
        """Bring the two operators into being, once."""
        kept = self.stack.recall("operators", {})
        for operator in self.staff:
            if operator.ref in kept:
                operator.device = Authenticator.load(kept[operator.ref])
                continue
            operator.enrol(self.stack.add_operator(operator.ref, operator.name))
            self._keep()

    def _keep(self) -> None:
        """Counters move with every signature, so the devices are written down after each act."""
        self.stack.remember(operators={
            o.ref: o.device.dump() for o in self.staff if o.device.passkeys})

    def approve(self, path: str, body: dict[str, Any]) -> str:
        """Propose an action and have it signed by as many as it needs."""
        approval = must(self.staff[0].call(path, body))["approval_id"]
        for operator in self.staff:
            if self.state(approval) not in DONE:
                operator.sign(approval)
        self._keep()
        if self.state(approval) not in DONE:
            raise Failed(f"approval {approval} of {path} is {self.state(approval)}")
        return approval

    def state(self, approval: str) -> str:
        listed = must(self.staff[0].call("/v1/approvals", method="GET"))["approvals"]
        return next((row["state"] for row in listed if row["approval_id"] == approval), "absent")

    def set_policy(self, name: str, value: int) -> None:
        self.approve("/v1/approvals/policy", {"name": name, "value": value})

    def open_window(self, customer: str, user: str) -> str:
        """Identity proofing at the desk and two signatures; the code as it came by post."""
        before = set(self.stack.post.glob("*.json"))
        self.approve("/v1/desk/proofings", {
            "customer": customer, "user": user, "kind": "document",
            "checked": "見本の運転免許証、番号 000000000000、窓口で対面"})
        return self.letter(before, customer, user)

    def letter(self, before: set[Path], customer: str, user: str) -> str:
        """Wait for the postman."""
        deadline = time.monotonic() + LETTER_S
        while time.monotonic() < deadline:
            for path in set(self.stack.post.glob("*.json")) - before:
                letter = json.loads(path.read_text("utf-8"))
                if letter["customer"] == customer and letter.get("user", user) == user:
                    return letter["code"]
            time.sleep(0.1)
        raise Failed(f"no letter came for {customer} {user} within {LETTER_S} s")

    def lock(self, customer: str, **more: str) -> None:
        """A customer calls: this was not me. Locking needs no second person."""
        must(self.staff[0].call("/v1/desk/locks", {"customer": customer} | more))

    def unlock(self, customer: str) -> None:
        self.approve("/v1/desk/unlocks", {
            "customer": customer, "kind": "document",
            "checked": "見本の運転免許証、番号 000000000000、窓口で対面"})
