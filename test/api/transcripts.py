#!/usr/bin/python3
"""Every transcript on a running Torimori, every door of every endpoint, and then the document beside
what was seen. TORIMORI_STORE chooses the store; the files are the same for both."""

import unittest
from typing import Any, Callable

import places  # noqa: F401

from paths import TORIMORI, run_as_tap

from coverage import Documents
from refusals import WAYS, Doors
from files import chosen, difference
from play import Player
from scene import User
from scenery import ApiScene
from stage import until
from transcript import read


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if not TORIMORI.exists():
            raise unittest.SkipTest(f"{TORIMORI.name} is not built")
        cls.scene = ApiScene()
        cls.addClassCleanup(cls.scene.close)
        cls.scene.begin()
        cls.player = Player(cls.scene, Documents())
        cls.doors = Doors(cls.player)
        cls.doors.begin_slow()

    def test_900_whoever_takes_too_long_is_told(self) -> None:
        self.assertEqual(self.doors.end_slow(), [])

    def test_905_nobody_is_let_in_while_the_store_is_away(self) -> None:
        user = self.scene.newcomer()
        self.player.acts.introduce("mika", user)
        self.player.acts.do_operator("kakari")
        self.player.acts.do_proposal("asked", "for", "mika")
        cookies = self.scene.office.staff[0].browser.cookies["desk.localhost"]
        known = {"customer": user.customer, "operations": user.ask()["operation_id"],
                 "approvals": self.player.names.values["asked"],
                 "cookies": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        with self.scene.store_away():
            self.assertTrue(until(lambda: code_of(user) == "store_away", 60))
            count, faults = self.doors.while_away(known)
        self.assertGreater(count, 40)
        self.assertEqual(faults, [])
        self.assertTrue(until(lambda: code_of(user) in ("", "no_session"), 60))

    def test_910_whoever_asks_too_often_is_told(self) -> None:
        """On the same data, started anew with the rates that it is shipped with."""
        stack = self.scene.stack
        stack.stop()
        stack.config.write_text(stack.config.read_text("utf-8").replace(
            "limits.rates = false", "limits.rates = true"), "utf-8")
        stack.start_torimori()
        self.assertEqual(self.doors.hurry(), [])

    def test_920_the_server_found_no_fault_with_itself(self) -> None:
        """Neither a sanitizer's report nor a line of its own that a defect writes."""
        log = (self.scene.stack.folder / "torimori.log").read_text("utf-8", "replace")
        signs = ("Sanitizer", "runtime error", "Assertion", '"commit.refused"', '"error":"internal"')
        bad = [line for line in log.splitlines() if any(sign in line for sign in signs)]
        self.assertEqual(bad, [])

    def test_990_every_success_was_held_against_its_schema(self) -> None:
        print(f"# {self.player.documents.validated} answers fit their schemas")
        self.assertGreater(self.player.documents.validated, 200)

    def test_999_all_that_is_documented_was_seen(self) -> None:
        gaps = self.player.documents.gaps()
        self.assertEqual(gaps, [], "\n" + "\n".join(gaps))


def code_of(user: User) -> str | None:
    """The error of an attempt to withdraw; empty for none, None when nobody answers in time."""
    try:
        return user.ask_once().code
    except OSError:
        return None


def of_file(path: Any) -> Callable[[Api], None]:
    def test(self: Api) -> None:
        transcript = read(path)
        faults = self.player.play(transcript)
        told = difference(path, transcript)
        self.assertFalse(told, "\n" + told)
        self.assertEqual(faults, [])
    return test


def of_door(code: str) -> Callable[[Api], None]:
    def test(self: Api) -> None:
        count, faults = self.doors.knock(code)
        self.assertGreater(count, 0, "nothing documents it: the test would show nothing")
        self.assertEqual(faults, [])
    return test


for number, file in enumerate(chosen([]), 100):
    setattr(Api, f"test_{number}_{file.stem}", of_file(file))
for number, name in enumerate(WAYS, 800):
    setattr(Api, f"test_{number}_door_{name}", of_door(name))

if __name__ == "__main__":
    run_as_tap(__file__)
