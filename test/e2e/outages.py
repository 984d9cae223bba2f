"""A part of Torimori is away: what is important stops, with a reason and a time to come back."""

import secrets
import signal
import unittest

from paths import TORIMORI

from cluster import Cluster
from scene import Answer, Scene, User
from server import readyz
from stage import Case, PATIENCE_S, role_pid, send_signal, until



class Outages(Case):
    def setUp(self) -> None:
        self.scene.channel.patient = False  # what is away is what this is about
        self.addCleanup(setattr, self.scene.channel, "patient", True)

    def back(self, user: User) -> None:
        """Waits until an important operation is decided again."""
        self.assertTrue(until(lambda: user.ask_once().status == 201, PATIENCE_S), "it does not come back")

    def assert_closed(self, user: User, *codes: str) -> None:
        answer = until(lambda: self.failing(user), PATIENCE_S)
        self.assertIsNotNone(answer, "important operations go on without the keyholder")
        self.assertIn(answer.code, codes)
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)

    def failing(self, user: User):
        answer = user.ask_once()
        return answer if answer.status == 503 else None

    def test_a_store_that_is_away_stops_everything(self):
        user = self.scene.newcomer()
        allowed = user.allowed()
        key = secrets.token_urlsafe(16)
        with self.scene.store_away():
            answer = until(lambda: self.refused_by_the_store(user, key), PATIENCE_S)
            self.assertIsNotNone(answer, "operations go on without a store")
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            late = until(lambda: self.away(lambda: user.redeem(allowed)), PATIENCE_S)
            self.assertIsNotNone(late, "an operation was redeemed without a store")
        self.back(user)
        self.assertIn(user.state(allowed), ("allowed", "lapsed"))
        again = user.ask_once(key)
        self.assertEqual((again.status, again.json()["status"]), (201, "step_up"))

    def refused_by_the_store(self, user: User, key: str):
        return self.away(lambda: user.ask_once(key))

    def away(self, ask):
        try:
            answer = ask()
        except OSError:  # no answer in time is none
            return None
        return answer if (answer.status, answer.code) == (503, "store_away") else None

    def test_a_stopped_keyholder_stops_what_is_important(self):  # AUTH-28
        user = self.scene.newcomer()
        operation, allowed = user.ask(), user.allowed()
        visit = user.visit("confirm", operation_id=operation["operation_id"])
        proof = user.proof(visit)
        send_signal(self.scene, "keyholder", signal.SIGSTOP)
        try:
            self.assert_closed(user, "keyholder_away")
            late = user.redeem(allowed)
            self.assertEqual((late.status, late.code), (503, "keyholder_away"))
            user.browser.patient = False
            answer = user.browser.bring(visit, proof)
            self.assertEqual((answer.status, answer.code), (503, "keyholder_away"))
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            self.assertEqual(user.state(operation), "step_up")
            self.login_works_or_is_refused(user)
            # Ready all the same, for logins go on; and it says what does not.
            self.assertEqual(readyz(self.scene.stack), (200, "keyholder_away"))
        finally:
            send_signal(self.scene, "keyholder", signal.SIGCONT)
        self.back(user)
        self.assertEqual(readyz(self.scene.stack), (200, "decided"))
        self.unmoved(user, operation)

    def login_works_or_is_refused(self, user: User) -> None:
        """A login needs no evidence to be sealed, only to be written; it must not half work."""
        other = User(self.scene, user.customer, user.ref)
        other.device = user.device
        other.login()
        self.assertTrue(other.alive())

    def test_a_killed_keyholder_comes_back(self):  # AUTH-28
        user = self.scene.newcomer()
        pid = send_signal(self.scene, "keyholder", signal.SIGKILL)
        self.assertTrue(until(lambda: role_pid(self.scene, "keyholder") != pid, PATIENCE_S))
        self.back(user)
        operation = user.allowed()
        self.assertEqual(user.redeem(operation).json()["status"], "redeemed")
        sound, told = self.scene.stack.verify_log()
        self.assertTrue(sound, told)

    def test_a_stopped_courier_stops_no_withdrawal_and_loses_no_notice(self):
        user = self.scene.newcomer()
        send_signal(self.scene, "courier", signal.SIGSTOP)
        try:
            operation = user.allowed(amount=4_321)
            self.assertEqual(user.redeem(operation).json()["status"], "redeemed")
        finally:
            send_signal(self.scene, "courier", signal.SIGCONT)
        self.scene.wait_mail(user.mail, "4,321", 30)

    def test_a_killed_courier_comes_back_and_loses_no_notice(self):
        user = self.scene.newcomer()
        pid = send_signal(self.scene, "courier", signal.SIGKILL)
        operation = user.allowed(amount=8_642)
        self.assertEqual(user.redeem(operation).json()["status"], "redeemed")
        self.assertTrue(until(lambda: role_pid(self.scene, "courier") != pid, PATIENCE_S))
        self.scene.wait_mail(user.mail, "8,642", 60)


