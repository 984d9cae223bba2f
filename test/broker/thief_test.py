#!/usr/bin/python3
"""The thief's ways against a running Torimori: each must be stopped, and each check must be able to
fail. TORIMORI names the program; without it there is nothing to attack and the cases are skipped."""

import os
import re
import tempfile
import unittest
from pathlib import Path

from paths import PROJECT, run_as_tap

import attempts
import people
from authenticator import Bend
from browser import Browser, origin_of, plain_code, step
from demostate import PROGRAM, channel_of, fill
from office import Office, must
from person import Person, result
from relay import Relay
from stack import Ports, Stack

TORIMORI = Path(os.environ.get("TORIMORI", PROJECT / PROGRAM))
CROWD = 12


class ThiefTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not TORIMORI.exists():
            raise unittest.SkipTest(f"{TORIMORI.name} is not built")
        cls.folder = tempfile.TemporaryDirectory(prefix="tori-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.stack = Stack(Path(cls.folder.name), TORIMORI, Ports.free())
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.prepare()
        cls.stack.start_mail()
        cls.stack.start_torimori()
        cls.stack.add_channel()
        cls.stack.start_broker()
        cls.office = Office(cls.stack)
        cls.office.open()
        cls.crowd = iter([people.person(number) for number in range(1, CROWD + 1)])
        fill(cls.stack, channel_of(cls.stack), [people.person(n) for n in range(1, CROWD + 1)])
        cls.office.set_policy(attempts.COOL_OFF, 0)
        cls.stage = attempts.Stage(cls.stack, cls.office, lambda: next(cls.crowd))

    @classmethod
    def tearDownClass(cls):
        """What a sanitizer had to say stands in Torimori's log."""
        cls.stack.stop()
        log = (cls.stack.folder / "torimori.log").read_text("utf-8", "replace")
        found = re.search(r"(Address|Leak)Sanitizer|runtime error:", log)
        if found:
            raise AssertionError(log[found.start():][:3000])

    def stopped(self, way):
        report = way(self.stage)
        told = "\n".join(f"{'stopped' if s.stopped else 'THROUGH'} {s.key}: {s.answer}"
                         for s in report.steps)
        self.assertTrue(report.stopped(), f"{told}\n{report.cash_before} {report.cash_after}")
        return report

    # What an honest customer can do, so that the refusals below mean something -------------------

    def test_an_honest_withdrawal_is_paid(self):
        customer = self.stage.victim()
        before = customer.cash()
        page = customer.confirm(customer.begin_withdrawal(1_000))
        self.assertEqual(result(page), ("executed", ""))
        self.assertEqual(customer.cash(), before - 1_000)

    def test_the_relay_would_win_if_the_proof_named_the_right_origin(self):
        victim = self.stage.victim()
        thief = Person(self.stack, victim.customer)
        relay = Relay(self.stack.ports.evil, self.stack.pages)
        self.addCleanup(relay.close)
        mirror = relay.mirrored(thief.login_address())
        lured = Browser()
        lured.get(mirror)
        options = must(lured.challenge(mirror))["publicKey"]
        honest = Bend(ignore_rules=True, origin=self.stack.pages)
        answer = lured.bring(mirror, victim.device.get(options, relay.origin, honest))
        done = lured.get(origin_of(mirror) + must(answer)["next"], follow=False)
        thief.browser.get(done.headers["location"])
        self.assertTrue(thief.logged_in())

    # The thief ---------------------------------------------------------------------------------

    def test_a_stolen_cookie_moves_no_money(self):  # AUTH-02 AUTH-15
        self.stopped(attempts.stolen_cookie)

    def test_a_relay_site_gets_no_session(self):  # AUTH-06
        self.stopped(attempts.relay_site)

    def test_a_proof_serves_once(self):  # AUTH-17 AUTH-27
        report = self.stopped(attempts.replayed_proof)
        self.assertTrue(report.notices)

    def test_an_altered_amount_makes_the_proof_worthless(self):  # AUTH-14 AUTH-26
        self.stopped(attempts.altered_amount)

    def test_a_credential_id_serves_one_passkey(self):
        """WebAuthn L3 §7.1 step 26: whoever brings the id of another's passkey is refused."""
        known = self.stage.victim().device.passkeys[0].id
        customer = next(self.crowd)
        person = Person(self.stack, customer.ref, customer.users[0].ref)
        code = self.office.open_window(person.customer, person.user)
        visit = person.begin_enrolment()
        asked = person.browser.call(step(visit, "code"), {"code": plain_code(code)})
        self.assertEqual(asked.status, 200, asked.text)
        refused = person.browser.register(visit, person.device, asked.json()["publicKey"], "x",
                                          Bend(credential_id=known))
        self.assertEqual((refused.status, refused.json()["code"]), (409, "credential_exists"))

    def test_a_phished_code_is_told_held_back_and_taken_back(self):
        report = self.stopped(attempts.phished_code)
        kinds = {entry["kind"] for entry in report.log}
        self.assertTrue(kinds, "the log says nothing")


if __name__ == "__main__":
    run_as_tap(__file__)
