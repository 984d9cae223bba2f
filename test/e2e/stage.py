"""What every case has: one scene for all, and words for what must have come of an attempt."""

import atexit
import json
import os
import signal
import time
import unittest
from typing import Any, Callable

from paths import TORIMORI

import journal
from authenticator import Bend
from browser import Page
from scene import Answer, Scene, User

STILL = ("step_up", "denied", "expired", "lapsed")
HELD: list[Scene] = []
PATIENCE_S = 60  # for what must come, however slow the machine is


def the_scene() -> Scene:
    """Opened by the first case and closed when the program ends."""
    if not TORIMORI.exists():
        raise unittest.SkipTest(f"{TORIMORI.name} is not built")
    if not HELD:
        scene = Scene()
        HELD.append(scene)
        atexit.register(scene.close)
        scene.open()
    return HELD[0]


class Case(unittest.TestCase):
    scene: Scene

    @classmethod
    def setUpClass(cls) -> None:
        cls.scene = the_scene()

    def code(self, answer: Page | Answer, *wanted: str) -> None:
        """The answer is one of these refusals, and a refusal by its status too."""
        self.assertIn(answer.code, wanted, f"{answer.status} {answer.body[:300]!r}")
        self.assertGreaterEqual(answer.status, 400)

    def unmoved(self, user: User, operation: dict[str, Any]) -> None:
        """The operation was not let through, and redeeming it does not either."""
        self.assertIn(user.state(operation), STILL)
        answer = user.redeem(operation)
        self.assertNotEqual(answer.json().get("status"), "redeemed")
        self.assertIn(user.state(operation), STILL)

    def journaled(self, user: User, **members: Any) -> dict[str, Any]:
        """An entry of the log about this customer with these members; waits for the seal."""
        entries: list[dict[str, Any]] = []

        def there() -> dict[str, Any] | None:
            entries[:] = self.all_said(user)
            return next((entry for entry in entries
                         if all(entry.get(name) == value for name, value in members.items())), None)
        found = until(there, PATIENCE_S)
        self.assertIsNotNone(found, f"{members} is not in the log:\n" + "\n".join(map(str, entries)))
        return found or {}

    def all_said(self, user: User) -> list[dict[str, Any]]:
        folder = self.scene.stack.log
        try:
            read = journal._read(folder, 0, journal.size(folder))
        except FileNotFoundError:
            return []
        return [entry for entry in read if entry.get("customer") == self.scene.ids[user.customer]]

    def refuses_proof(self, user: User, visit: str, bend: Bend, *codes: str) -> None:
        self.code(user.browser.bring(visit, user.proof(visit, bend)), *codes)


def until(look: Callable[[], Any], seconds: float) -> Any:
    """What `look` finds, as soon as it finds something; None after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def role_pid(scene: Scene, name: str) -> int:
    """The process of a role that was started last; the supervisor's log tells."""
    pid = 0
    for line in (scene.stack.folder / "torimori.log").read_text("utf-8").splitlines():
        if '"role.started"' in line and f'"{name}"' in line:
            pid = int(json.loads(line)["pid"])
    return pid


def send_signal(scene: Scene, name: str, number: signal.Signals) -> int:
    pid = role_pid(scene, name)
    assert pid > 1
    os.kill(pid, number)
    return pid
