"""Attempts on the ceremony: challenges, credentials and users that do not belong together. Numbers
are those of the list of cases that every relying party must refuse."""

import os
import secrets

import people
from authenticator import Authenticator, Bend, NotAllowed, unb64u
from browser import Browser, origin_of, step
from office import must
from scene import User
from stage import Case

WRONG_ORIGIN = Bend(origin="http://evil.localhost", ignore_rules=True)


class Proofs(Case):
    def visits(self, user: User) -> list[str]:
        """A login and a confirmation, both waiting for a proof."""
        confirm = user.visit("confirm", operation_id=user.ask()["operation_id"])
        return [user.visit("login"), confirm]

    def test_case_03_a_challenge_serves_once_also_after_a_failure(self):  # AUTH-27
        user = self.scene.newcomer()
        for visit in self.visits(user):
            options = must(user.browser.challenge(visit))["publicKey"]
            bad, good = (user.device.get(options, origin_of(visit), bend)
                         for bend in (WRONG_ORIGIN, Bend()))
            self.code(user.browser.bring(visit, bad), "proof_origin")
            self.code(user.browser.bring(visit, good), "proof_challenge", "proof_expired")
            again = user.proof(visit)
            must(user.browser.bring(visit, again))
            self.code(user.browser.bring(visit, again), "interaction_state")
        self.journaled(user, kind="refused", error="proof_origin")

    def test_case_04_a_challenge_of_the_clients_own_is_refused(self):
        user = self.scene.newcomer()
        for visit in self.visits(user):
            own = os.urandom(32)
            proof = user.proof(visit, Bend(challenge=own))
            self.code(user.browser.bring(visit, proof), "proof_challenge")
            sent = user.proof(visit, Bend(challenge=own)) | {"challenge": secrets.token_urlsafe(32)}
            sent = {name: sent[name] for name in ("id", "rawId", "type", "response", "challenge")}
            self.code(user.browser.call(step(visit, "proof"), sent), "unknown_field")

    def test_case_05_a_late_answer_is_refused(self):  # AUTH-27
        user = self.scene.newcomer()
        operation = user.ask()
        visits = [user.visit("login"), user.visit("confirm", operation_id=operation["operation_id"])]
        proofs = [user.proof(visit) for visit in visits]
        self.scene.move_clock(61)
        for visit, proof in zip(visits, proofs):
            self.code(user.browser.bring(visit, proof), "proof_expired")
        proofs = [user.proof(visit) for visit in visits]
        self.scene.move_clock(601)
        for visit, proof in zip(visits, proofs):
            self.code(user.browser.bring(visit, proof), "interaction_unknown", "interaction_state")
        self.unmoved(user, operation)
        self.assertEqual(user.state(operation), "expired")

    def test_case_06_a_challenge_of_another_visit_user_or_purpose_is_refused(self):
        user, other = self.scene.newcomer(), self.scene.newcomer()
        login, confirm = self.visits(user)
        proofs = {visit: user.proof(visit) for visit in (login, confirm)}
        self.code(user.browser.bring(login, proofs[confirm]), "proof_challenge")
        self.code(user.browser.bring(confirm, proofs[login]), "proof_challenge")
        theirs = other.visit("confirm", operation_id=other.ask()["operation_id"])
        challenge = unb64u(must(other.browser.challenge(theirs))["publicKey"]["challenge"])
        self.refuses_proof(user, confirm, Bend(challenge=challenge), "proof_challenge")
        enrol = user.visit("enrol", customer=user.customer, user=user.ref)
        made = must(user.browser.call(step(enrol, "code"), {"code": user.code().replace("-", "")}))
        self.refuses_proof(user, user.visit("login"),
                           Bend(challenge=unb64u(made["publicKey"]["challenge"])), "proof_challenge")
        self.refuses_proof(user, user.visit("login"), Bend(type="webauthn.create"), "proof_type")

    def test_case_07_a_proof_of_one_operation_does_not_serve_another(self):  # AUTH-26
        user = self.scene.newcomer()
        small, large = user.ask(amount=1000), user.ask(amount=900_000)
        visit = user.visit("confirm", operation_id=small["operation_id"])
        proof = user.proof(visit)
        target = user.visit("confirm", operation_id=large["operation_id"])
        must(user.browser.challenge(target))
        self.code(user.browser.bring(target, proof), "proof_challenge")
        self.unmoved(user, large)
        self.journaled(user, kind="refused", error="proof_challenge")

    def test_case_11_the_session_cookie_changes_at_login_and_step_up(self):
        user = self.scene.newcomer()
        host = "torimori.localhost"
        before = dict(user.browser.cookies[host])
        old = user.browser.copy()
        user.allowed()
        after = dict(user.browser.cookies[host])
        changed = [name for name in before if before[name] != after.get(name)]
        self.assertEqual(len(changed), 1, "step-up did not renew the session cookie")
        self.code(user.own("/v1/me/credentials", {"label": "x"}, old), "no_session")
        self.scene.move_clock(11)
        self.assertIn("/login", old.get(self.scene.stack.pages + "/me", follow=False)
                      .headers.get("location", ""))
        self.assertEqual(user.centre().status, 200)
        first = user.session
        user.login()
        self.assertNotEqual(user.session, first)
        self.assertNotEqual(user.browser.cookies[host][changed[0]], after[changed[0]])

    def test_case_12_a_proof_that_fails_to_parse_logs_nobody_in(self):
        user = self.scene.newcomer()
        stranger = User(self.scene, user.customer, user.ref)
        stranger.device = user.device
        visit = stranger.visit("login")
        good = stranger.proof(visit)
        response = good["response"]
        for change in ({"id": good["id"][:-2] + "AA"}, {"rawId": None}, {"id": None},
                       {"response": None}, {"response": {}}, {"type": "password"},
                       {"response": response | {"signature": None}},
                       {"response": response | {"authenticatorData": ""}},
                       {"response": response | {"clientDataJSON": response["signature"]}}):
            answer = stranger.browser.bring(visit, good | change)
            self.assertGreaterEqual(answer.status, 400, change)
            self.assertLess(answer.status, 500, change)
        done = stranger.browser.get(visit + "/done", follow=False)
        self.assertNotIn("code=", done.headers.get("location", ""))
        self.assertIn("/login", stranger.browser.get(
            self.scene.stack.pages + "/me", follow=False).headers.get("location", ""))

    def test_case_20_a_passkey_of_another_does_not_confirm(self):
        user = self.scene.newcomer(users=2)
        colleague, foreigner = user.colleague(), self.scene.newcomer()
        operation = user.ask()
        visit = user.visit("confirm", operation_id=operation["operation_id"])
        for other, code in ((colleague, "proof_user"), (foreigner, "credential_unknown")):
            options = must(user.browser.challenge(visit))["publicKey"]
            options.pop("allowCredentials")
            proof = other.device.get(options, origin_of(visit))
            self.code(user.browser.bring(visit, proof), code)
        self.unmoved(user, operation)
        self.journaled(user, kind="refused", error="proof_user")

    def test_case_21_a_user_handle_must_be_the_owners(self):
        user, other = self.scene.newcomer(), self.scene.newcomer()
        theirs = other.device.passkeys[0].user_handle
        for handle in (theirs, b""):
            for visit in self.visits(user):
                self.refuses_proof(user, visit, Bend(user_handle=handle), "proof_user",
                                   "proof_malformed")
        visit = user.visit("login")
        proof = user.proof(visit)
        del proof["response"]["userHandle"]
        self.code(user.browser.bring(visit, proof), "proof_user", "proof_malformed",
                  "credential_not_discoverable", "missing_field")

    def test_case_22_only_listed_credentials_confirm(self):
        user = self.scene.newcomer(users=2)
        colleague = user.colleague()
        visit = user.visit("confirm", operation_id=user.ask()["operation_id"])
        options = must(user.browser.challenge(visit))["publicKey"]
        self.assertEqual([unb64u(entry["id"]) for entry in options["allowCredentials"]],
                         [user.device.passkeys[0].id])
        bend = Bend(user_handle=user.device.passkeys[0].user_handle)
        options.pop("allowCredentials")
        proof = colleague.device.get(options, origin_of(visit), bend)
        self.code(user.browser.bring(visit, proof), "proof_user")

    def test_case_24_a_credential_id_registers_once(self):  # /* WebAuthn L3 §7.1 step 26 */
        user, other = self.scene.newcomer(), self.scene.stranger()
        taken = user.device.passkeys[0].id
        for who in (other, user):
            who.device = Authenticator()
            visit = who.visit("enrol", customer=who.customer, user=who.ref)
            asked = must(who.browser.call(step(visit, "code"), {"code": who.code()}))
            answer = who.browser.register(visit, who.device, asked["publicKey"], "x",
                                          Bend(credential_id=taken))
            self.code(answer, "credential_exists")

    def test_case_27_a_removed_or_suspended_passkey_is_refused(self):  # ENROL-07
        user = self.scene.newcomer()
        first = user.device
        user.device = Authenticator()
        user.enrol()
        with self.assertRaises(NotAllowed):
            user.enrol()  # the same authenticator, named in excludeCredentials
        kept, user.device = user.device, first
        user.login()
        user.device = kept
        self.remove(user, first)
        user.device = first
        self.refuses_proof(user, user.visit("login"), Bend(), "credential_inactive",
                           "credential_unknown")

    def remove(self, user: User, device: Authenticator) -> None:
        """Take the passkey of a device away, proved with the user's own device."""
        import re
        ids = re.findall(r"/v1/me/credentials/([\w-]{24})/remove", user.centre().text)
        self.assertEqual(len(ids), 2)
        visit = self.scene.stack.pages + must(
            user.own(f"/v1/me/credentials/{ids[0]}/remove"))["next"]
        user.browser.get(visit)
        must(user.browser.prove(visit, user.device))

    def test_case_28_answers_do_not_tell_who_exists(self):
        options = [must(user.browser.challenge(user.visit("login")))["publicKey"]
                   for user in (self.scene.newcomer(), self.scene.stranger())]
        for one in options:
            self.assertFalse(one.get("allowCredentials"))
        self.assertEqual(*(sorted(one) for one in options))
        stranger = self.scene.stranger()
        name = people.person(int(stranger.customer[-6:])).name
        visit = stranger.visit("enrol", customer=stranger.customer, user="U-1")
        self.assertNotIn(name, stranger.browser.get(visit).text)
        desk, shapes = self.scene.stack.desk, []
        for name in ("op-1", "nobody"):
            browser = Browser()
            begun = browser.call(desk + "/v1/enrol", {"operator": name})
            visit = desk + must(begun)["next"]
            page = browser.get(visit)
            wrong = browser.call(step(visit, "code"), {"code": "00000000"})
            shapes.append((begun.status, sorted(begun.json()), page.status, len(page.body),
                           wrong.status, wrong.code, sorted(wrong.json())))
        self.assertEqual(*shapes)

    # What a method must show ---------------------------------------------------------------------

    def test_a_proof_for_another_site_is_refused(self):  # AUTH-06
        user = self.scene.newcomer()
        pages = self.scene.stack.pages
        wrong = [(Bend(origin=origin, ignore_rules=True), "proof_origin") for origin in (
            "http://evil.localhost", pages + ".evil.tld", pages.replace("http:", "https:"),
            pages + "/", pages + "0", pages.upper(), pages.replace("//", "//a@"), "null")]
        wrong += [(Bend(rp_id=host), "proof_rp_id")
                  for host in ("localhost", "a.torimori.localhost")]
        wrong += [(Bend(cross_origin=True), "proof_cross_origin"),
                  (Bend(top_origin="http://evil.localhost"), "proof_cross_origin")]
        for visit in self.visits(user):
            for bend, code in wrong:
                self.refuses_proof(user, visit, bend, code)
        self.journaled(user, kind="refused", error="proof_rp_id")

    def test_presence_without_verification_is_refused(self):  # AUTH-08
        user = self.scene.newcomer()
        for visit in self.visits(user):
            self.refuses_proof(user, visit, Bend(user_verified=False), "proof_uv")
            self.refuses_proof(user, visit, Bend(user_present=False), "proof_up")
        self.journaled(user, kind="refused", error="proof_uv")

    def test_a_visit_belongs_to_its_browser(self):
        user = self.scene.newcomer()
        for visit in self.visits(user):
            must(user.browser.challenge(visit))  # this binds it
            thief = Browser()
            self.assertEqual(thief.get(visit).status, 403)
            self.code(thief.challenge(visit), "interaction_other_browser")
            proof = user.proof(visit)
            self.code(thief.bring(visit, proof), "interaction_other_browser")
            must(user.browser.bring(visit, proof))
            answer = thief.get(visit + "/done", follow=False)
            self.assertNotIn("code=", answer.headers.get("location", ""))

    def test_another_site_cannot_send_a_visits_calls(self):
        user = self.scene.newcomer()
        visit = user.visit("login")
        for headers in ({"Origin": "http://evil.localhost", "Sec-Fetch-Site": "cross-site"},
                        {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
            answer = user.browser._go("POST", step(visit, "challenge"), b"{}",
                                      {"Content-Type": "application/json"} | headers, False)
            self.code(answer, "cross_site")
