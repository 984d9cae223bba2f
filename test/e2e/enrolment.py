"""Attempts on enrolment: without proofing, with a guessed code, in the wrong visit, by one operator
alone, and on a new passkey that would take the money at once."""

import re
from urllib.parse import urlsplit

from authenticator import HONEST, Authenticator
from browser import Browser, plain_code, step
from office import must
from scene import HOUR_S, User
from stage import Case

PROOFING = {"kind": "document", "checked": "見本の免許証"}
WRONG = "ZZZZ-ZZZZ"


class Enrolment(Case):
    def code_visit(self, user: User) -> str:
        return user.visit("enrol", customer=user.customer, user=user.ref)

    def tell(self, user: User, visit: str, code: str):
        return user.browser.call(step(visit, "code"), {"code": plain_code(code)})

    def register(self, user: User, visit: str):
        """An attempt to register with options that nobody gave."""
        options = {"rp": {"id": "torimori.localhost"}, "user": {"id": "AAAA"},
                   "challenge": "A" * 43, "pubKeyCredParams": [{"type": "public-key", "alg": -7}]}
        return user.browser.register(visit, Authenticator(), options, "x")

    def test_case_08_no_way_in_without_proofing(self):  # ENROL-01
        user = self.scene.stranger()
        visit = self.code_visit(user)
        self.code(self.tell(user, visit, WRONG), "enrol_closed", "enrol_code_wrong")
        self.code(user.browser.challenge(visit), "interaction_state")
        self.code(self.register(user, visit), "interaction_state")
        self.code(user.own("/v1/me/credentials", {"label": "x"}), "no_session")
        login = user.visit("login")
        self.code(self.register(user, login), "interaction_state")
        self.code(self.tell(user, login, WRONG), "interaction_state")
        self.journaled(user, kind="refused", error="enrol_closed")

    def test_case_09_a_session_alone_registers_nothing(self):  # ENROL-02
        user = self.scene.newcomer()
        visit = self.scene.stack.pages + must(user.own("/v1/me/credentials", {"label": "x"}))["next"]
        user.browser.get(visit)
        self.code(self.register(user, visit), "interaction_state")
        must(user.browser.challenge(visit))
        self.code(self.register(user, visit), "interaction_state")
        agreed = must(user.browser.prove(visit, user.device))
        self.assertEqual(agreed["then"], "create")
        spare = Authenticator()
        options = must(user.browser.challenge(visit))["publicKey"]
        must(user.browser.register(visit, spare, options, "予備"))
        self.journaled(user, kind="credential.added")

    def test_case_09_a_code_serves_its_own_user_alone(self):
        user = self.scene.stranger(users=2)
        other = User(self.scene, user.customer, "U-2")
        other.code()
        code = user.code()
        self.code(self.tell(other, self.code_visit(other), code), "enrol_code_wrong")
        foreigner = self.scene.stranger()
        self.code(self.tell(foreigner, self.code_visit(foreigner), code), "enrol_closed")
        user.enrol(code)

    def test_case_10_a_code_registers_once(self):
        user = self.scene.stranger()
        code = user.code()
        user.enrol(code)
        thief = User(self.scene, user.customer, user.ref)
        self.code(self.tell(thief, self.code_visit(thief), code), "enrol_closed")

    def test_five_wrong_codes_spend_it(self):
        user = self.scene.stranger()
        code = user.code()
        thief = User(self.scene, user.customer, user.ref)
        answers = [self.tell(thief, self.code_visit(thief), WRONG).code for _ in range(5)]
        self.assertEqual(answers, ["enrol_code_wrong"] * 4 + ["enrol_code_spent"])
        self.code(self.tell(user, self.code_visit(user), code), "enrol_closed", "enrol_code_spent")
        entry = self.journaled(user, kind="enrol.code_wrong", tries=5)
        self.assertNotIn(plain_code(code), str(entry))

    def test_a_code_lets_in_the_visit_it_was_typed_in_alone(self):
        user = self.scene.stranger()
        code = user.code()
        thief = User(self.scene, user.customer, user.ref)
        theirs = self.code_visit(thief)
        must(self.tell(user, self.code_visit(user), code))
        self.code(thief.browser.challenge(theirs), "interaction_state")
        self.code(self.register(thief, theirs), "interaction_state")

    def test_a_code_typed_again_elsewhere_takes_the_first_visit_out(self):
        """A browser that was closed in between is no reason for a new letter."""
        user = self.scene.stranger()
        code = user.code()
        first = self.code_visit(user)
        options = must(self.tell(user, first, code))["publicKey"]
        user.enrol(code)
        late = user.browser.register(first, Authenticator(), options, "x")
        self.code(late, "enrol_closed")

    def test_a_code_is_never_in_an_address(self):
        user = self.scene.stranger()
        code = user.code()
        visit = self.code_visit(user)
        self.assertEqual(urlsplit(visit).query, "")
        for path in (f"{visit}?code={code}", f"{step(visit, 'code')}?code={code}"):
            page = user.browser.get(path)
            self.assertNotIn(code, page.text)
            self.assertNotIn("publicKey", page.text)
        answer = user.browser.enrol(visit, user.device, code, "x")
        back = user.way_back(visit, answer)
        for form in (code, plain_code(code), plain_code(code).lower()):
            self.assertNotIn(form, str(back))
            for mail in self.scene.mails(user.mail):
                self.assertNotIn(form, mail)
            for entry in self.all_said(user):
                self.assertNotIn(form, str(entry))

    def test_an_old_code_is_closed_by_a_new_one_and_by_time(self):
        user = self.scene.stranger()
        old = user.code()
        code = user.code()
        self.code(self.tell(user, self.code_visit(user), old), "enrol_code_wrong")
        self.scene.move_clock(14 * 24 * HOUR_S + 1)
        self.code(self.tell(user, self.code_visit(user), code), "enrol_closed")

    def test_a_new_passkey_waits_72_hours_for_money(self):
        self.scene.set_cool_off(72)
        try:
            user = self.scene.newcomer()
            for kind in ("withdrawal", "payout_account_change"):
                denied = user.ask(kind)
                self.assertEqual((denied["status"], denied["reason"]), ("denied", "cool_off"))
                self.unmoved(user, denied)
            self.scene.move_clock(71 * HOUR_S)
            user.login()
            self.assertEqual(user.ask()["reason"], "cool_off")
            self.scene.move_clock(2 * HOUR_S)
            self.assertEqual(user.ask()["status"], "step_up")
            user.device = Authenticator()
            user.enrol()
            self.assertEqual(user.ask()["reason"], "cool_off")
        finally:
            self.scene.set_cool_off(0)

    # Two people ------------------------------------------------------------------------------------

    def propose(self, user: User) -> str:
        return must(self.scene.office.staff[0].call("/v1/desk/proofings", PROOFING | {
            "customer": user.customer, "user": user.ref}))["approval_id"]

    def test_one_operator_signs_once(self):
        user = self.scene.stranger()
        approval = self.propose(user)
        first, second = self.scene.office.staff
        letters = set(self.scene.stack.post.glob("*.json"))
        visits = [self.sign_visit(first, approval) for _ in range(2)]
        first.finish(visits[0], first.browser.prove(visits[0], first.device))
        self.code(first.browser.prove(visits[1], first.device), "approval_same_person")
        self.code(first.call(f"/v1/approvals/{approval}/sign", {}), "approval_same_person")
        self.assertEqual(self.scene.office.state(approval), "open")
        self.assertEqual(set(self.scene.stack.post.glob("*.json")), letters)
        self.code(self.tell(user, self.code_visit(user), WRONG), "enrol_closed")
        second.sign(approval)
        self.assertEqual(self.scene.office.state(approval), "done")
        self.code(second.call(f"/v1/approvals/{approval}/sign", {}), "approval_state")

    def sign_visit(self, operator, approval: str) -> str:
        visit = operator.desk + must(operator.call(f"/v1/approvals/{approval}/sign", {}))["next"]
        operator.browser.get(visit)
        return visit

    def test_an_approval_expires(self):
        user = self.scene.stranger()
        approval = self.propose(user)
        first, second = self.scene.office.staff
        first.sign(approval)
        self.scene.move_clock(25 * HOUR_S)
        self.code(second.call(f"/v1/approvals/{approval}/sign", {}), "approval_state")
        self.assertEqual(self.scene.office.state(approval), "expired")

    def test_a_rejected_approval_stays_rejected(self):
        user = self.scene.stranger()
        approval = self.propose(user)
        first, second = self.scene.office.staff
        visit = self.sign_visit(first, approval)
        must(second.call(f"/v1/approvals/{approval}/reject", {}))
        self.code(first.browser.prove(visit, first.device), "approval_state")
        self.assertEqual(self.scene.office.state(approval), "rejected")

    def test_a_customer_is_no_operator(self):
        user = self.scene.newcomer()
        desk = self.scene.stack.desk
        answer = user.browser.call(desk + "/v1/desk/locks", {"customer": user.customer})
        self.code(answer, "no_session")
        cookies = user.browser.cookies["torimori.localhost"]
        thief = Browser()
        thief.cookies["desk.localhost"] = dict(cookies)
        self.code(thief.call(desk + "/v1/desk/locks", {"customer": user.customer}), "no_session")

    # Credentials -----------------------------------------------------------------------------------

    def test_proofing_and_proof_are_two_kinds_of_record(self):  # ENROL-06
        user = self.scene.newcomer()
        opened = self.journaled(user, kind="session.opened")
        proofing = self.journaled(user, kind="proofing.recorded", proofing_kind="document")
        self.assertIn("credential", opened)
        self.assertNotIn("credential", proofing)
        self.assertNotIn("acr", proofing)
        self.assertNotIn("proofing", opened)

    def test_three_passkeys_each_go_alone(self):  # ENROL-02 ENROL-07
        user = self.scene.newcomer()
        devices = [user.device]
        for _ in range(2):
            devices.append(self.add(user))
        for device in devices:
            user.device = device
            user.login()
        page = user.centre().text
        ids = re.findall(r"/v1/me/credentials/([\w-]{24})/remove", page)
        self.assertEqual(len(ids), 3)
        path = f"/v1/me/credentials/{ids[0]}/remove"
        visit = self.scene.stack.pages + must(user.own(path))["next"]
        user.browser.get(visit)
        self.assertEqual(user.centre().text.count("/remove"), page.count("/remove"))
        must(user.browser.prove(visit, user.device))
        self.refuses_login(user, devices[0])
        for device in devices[1:]:
            user.device = device
            user.login()

    def add(self, user: User) -> Authenticator:
        visit = self.scene.stack.pages + must(user.own("/v1/me/credentials", {"label": "予備"}))["next"]
        user.browser.get(visit)
        must(user.browser.prove(visit, user.device))
        device = Authenticator()
        options = must(user.browser.challenge(visit))["publicKey"]
        must(user.browser.register(visit, device, options, "予備"))
        return device

    def refuses_login(self, user: User, device: Authenticator) -> None:
        other = User(self.scene, user.customer, user.ref)
        other.device = device
        self.refuses_proof(other, other.visit("login"), HONEST, "credential_inactive")

    def test_the_last_passkey_cannot_be_taken_away(self):  # ENROL-02
        user = self.scene.newcomer()
        ids = re.findall(r"/v1/me/credentials/([\w-]{24})/remove", user.centre().text)
        listed = self.all_said(user)
        row = self.journaled(user, kind="credential.added")["credential"]
        self.assertIn(ids, ([], [row]), listed)
        self.code(user.own(f"/v1/me/credentials/{row}/remove"), "not_permitted")

    def test_a_registration_ends_with_the_session_that_asked(self):  # ENROL-02
        user = self.scene.newcomer()
        visit = self.scene.stack.pages + must(user.own("/v1/me/credentials", {"label": "x"}))["next"]
        user.browser.get(visit)
        must(user.browser.prove(visit, user.device))
        options = must(user.browser.challenge(visit))["publicKey"]
        must(user.own("/v1/me/logout-everywhere"))
        answer = user.browser.register(visit, Authenticator(), options, "x")
        self.code(answer, "no_session")
