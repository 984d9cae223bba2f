"""Where somebody gives a name or a code, a known one and an unknown one take the same work and get
the same answer. The work is counted (base/tally.h), not timed; the least of several rounds counts,
because what the server does for itself meanwhile only adds."""

import json
import re
import urllib.request
from typing import Any, Callable

from additions import approval_in
from browser import Browser, Page, plain_code, step
from office import must
from scene import Answer
from stage import Case, PATIENCE_S, until

ROUNDS = 6
KIND = re.compile(r'^torimori_test_work_total\{kind="(\w+)"\} (\d+)$', re.MULTILINE)
WRONG, PROOFING = "ZZZZ-ZZZZ", {"kind": "document", "checked": "見本の免許証"}
NOBODY_ID = "A" * 24
# What is another at every request, and says nothing of anybody.
OWN = re.compile(rb'"(?:request_id|instance|trace_id|next)": ?"[^"]*"')


class Names(Case):
    def work(self) -> dict[str, int]:
        address = f"http://127.0.0.1:{self.scene.stack.ports.metrics}/metrics"
        with urllib.request.urlopen(address, timeout=20) as answer:
            return {kind: int(count) for kind, count in KIND.findall(answer.read().decode())}

    def measure(self, ask: Callable[[], Page | Answer]) -> tuple[dict[str, int], set[bytes]]:
        """The work of one such question, and every answer it got."""
        least: dict[str, int] = {}
        answers = set()
        ask()  # what is looked up once and then remembered
        for _ in range(ROUNDS):
            before = self.work()
            answer = ask()
            after = self.work()
            self.assertTrue(after, "this is no test build")
            answers.add(b"%d %s" % (answer.status, OWN.sub(b"", answer.body)))
            spent = {kind: after[kind] - before[kind] for kind in after}
            least = {kind: min(count, least.get(kind, count)) for kind, count in spent.items()}
        return least, answers

    def alike(self, known: Callable[[], Page | Answer], unknown: Callable[[], Page | Answer],
              but: tuple[str, ...] = ()) -> dict[str, int]:
        """The same answers and the same work, but for these kinds of it; the work of the known."""
        of_known, said_of_known = self.measure(known)
        of_unknown, said_of_unknown = self.measure(unknown)
        self.assertEqual(said_of_known, said_of_unknown)
        self.assertEqual(len(said_of_known), 1, said_of_known)
        for kind in set(of_known) - set(but):
            self.assertEqual(of_known[kind], of_unknown[kind], f"{kind}: {of_known} {of_unknown}")
        return of_known

    # The desk --------------------------------------------------------------------------------

    def desk(self, browser: Browser, path: str, customer: str) -> Page:
        body: dict[str, Any] = {"ref": customer} if path.endswith("find") else {"customer": customer}
        if path.endswith(("proofings", "unlocks")):
            body |= PROOFING
        return browser.call(self.scene.stack.desk + path, body)

    DESK = ("/v1/desk/find", "/v1/desk/proofings", "/v1/desk/locks", "/v1/desk/unlocks")

    def operator_cookie(self, change: Callable[[str], str]) -> Browser:
        """An operator's browser whose session cookie was changed."""
        operator = self.scene.office.staff[0]
        must(operator.call("/v1/approvals", method="GET"))  # he is logged in
        browser = operator.browser.copy()
        changed = 0
        for jar in browser.cookies.values():
            for name in jar:
                if name.endswith("desk-session"):
                    jar[name] = change(jar[name])
                    changed += 1
        self.assertEqual(changed, 1)
        return browser

    def test_the_desk_tells_a_stranger_nothing_of_a_reference(self):
        ref = self.scene.stranger().customer
        made_up = self.operator_cookie(lambda cookie: ".".join([NOBODY_ID, *cookie.split(".")[1:]]))
        guessed = self.operator_cookie(lambda cookie: cookie[:-4] + "AAAA")
        for path in self.DESK:
            with self.subTest(path):
                self.code(self.desk(made_up, path, ref), "no_session")
                work = self.alike(lambda: self.desk(made_up, path, ref),
                                  lambda: self.desk(made_up, path, "C-NOBODY"))
                self.assertEqual(work["signature"], 0)
                # With the id of a session that there is and without its secret: the same answer. The
                # log keeps what was tried on a customer, so there the work is another.
                self.code(self.desk(guessed, path, "C-NOBODY"), "no_session")
                self.alike(lambda: self.desk(guessed, path, ref),
                           lambda: self.desk(guessed, path, "C-NOBODY"), but=tuple(self.work()))

    def test_the_desk_tells_an_operator(self):
        operator = self.scene.office.staff[0]
        self.code(operator.call("/v1/desk/find", {"ref": "C-NOBODY"}), "customer_unknown")
        must(operator.call("/v1/desk/find", {"ref": self.scene.stranger().customer}))

    # Enrolment -------------------------------------------------------------------------------

    def operator_code(self, name: str) -> Page:
        browser, desk = Browser(), self.scene.stack.desk
        visit = desk + must(browser.call(desk + "/v1/enrol", {"operator": name}))["next"]
        browser.get(visit)
        return browser.call(step(visit, "code"), {"code": plain_code(WRONG)})

    def test_an_operator_without_a_window_is_like_nobody(self):
        work = self.alike(lambda: self.operator_code("op-1"), lambda: self.operator_code("op-none"))
        self.assertEqual(work["signature"], 0)
        begin = self.scene.stack.desk + "/v1/enrol"
        self.alike(lambda: Browser().call(begin, {"operator": "op-1"}),
                   lambda: Browser().call(begin, {"operator": "op-none"}))

    def test_the_fifth_wrong_code_of_an_operator_reads_like_any(self):
        stack, office = self.scene.stack, self.scene.office
        letters = set(stack.post.glob("*.json"))
        approval = approval_in(stack.admin("operator", "add", "op-5", "--name", "見本 係員"))
        for signer in office.staff:
            signer.sign(approval)
        self.assertTrue(until(lambda: set(stack.post.glob("*.json")) - letters, PATIENCE_S))
        # Counted in its row and in the log, so rows differ: a guess at a window that is open.
        known, said = self.measure(lambda: self.operator_code("op-5"))
        unknown, said_of_nobody = self.measure(lambda: self.operator_code("op-none"))
        self.assertEqual(said, said_of_nobody)
        self.assertEqual(known["signature"], unknown["signature"])

    def test_codes_of_every_shape_are_like_the_right_shape(self):
        user = self.scene.stranger()
        visit = user.visit("enrol", customer=user.customer, user=user.ref)

        def tell(code: str) -> Callable[[], Page]:
            return lambda: user.browser.call(step(visit, "code"), {"code": code})
        self.alike(tell("ZZZZZZZZ"), tell("Z"))
        self.alike(tell("ZZZZZZZZ"), tell("取守"))
        self.alike(tell("ZZZZZZZZ"), tell("Z" * 32))

    # Sessions ----------------------------------------------------------------

    def introspect(self, session: str) -> Callable[[], Answer]:
        line = self.scene.channel
        return lambda: line.once("POST", "/v1/sessions/introspect", {"session_id": session})

    def test_a_session_that_ended_is_like_one_that_never_was(self):
        user = self.scene.newcomer()
        session = user.session
        self.assertTrue(json.loads(self.introspect(session)().body)["active"])
        stranger = self.scene.second.once("POST", "/v1/sessions/introspect", {"session_id": session})
        self.assertEqual(json.loads(stranger.body), {"active": False})
        self.scene.channel.once("POST", "/v1/sessions/end", {"session_id": session})
        # Only the channel's key opens this, and an id has 80 random bits: that the store is asked
        # for an id that is not in memory tells nobody anything.
        work = self.alike(self.introspect(session), self.introspect(NOBODY_ID), but=("query",))
        self.assertEqual((work["signature"], work["row"]), (0, 0))
