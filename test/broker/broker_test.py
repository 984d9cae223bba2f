#!/usr/bin/python3
"""The sample broker keeps the contract: it moves nothing without a clear and fresh yes."""

import http.client
import json
import re
import tempfile
import threading
import unittest
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from paths import BROKER, run_as_tap

import people
from book import Book
from browser import Browser
from channel import Away, Channel, Refused, read_operation, tls_context
from fake_torimori import NAME, PAGES, Fake, certificates
from markup import WORDS
from website import Site
from wire import Server

CUSTOMER = "C-000001"
CASH = people.person(1).cash


class BrokerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="mihon-")
        cls.path = Path(cls.folder.name)
        certificates(cls.path)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.fake = Fake(self.path)
        self.data = tempfile.TemporaryDirectory(dir=self.path)
        context = tls_context(*(str(self.path / name)
                                for name in ("ca.pem", "channel.pem", "channel.key")))
        self.channel = Channel(NAME, ("127.0.0.1", self.fake.port), context)
        self.book = Book(Path(self.data.name))
        self.server = Server(("127.0.0.1", 0), "", PAGES, lambda request: self.site.answer(request))
        self.origin = f"http://mihon.localhost:{self.server.server_address[1]}"
        self.server.origin, self.server.host = self.origin, urlsplit(self.origin).netloc
        self.site = Site(self.book, self.channel, self.origin, self.path)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.browser = Browser()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.fake.close()

    # Steps ------------------------------------------------------------------------------------

    def click(self, page, action, **fields):
        """Submit a form; when it leads to Torimori, the interaction's id, else the page."""
        found = page.form(action)
        answer = self.browser.post(self.origin + found.action, found.fields | fields, follow=False)
        target = answer.headers.get("location", "")
        if target.startswith(PAGES):
            return target.rsplit("/", 1)[1]
        return self.browser.get(self.origin + target) if target else answer

    def login(self, customer=CUSTOMER, user="U-1"):
        visit = self.click(self.browser.get(self.origin + "/"), "/login")
        return self.browser.get(self.fake.login(visit, customer, user))

    def withdraw(self, amount="5000", **fields):
        form = self.browser.get(self.origin + "/withdrawal")
        return self.click(form, "/withdrawal", amount=amount, **fields)

    def cash(self, customer=CUSTOMER):
        return self.book.user(customer, "U-1")["cash"]

    def state(self):
        return self.book.history(CUSTOMER)[0]["state"]

    # The road ---------------------------------------------------------------------------------

    def test_a_login_leads_to_the_portfolio_under_a_new_cookie(self):
        self.browser.get(self.origin + "/")
        before = dict(self.browser.cookies["mihon.localhost"])
        page = self.login()
        self.assertIn(f"{CASH:,}", page.text)
        self.assertNotEqual(self.browser.cookies["mihon.localhost"], before)

    def test_a_confirmed_withdrawal_is_redeemed_and_paid_once(self):
        self.login()
        visit = self.withdraw(memo="家賃")
        self.assertEqual(self.cash(), CASH)
        page = self.browser.get(self.fake.confirm(visit))
        self.assertIn('data-state="executed"', page.text)
        self.assertEqual(self.cash(), CASH - 5000)
        self.assertEqual(self.fake.count("POST", "/redeem"), 1)

    def test_a_payout_account_change_takes_effect_after_its_proof(self):
        self.login()
        bank = {"bank_code": "0000", "branch_code": "999", "kind": "current", "number": "0000007",
                "holder": "ミホン ハナコ"}
        visit = self.click(self.browser.get(self.origin + "/payout"), "/payout", **bank)
        self.assertNotEqual(self.book.payout(CUSTOMER)[1], bank)
        self.browser.get(self.fake.confirm(visit))
        self.assertEqual(self.book.payout(CUSTOMER), ("0000-999-0000007", bank))

    def test_an_order_is_filled_and_reported(self):
        self.login()
        self.fake.decision = {"status": "allowed", "important": False}
        form = self.browser.get(self.origin + "/order")
        page = self.click(form, "/order", symbol="0001", quantity="100", side="buy",
                          order_type="limit", limit="500")
        self.assertIn('data-state="executed"', page.text)
        self.assertEqual(self.cash(), CASH - 50000)
        self.assertEqual(self.fake.events[0]["fields"]["price"], {"currency": "JPY", "minor": 500})

    def test_enrolment_names_customer_and_user_and_never_asks_for_the_code(self):
        start = self.browser.get(self.origin + "/")
        visit = self.click(start, "/enrol", customer=CUSTOMER, user="U-1")
        asked = self.fake.interactions[visit]
        self.assertEqual((asked["customer"], asked["user"]), (CUSTOMER, "U-1"))
        self.assertNotIn('name="code"', start.text)
        self.assertEqual(self.click(start, "/enrol", customer="C-9", user="U-1").status, 422)

    # What it must refuse ------------------------------------------------------------------------

    def test_a_state_of_another_browser_is_refused(self):
        victim = Browser()
        victim.get(self.origin + "/")
        visit = self.click(self.browser.get(self.origin + "/"), "/login")
        address = self.fake.login(visit, CUSTOMER, "U-1")
        self.assertEqual(victim.get(address).status, 403)
        self.assertEqual(victim.get(self.origin + "/portfolio").status, 401)
        self.assertIn(f"{CASH:,}", self.browser.get(address).text)

    def test_a_way_back_works_once(self):
        visit = self.click(self.browser.get(self.origin + "/"), "/login")
        address = self.fake.login(visit, CUSTOMER, "U-1")
        self.browser.get(address)
        self.assertEqual(self.browser.get(address).status, 403)

    def test_a_state_of_another_interaction_is_refused(self):
        start = self.browser.get(self.origin + "/")
        one, other = (self.click(start, "/login") for _ in range(2))
        address = self.fake.login(one, CUSTOMER, "U-1").replace(one, other)
        self.assertEqual(self.browser.get(address).status, 403)

    def test_a_login_that_is_not_phishing_resistant_is_none(self):
        visit = self.click(self.browser.get(self.origin + "/"), "/login")
        address = self.fake.login(visit, CUSTOMER, "U-1", acr="pwd")
        self.assertEqual(self.browser.get(address).status, 403)
        self.assertEqual(self.browser.get(self.origin + "/portfolio").status, 401)

    def test_a_session_cut_elsewhere_ends_at_the_next_request(self):
        self.login()
        self.fake.sessions.clear()
        self.assertEqual(self.browser.get(self.origin + "/portfolio").status, 401)
        self.assertNotIn("__Host-mihon", self.browser.cookies["mihon.localhost"])

    def test_a_session_of_somebody_else_is_no_session(self):
        self.login()
        for session in self.fake.sessions.values():
            session["customer"] = "C-000002"
        self.assertEqual(self.browser.get(self.origin + "/portfolio").status, 401)

    def test_nothing_is_shown_while_nobody_can_say_whether_the_session_lives(self):
        self.login()
        self.fake.stumbles = [("/introspect", 503)] * 3
        page = self.browser.get(self.origin + "/portfolio")
        self.assertEqual((page.status, "retry-after" in page.headers), (503, True))
        self.assertNotIn(f"{CASH:,}", page.text)
        self.assertEqual(self.browser.get(self.origin + "/portfolio").status, 200)

    def test_an_unknown_outcome_or_effect_means_deny(self):
        self.login()
        for decision in ({"status": "allowed_with_care"}, {"status": "allowed", "effects": ["x"]},
                         {"status": None}, {}):
            with self.subTest(decision):
                self.fake.decision = decision
                self.assertIn('data-state="denied"', self.withdraw().text)
        self.assertEqual((self.cash(), self.fake.count("POST", "/redeem")), (CASH, 0))

    def test_denied_held_and_late_move_nothing(self):
        self.login()
        for status in ("denied", "held", "expired", "lapsed"):
            visit = self.withdraw()
            page = self.browser.get(self.fake.confirm(visit, status, "locked"))
            self.assertIn(f'data-state="{status}"', page.text)
        self.assertEqual((self.cash(), self.fake.count("POST", "/redeem")), (CASH, 0))

    def test_a_redemption_refused_moves_nothing(self):
        self.login()
        answers = [(403, {"code": "locked"}), (200, {"status": "denied", "reason": "locked"}),
                   (403, {"code": "step_up_required"}), (200, {"status": "allowed"}), (200, {})]
        for answer in answers:
            with self.subTest(answer):
                self.fake.redemption = answer
                page = self.browser.get(self.fake.confirm(self.withdraw()))
                self.assertIn('data-state="denied"', page.text)
        self.assertEqual(self.cash(), CASH)

    def test_a_redemption_that_comes_too_late_moves_nothing(self):
        self.login()
        self.fake.redemption = (200, {"status": "lapsed"})
        page = self.browser.get(self.fake.confirm(self.withdraw()))
        self.assertIn('data-state="lapsed"', page.text)
        self.assertEqual(self.cash(), CASH)

    def test_a_lost_redemption_is_never_guessed(self):
        self.login()
        visit = self.withdraw()
        self.fake.stumbles = [("/redeem", "drop_after")]
        page = self.browser.get(self.fake.confirm(visit))
        self.assertEqual(self.cash(), CASH)
        self.assertEqual(self.state(), "unclear", page.text)

    def test_after_503_the_same_key_and_body_are_sent_again(self):
        self.login()
        self.fake.stumbles = [("/operations", 503), ("/operations", "drop_after")]
        visit = self.withdraw()
        asked = [call for call in self.fake.calls if call[1] == "/v1/operations"]
        self.assertEqual(len(asked), 2)
        self.assertEqual(asked[0], asked[1])
        self.assertEqual(len(self.fake.operations), 1)
        self.browser.get(self.fake.confirm(visit))
        self.assertEqual(self.cash(), CASH - 5000)

    def test_an_instruction_that_met_503_can_be_sent_again_by_the_customer(self):
        self.login()
        form = self.browser.get(self.origin + "/withdrawal")
        self.fake.stumbles = [("/operations", 503)] * 3
        self.assertEqual(self.click(form, "/withdrawal", amount="5000").status, 503)
        visit = self.click(form, "/withdrawal", amount="5000")
        self.browser.get(self.fake.confirm(visit))
        self.assertEqual((self.cash(), len(self.fake.operations)), (CASH - 5000, 1))

    def test_a_second_click_is_no_second_withdrawal(self):
        self.login()
        form = self.browser.get(self.origin + "/withdrawal")
        one = self.click(form, "/withdrawal", amount="5000")
        self.click(form, "/withdrawal", amount="5000")
        self.assertEqual(len(self.fake.operations), 1)
        self.browser.get(self.fake.confirm(one))
        self.click(form, "/withdrawal", amount="5000")
        self.assertEqual(self.cash(), CASH - 5000)

    def test_an_altered_amount_is_another_instruction(self):
        self.login()
        form = self.browser.get(self.origin + "/withdrawal")
        self.browser.get(self.fake.confirm(self.click(form, "/withdrawal", amount="5000")))
        self.click(form, "/withdrawal", amount="900000")
        self.assertEqual((len(self.fake.operations), self.cash()), (2, CASH - 5000))

    def test_an_instruction_belongs_to_its_customer(self):
        self.login()
        self.withdraw()
        name = self.book.history(CUSTOMER)[0]["id"]
        self.browser = Browser()
        self.login("C-000002")
        self.assertEqual(self.browser.get(f"{self.origin}/instruction?id={name}").status, 404)

    def test_cash_never_goes_below_zero(self):
        self.login()
        visits = [self.withdraw(str(CASH)) for _ in range(2)]
        pages = [self.browser.get(self.fake.confirm(visit)) for visit in visits]
        self.assertIn('data-state="failed"', pages[1].text)
        self.assertEqual(self.cash(), 0)

    def test_logging_out_ends_the_session_at_torimori_too(self):
        page = self.login()
        self.browser.submit(page, "/logout")
        self.assertEqual(self.fake.sessions, {})
        self.assertEqual(self.browser.get(self.origin + "/portfolio").status, 401)

    # The web ----------------------------------------------------------------------------------

    def test_forms_need_their_token_and_their_origin(self):
        self.login()
        fields = self.browser.get(self.origin + "/withdrawal").form("/withdrawal").fields
        fields["amount"] = "5000"
        url = self.origin + "/withdrawal"
        for wrong in ({"csrf": ""}, {"csrf": "x" * 32}):
            self.assertEqual(self.browser.post(url, fields | wrong).status, 403)
        self.assertEqual(self.cross_site(url, fields, Origin="http://evil.localhost:8090"), 403)
        self.assertEqual(self.cross_site(url, fields, **{"Sec-Fetch-Site": "cross-site"}), 403)
        self.assertEqual(len(self.fake.operations), 0)

    def cross_site(self, url, fields, **headers):
        parts = urlsplit(url)
        cookies = self.browser.cookies["mihon.localhost"]
        head = {"Host": parts.netloc, "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
        connection.request("POST", parts.path, urlencode(fields), head | headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def test_every_page_has_strict_headers(self):
        self.login()
        for path in ("/", "/portfolio", "/withdrawal", "/nothing", "/style.css"):
            head = self.browser.get(self.origin + path, follow=False).headers
            self.assertEqual(head["cache-control"], "no-store")
            self.assertIn("default-src 'none'", head["content-security-policy"])
            self.assertNotIn("unsafe", head["content-security-policy"])
        cookie = Browser().get(self.origin + "/").headers["set-cookie"]
        self.assertRegex(
            cookie, r"^__Host-mihon=[\w-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax$")

    def test_pages_need_no_script_and_label_every_field(self):
        self.login()
        for path in ("/", "/portfolio", "/order", "/withdrawal", "/payout", "/demo/mails"):
            page = self.browser.get(self.origin + path)
            self.assertNotRegex(page.text, r"<script|style=|onclick|javascript:")
            self.assertEqual(page.text.count("<h1"), 1)
            self.assertIn('<html lang="ja">', page.text)
            labels = set(re.findall(r'<label for="([\w-]+)"', page.text))
            fields = set(re.findall(r'<(?:input type="text"|select) id="([\w-]+)"', page.text))
            self.assertEqual(labels, fields)

    def test_what_a_customer_types_is_escaped_and_kept(self):
        self.login()
        form = self.browser.get(self.origin + "/withdrawal")
        page = self.click(form, "/withdrawal", amount='"><script>', memo="<b>&")
        self.assertEqual(page.status, 422)
        self.assertIn("&quot;&gt;&lt;script&gt;", page.text)
        self.assertIn("&lt;b&gt;&amp;", page.text)
        self.assertNotIn("<script", page.text)

    def test_the_language_can_be_switched_everywhere(self):
        self.login()
        page = self.browser.get(self.origin + "/language?to=en&back=/withdrawal")
        self.assertIn('<html lang="en">', page.text)
        self.assertIn("Withdrawal", page.text)
        away = self.origin + "/language?to=ja&back=//evil.localhost/"
        away = self.browser.get(away, follow=False)
        self.assertEqual(away.headers["location"], "/")

    def test_another_host_name_is_refused(self):
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.origin).port, timeout=60)
        connection.request("GET", "/", headers={"Host": "evil.localhost"})
        self.assertEqual(connection.getresponse().status, 421)
        connection.close()

    def test_words_exist_in_both_languages_with_the_same_gaps(self):
        gaps = {lang: {key: sorted(re.findall(r"{(\w+)}", text)) for key, text in words.items()}
                for lang, words in WORDS.items()}
        self.assertEqual(gaps["ja"], gaps["en"])
        asked = set()
        for path in BROKER.glob("*.py"):
            asked |= set(re.findall(r'\.t\("(\w+)"[,)]', path.read_text("utf-8")))
        self.assertEqual(asked - set(WORDS["ja"]), set())

    # The wire ---------------------------------------------------------------------------------

    def test_the_channel_trusts_its_ca_and_nobody_else(self):
        other = Path(tempfile.mkdtemp(dir=self.path))
        certificates(other)
        context = tls_context(str(other / "ca.pem"), str(self.path / "channel.pem"),
                              str(self.path / "channel.key"))
        stranger = Channel(NAME, ("127.0.0.1", self.fake.port), context)
        with self.assertRaises(Away):
            stranger.introspect("x")
        misnamed = Channel("other.localhost", ("127.0.0.1", self.fake.port), self.channel.context)
        with self.assertRaises(Away):
            misnamed.introspect("x")
        self.assertEqual(self.fake.calls, [])

    def test_connections_are_kept_alive_and_replaced_when_stale(self):
        for _ in range(3):
            self.channel.introspect("x")
        self.assertEqual(self.channel.idle.qsize(), 1)
        kept = self.channel.idle.queue[0]
        kept.sock.shutdown(2)
        self.assertEqual(self.channel.introspect("x"), {"active": False})

    def test_only_a_plain_yes_is_read_as_one(self):
        self.assertEqual(read_operation({"status": "allowed"}).outcome, "allowed")
        for body in ({}, {"status": "ALLOWED"}, {"status": "ok"}, {"status": True},
                     {"status": "allowed", "effects": ["watch"]}):
            self.assertEqual(read_operation(body).outcome, "denied")

    def test_customers_are_the_same_each_time_and_look_made_up(self):
        everybody = people.everybody()
        self.assertGreaterEqual(len(everybody), 300)
        self.assertEqual(json.dumps([people.as_record(c) for c in everybody]),
                         json.dumps([people.as_record(c) for c in people.everybody()]))
        self.assertEqual([len(c.users) for c in everybody if c.kind == "company"], [2])
        for customer in everybody:
            self.assertTrue(all(u.mail.endswith(".example") for u in customer.users))
        self.assertTrue(self.channel.add_customer(people.as_record(everybody[0])))


if __name__ == "__main__":
    run_as_tap(__file__)
