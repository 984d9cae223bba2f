"""Attempts on operations: a withdrawal without its proof, with another's, too late, twice, or from
somewhere else. In each the money stays, and the log says why."""

import secrets
import threading

from authenticator import Authenticator
from browser import Browser, step
from office import must
from scene import HOUR_S, refused
from stage import Case, PATIENCE_S, until

AT_ONCE = 20


class Operations(Case):
    def test_an_honest_withdrawal_goes_through(self):  # AUTH-24
        """Everything below means something only because this works, at one browser alone."""
        user = self.scene.newcomer()
        operation = user.allowed()
        self.assertEqual(user.redeem(operation).json()["status"], "redeemed")
        self.journaled(user, kind="operation.proved", operation=operation["operation_id"],
                       status="allowed")
        self.journaled(user, kind="operation.closed", operation=operation["operation_id"],
                       status="redeemed")

    def test_a_login_alone_moves_nothing(self):  # AUTH-02 AUTH-03
        user = self.scene.newcomer()
        for kind in ("withdrawal", "payout_account_change"):
            operation = user.ask(kind)
            self.assertEqual(operation["status"], "step_up")
            self.code(user.redeem(operation), "operation_state")
            self.unmoved(user, operation)
            self.journaled(user, kind="operation.decided", type=kind, status="step_up")
        self.journaled(user, kind="refused", error="operation_state")

    def test_a_quiet_customer_is_asked_all_the_same(self):  # AUTH-16
        user = self.scene.newcomer()
        for _ in range(3):
            self.assertEqual(user.ask()["status"], "step_up")
            operation = user.allowed()
            user.redeem(operation)

    def test_two_withdrawals_take_two_assertions(self):  # AUTH-17
        user = self.scene.newcomer()
        first = user.allowed()
        self.assertEqual(user.redeem(first).json()["status"], "redeemed")
        second = user.ask()
        self.assertEqual(second["status"], "step_up")
        self.code(user.redeem(second), "operation_state")
        waiting = user.ask()
        visit = user.visit("confirm", operation_id=second["operation_id"])
        proof = user.proof(visit)
        must(user.browser.bring(visit, proof))
        self.assertEqual(user.state(second), "allowed")
        self.assertEqual(user.state(waiting), "step_up")
        self.unmoved(user, waiting)

    def test_a_payout_change_takes_its_own_proof(self):  # AUTH-03
        user = self.scene.newcomer()
        change, withdrawal = user.ask("payout_account_change"), user.ask()
        visit = user.visit("confirm", operation_id=withdrawal["operation_id"])
        proof = user.proof(visit)
        target = user.visit("confirm", operation_id=change["operation_id"])
        must(user.browser.challenge(target))
        self.code(user.browser.bring(target, proof), "proof_challenge")
        self.unmoved(user, change)
        self.assertEqual(user.confirm(change)["status"], "allowed")
        self.assertEqual(user.redeem(change).json()["status"], "redeemed")

    def test_a_changed_amount_is_another_operation(self):  # AUTH-14 AUTH-26
        user = self.scene.newcomer()
        key = secrets.token_urlsafe(16)
        body = user.body(amount=1000)
        operation = user.channel.call("POST", "/v1/operations", body, key)
        larger = body | {"fields": body["fields"] | {
            "amount": {"currency": "JPY", "minor": 900_000}}}
        self.code(user.channel.once("POST", "/v1/operations", larger, key),
                  "idempotency_key_reused")
        visit = user.visit("confirm", operation_id=operation["operation_id"])
        self.assertIn("1,000", user.browser.get(visit).text)
        login = user.visit("login")
        proof = user.proof(login)
        must(user.browser.challenge(visit))
        self.code(user.browser.bring(visit, proof), "proof_challenge")
        self.unmoved(user, operation)
        self.journaled(user, kind="refused", error="idempotency_key_reused")
        self.journaled(user, kind="refused", error="proof_challenge")

    def test_a_key_belongs_to_a_channel_and_a_customer(self):
        """docs/decisions/0012: a retry finds the first answer, nobody finds another's."""
        user, other = self.scene.newcomer(), self.scene.newcomer()
        key = secrets.token_urlsafe(16)
        body, others = user.body(amount=1000), other.body(amount=1000)
        first = user.channel.once("POST", "/v1/operations", body, key)
        second = user.channel.once("POST", "/v1/operations", others, key)
        third = self.scene.second.once("POST", "/v1/operations", body, key)
        self.assertEqual([first.status, second.status], [201, 201])
        self.assertEqual(len({a.json().get("operation_id") for a in (first, second)}), 2)
        self.assertNotEqual(third.json().get("operation_id"), first.json()["operation_id"])
        for asked, answer in ((body, first), (others, second)):
            again = user.channel.once("POST", "/v1/operations", asked, key)
            self.assertEqual((again.status, again.body), (201, answer.body))
        self.code(user.channel.once("POST", "/v1/operations", body | {"account": "A-2"}, key),
                  "idempotency_key_reused")

    def test_a_replayed_proof_is_refused(self):  # AUTH-27
        user = self.scene.newcomer()
        operation, other = user.ask(), user.ask()
        visit = user.visit("confirm", operation_id=operation["operation_id"])
        proof = user.proof(visit)
        answer = user.browser.bring(visit, proof)
        user.collect(visit, answer)
        self.code(user.browser.bring(visit, proof), "interaction_state", "interaction_unknown")
        self.assertEqual(refused(lambda: user.visit(
            "confirm", operation_id=operation["operation_id"])), "operation_state")
        target = user.visit("confirm", operation_id=other["operation_id"])
        must(user.browser.challenge(target))
        self.code(user.browser.bring(target, proof), "proof_challenge")
        self.unmoved(user, other)
        self.journaled(user, kind="refused", error="interaction_state")

    def test_too_late_is_too_late(self):  # AUTH-27
        user = self.scene.newcomer()
        operation = user.allowed()
        self.scene.move_clock(31)
        self.assertEqual(user.redeem(operation).json()["status"], "lapsed")
        self.assertEqual(user.state(operation), "lapsed")
        self.journaled(user, kind="operation.closed", status="lapsed")
        waiting = user.ask()
        visit = user.visit("confirm", operation_id=waiting["operation_id"])
        self.scene.move_clock(601)
        self.code(user.browser.challenge(visit), "operation_expired", "interaction_unknown")
        self.assertEqual(user.state(waiting), "expired")
        self.unmoved(user, waiting)

    def test_a_code_of_a_visit_serves_once_soon_and_its_channel_alone(self):
        user = self.scene.newcomer()
        visit = user.visit("login")
        back = user.way_back(visit, user.browser.prove(visit, user.device))
        path = f"/v1/interactions/{back['interaction']}/result"
        for channel, code, wanted in (
                (self.scene.second, back["code"], "interaction_unknown"),
                (user.channel, secrets.token_urlsafe(32), "code_wrong"),
                (user.channel, back["code"], ""),
                (user.channel, back["code"], "interaction_state")):
            self.assertEqual(channel.once("POST", path, {"code": code}).code, wanted)
        visit = user.visit("login")
        back = user.way_back(visit, user.browser.prove(visit, user.device))
        self.scene.move_clock(61)
        path = f"/v1/interactions/{back['interaction']}/result"
        self.code(user.channel.once("POST", path, {"code": back["code"]}), "code_expired")

    def test_another_user_of_the_company_cannot_act_for_one(self):
        user = self.scene.newcomer(users=2)
        colleague = user.colleague()
        self.code(user.ask_once(user="U-2"), "not_permitted")
        self.code(user.ask_once(session=colleague.session, user="U-1"), "not_permitted")
        operation = user.ask()
        visit = colleague.visit("confirm", operation_id=operation["operation_id"])
        options = must(colleague.browser.challenge(visit))["publicKey"]
        options.pop("allowCredentials")
        proof = colleague.device.get(options, self.scene.stack.pages)
        self.code(colleague.browser.bring(visit, proof), "proof_user")
        self.unmoved(user, operation)
        self.journaled(user, kind="refused", error="not_permitted")
        self.journaled(user, kind="refused", error="proof_user")

    def test_another_customers_session_does_not_serve(self):
        user, other = self.scene.newcomer(), self.scene.newcomer()
        self.code(user.ask_once(session=other.session), "no_session")
        self.journaled(user, kind="refused", error="no_session")

    def test_another_account_takes_another_proof(self):  # AUTH-26
        user = self.scene.newcomer()
        one, two = user.ask(), user.ask(account="A-2")
        visit = user.visit("confirm", operation_id=one["operation_id"])
        proof = user.proof(visit)
        target = user.visit("confirm", operation_id=two["operation_id"])
        must(user.browser.challenge(target))
        self.code(user.browser.bring(target, proof), "proof_challenge")
        self.unmoved(user, two)
        self.code(user.ask_once(account="A-9"), "not_permitted")
        self.journaled(user, kind="refused", error="not_permitted")

    def test_another_channel_cannot_touch_it(self):
        user = self.scene.newcomer()
        operation = user.allowed()
        path = f"/v1/operations/{operation['operation_id']}"
        second = self.scene.second
        self.code(second.once("GET", path), "operation_unknown")
        self.code(second.once("POST", path + "/redeem", {}), "operation_unknown")
        waiting = user.ask()
        self.assertEqual(refused(lambda: second.interaction(
            "confirm", self.scene.stack.return_uri, "s" * 20, "ja",
            operation_id=waiting["operation_id"])), "operation_unknown")
        self.code(second.once("POST", "/v1/operations", user.body(), "k"), "no_session")
        self.assertFalse(second.introspect(user.session)["active"])
        second.end_session(user.session)
        self.assertTrue(user.alive())
        self.assertEqual(user.state(operation), "allowed")
        self.journaled(user, kind="refused", error="operation_unknown")

    def test_redeeming_counts_once(self):
        user = self.scene.newcomer()
        operation = user.allowed()
        answers = at_once(lambda: user.redeem(operation))
        self.assertEqual([answer.status for answer in answers].count(200), 1)
        self.assertEqual({answer.code for answer in answers if answer.status != 200},
                         {"operation_state"})
        self.code(user.redeem(operation), "operation_state")
        self.journaled(user, kind="refused", error="operation_state")
        closed = [entry for entry in self.all_said(user) if entry["kind"] == "operation.closed"]
        self.assertEqual(len(closed), 1)

    def test_a_lock_stops_what_was_allowed(self):  # LOCK-07
        user = self.scene.newcomer()
        operation, waiting = user.allowed(), user.ask()
        visit = user.visit("confirm", operation_id=waiting["operation_id"])
        proof = user.proof(visit)
        self.scene.office.lock(user.customer)
        answer = user.redeem(operation).json()
        self.assertEqual((answer["status"], answer["reason"]), ("denied", "locked"))
        self.assertGreaterEqual(user.browser.bring(visit, proof).status, 400)
        self.unmoved(user, waiting)
        self.journaled(user, kind="operation.closed", status="denied", reason="locked")

    def test_logging_out_everywhere_stops_what_was_allowed(self):
        user = self.scene.newcomer()
        operation, waiting = user.allowed(), user.ask()
        visit = user.visit("confirm", operation_id=waiting["operation_id"])
        proof = user.proof(visit)
        must(user.own("/v1/me/logout-everywhere"))
        self.assertFalse(user.alive())
        answer = user.redeem(operation).json()
        self.assertEqual((answer["status"], answer["reason"]), ("denied", "no_session"))
        self.code(user.browser.bring(visit, proof), "no_session")
        self.unmoved(user, waiting)
        self.journaled(user, kind="operation.closed", status="denied", reason="no_session")

    def test_a_logout_by_the_channel_stops_what_was_allowed(self):
        user = self.scene.newcomer()
        operation = user.allowed()
        user.channel.end_session(user.session)
        self.assertEqual(user.redeem(operation).json()["status"], "denied")

    def test_the_three_operations_stay_on_the_list(self):  # AUTH-04
        office = self.scene.office
        for name in ("withdrawal", "payout_account_change", "login"):
            answer = office.staff[0].call("/v1/approvals/policy",
                                          {"name": "important." + name, "value": 0})
            self.code(answer, "policy_bound")
        user = self.scene.newcomer()
        self.assertEqual(user.ask("order")["status"], "allowed")
        office.set_policy("important.order", 1)
        try:
            self.assertEqual(user.ask("order")["status"], "step_up")
        finally:
            office.set_policy("important.order", 0)
        self.assertEqual(user.ask("withdrawal")["status"], "step_up")

    def test_the_next_day_asks_again(self):  # AUTH-15
        user = self.scene.newcomer()
        self.scene.move_clock(24 * HOUR_S)
        self.assertFalse(user.alive())
        self.code(user.ask_once(), "no_session")
        self.assertIn("/login", user.browser.get(
            self.scene.stack.pages + "/me", follow=False).headers.get("location", ""))
        visit = user.visit("login")
        self.assertNotIn("code=", user.browser.get(visit + "/done", follow=False)
                         .headers.get("location", ""))
        user.login()
        self.assertEqual(user.ask()["status"], "step_up")

    # One decision a key ------------------------------------------------------------------------

    def test_a_repeat_gets_the_first_answer_to_the_byte(self):
        user = self.scene.newcomer()
        key = secrets.token_urlsafe(16)
        body = user.body()
        first = user.channel.once("POST", "/v1/operations", body, key)
        user.confirm(first.json())
        again = user.channel.once("POST", "/v1/operations", body, key)
        self.assertEqual((first.status, first.body), (again.status, again.body))
        other = body | {"fields": body["fields"] | {"payout_account": "P-2"}}
        answer = user.channel.once("POST", "/v1/operations", other, key)
        self.assertEqual((answer.status, answer.code), (422, "idempotency_key_reused"))

    def test_another_customer_never_gets_the_first_answer(self):
        user, other = self.scene.newcomer(), self.scene.newcomer()
        key = secrets.token_urlsafe(16)
        first = user.ask_once(key).json()
        second = other.ask_once(key).json()
        self.assertNotEqual(first["operation_id"], second["operation_id"])
        self.unmoved(other, second)

    def test_another_channel_has_keys_of_its_own(self):
        user = self.scene.newcomer()
        key = secrets.token_urlsafe(16)
        first = user.ask_once(key).json()
        user.channel = self.scene.second
        user.login()
        second = user.ask_once(key)
        self.assertEqual(second.status, 201)
        self.assertNotEqual(second.json()["operation_id"], first["operation_id"])

    def test_twenty_at_once_are_one_decision(self):
        user = self.scene.newcomer()
        key, body = secrets.token_urlsafe(16), user.body()
        answers = at_once(lambda: user.channel.once("POST", "/v1/operations", body, key))
        self.assertEqual({(a.status, a.body) for a in answers}, {(201, answers[0].body)})
        self.journaled(user, kind="operation.decided",
                       operation=answers[0].json()["operation_id"])
        decided = [entry for entry in self.all_said(user)
                   if entry["kind"] == "operation.decided" and entry["type"] == "withdrawal"]
        self.assertEqual(len(decided), 1)

    # Every door -----------------------------------------------------------------------------------

    def test_a_self_lock_works_without_staff_and_ends_every_session(self):  # LOCK-07 LOCK-08
        user = self.scene.newcomer()
        app = type(user)(self.scene, user.customer, user.ref)
        app.channel, app.device = self.scene.second, user.device
        app.login()
        must(user.own("/v1/me/lock"))
        for door in (user, app):
            self.assertFalse(door.alive())
            self.code(door.ask_once(), "no_session", "locked")
            self.refuses_proof(door, door.visit("login"), self.honest(), "locked")
        self.code(user.own("/v1/me/credentials", {"label": "x"}), "no_session")
        self.journaled(user, kind="lock.set", cause="self")
        self.assertIsNotNone(until(lambda: self.scene.mails(user.mail), PATIENCE_S))

    def honest(self):
        from authenticator import HONEST
        return HONEST

    def test_only_proofing_and_two_people_resume(self):  # LOCK-06
        user = self.scene.newcomer()
        must(user.own("/v1/me/lock"))
        staff = self.scene.office.staff
        approval = must(staff[0].call("/v1/desk/unlocks", {
            "customer": user.customer, "kind": "document", "checked": "見本の免許証"}))["approval_id"]
        staff[0].sign(approval)
        self.refuses_proof(user, user.visit("login"), self.honest(), "locked")
        self.code(staff[0].call(f"/v1/approvals/{approval}/sign", {}), "approval_same_person")
        staff[1].sign(approval)
        user.login()
        self.journaled(user, kind="proofing.recorded")
        self.journaled(user, kind="lock.set", cause="self")
        bare = staff[0].call("/v1/desk/unlocks", {"customer": user.customer})
        self.assertGreaterEqual(bare.status, 400)


def at_once(act):
    """What `AT_ONCE` threads get that do the same thing at the same moment."""
    gate, answers = threading.Barrier(AT_ONCE), []

    def one():
        gate.wait()
        answers.append(act())
    threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == AT_ONCE
    return answers