class StoreAway(Case):
    """PostgreSQL is stopped under a running Torimori: nothing is acknowledged that is not kept."""

    @classmethod
    def setUpClass(cls) -> None:
        if not TORIMORI.exists():
            raise unittest.SkipTest(f"{TORIMORI.name} is not built")
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.migrate()
        cls.scene = Scene(store__url=cls.cluster.url)
        cls.addClassCleanup(cls.scene.close)
        cls.scene.open()

    def away(self, answer: Answer) -> None:
        """Refused with a reason and a time to come back; `not_owner` once the lease has run out."""
        self.assertEqual(answer.status, 503, answer.body)
        self.assertIn(answer.code, ("store_away", "not_owner", "busy"))
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)

    def test_a_stopped_store_stops_everything_and_nothing_is_half_done(self):  # AUTH-28
        user = self.scene.newcomer()
        operation, allowed = user.ask(), user.allowed(amount=2_000)
        visit = user.visit("confirm", operation_id=operation["operation_id"])
        proof = user.proof(visit)
        key, body = secrets.token_urlsafe(16), user.body(amount=3_000)
        self.cluster.stop()
        try:
            self.away(user.channel.once("POST", "/v1/operations", body, key))
            self.away(user.redeem(allowed))
            for answer in (user.browser.bring(visit, proof), user.own("/v1/me/lock", {})):
                self.assertEqual(answer.status, 503, answer.body)
            self.assertEqual(user.browser.get(self.scene.stack.pages + "/me").status, 503)
        finally:
            self.cluster.start()
        first = until(lambda: self.asked(user, body, key), PATIENCE_S)
        self.assertIsNotNone(first, "it does not come back")
        again = user.channel.once("POST", "/v1/operations", body, key)
        self.assertEqual((again.status, again.body), (201, first.body))
        self.assertEqual(user.state(operation), "step_up")
        self.assertIn(user.state(allowed), ("allowed", "lapsed"))
        done = user.allowed(amount=4_000)
        self.assertEqual(user.redeem(done).json()["status"], "redeemed")
        self.assertEqual(readyz(self.scene.stack), (200, "decided"))
        self.assertEqual(self.cluster.number("SELECT max(seq) + 1 - count(*) FROM journal"), 0)

    def asked(self, user: User, body: dict, key: str) -> Answer | None:
        answer = user.channel.once("POST", "/v1/operations", body, key)
        if answer.status != 201:
            self.away(answer)
            return None
        return answer

    def test_a_login_without_a_durable_row_is_none(self):
        user = self.scene.newcomer()
        visit = user.visit("login")
        proof = user.proof(visit)
        sessions = self.cluster.number("SELECT count(*) FROM session")
        self.cluster.stop()
        try:
            answer = user.browser.bring(visit, proof)
            self.assertEqual(answer.status, 503, answer.body)
        finally:
            self.cluster.start()
        self.assertTrue(until(lambda: user.ask_once().status == 201, PATIENCE_S), "it does not come back")
        self.assertEqual(self.cluster.number("SELECT count(*) FROM session"), sessions)
        user.login()
        self.assertTrue(user.alive())
