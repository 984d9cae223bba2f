"""What the customer is told, and what he can do about it."""

import re

from browser import step
from office import must
from person import plain
from scene import User
from stage import Case, PATIENCE_S, until

LINK = re.compile(r"https?:|www\.|\.localhost|<a\b|\b[\w-]+\.(?:com|jp|example)/")
CARD = re.compile(r'<li class="card">\s*<h3 id="n-([\w-]+)">(.*?)</h3>(.*?)</li>', re.DOTALL)


class Notices(Case):
    def cards(self, user: User) -> list[tuple[str, str]]:
        """(id, text) of the inbox, newest first."""
        return [(name, plain(title + rest)) for name, title, rest in CARD.findall(user.centre().text)]

    def told(self, user: User, word: str) -> str:
        """By mail and in the inbox; the mail's text."""
        self.assertTrue(any(word in text for _, text in self.cards(user)),
                        f"{word} is not in the inbox: {self.cards(user)}")
        return self.scene.wait_mail(user.mail, word)

    def test_a_login_is_told(self):  # NOTIFY-01
        user = self.scene.newcomer()
        self.assertIn("みほん証券", self.told(user, "ログインのお知らせ"))

    def test_an_order_and_its_execution_are_told(self):  # NOTIFY-02
        user = self.scene.newcomer()
        user.ask("order")
        self.told(user, "注文")
        user.channel.events([{
            "id": "e-1", "type": "order.filled", "customer": user.customer, "account": "A-1",
            "occurred_at": self.scene.now(), "fields": {
                "side": "buy", "symbol": "0001", "quantity": 100,
                "price": {"currency": "JPY", "minor": 1234}}}])
        self.told(user, "約定")

    def test_a_withdrawal_and_a_payout_change_are_told(self):  # NOTIFY-03
        user = self.scene.newcomer()
        user.allowed(amount=123_456)
        self.assertIn("123,456", self.told(user, "出金受付"))
        user.allowed("payout_account_change")
        self.told(user, "出金先")

    def test_a_refused_withdrawal_is_not_told_as_done(self):
        user = self.scene.newcomer()
        operation = user.ask(amount=777)
        visit = user.visit("confirm", operation_id=operation["operation_id"])
        must(user.browser.call(step(visit, "cancel")))
        self.told(user, "ログインのお知らせ")
        self.assertFalse([text for _, text in self.cards(user) if "777" in text])

    def test_a_change_of_passkeys_or_contact_is_told(self):  # NOTIFY-04
        user = self.scene.newcomer()
        self.told(user, "パスキー登録のお知らせ")
        user.allowed("profile_change")
        self.told(user, "登録情報変更")

    def test_notices_cannot_be_turned_off_by_a_session(self):  # NOTIFY-06
        """There is no way to mute any of them, so none is muted."""
        user = self.scene.newcomer()
        for path in ("/v1/me/notices/mute", "/v1/me/notices", "/v1/me/settings"):
            self.assertIn(user.own(path, {"withdrawal": False}).status, (404, 405))
        user.allowed()
        self.told(user, "出金受付")

    def test_a_notice_says_enough_and_carries_no_link(self):  # NOTIFY-07
        user = self.scene.newcomer()
        user.allowed(amount=5_000)
        self.told(user, "出金受付")
        self.told(user, "ログインのお知らせ")
        mails = self.scene.mails(user.mail)
        self.assertGreaterEqual(len(mails), 3)
        for mail in mails:
            self.assertIsNone(LINK.search(mail), mail)
            self.assertIn("日時", mail)
            self.assertIn("操作", mail)
            self.assertNotIn(user.session, mail)
        self.assertIn("利用チャネル", next(mail for mail in mails if "出金受付" in mail))

    def test_the_inbox_shows_every_login(self):  # NOTIFY-08
        user = self.scene.newcomer()
        for _ in range(2):
            user.login()
        logins = [text for _, text in self.cards(user) if "ログインのお知らせ" in text]
        self.assertEqual(len(logins), 3)
        self.assertTrue(all("みほん証券" in text and "日時" in text for text in logins))

    def test_not_me_locks_and_takes_the_passkey_away(self):  # NOTIFY-12 LOCK-07
        user = self.scene.newcomer()
        operation = user.allowed()
        name = next(name for name, text in self.cards(user) if "ログインのお知らせ" in text)
        must(user.own(f"/v1/me/notices/{name}/not-me"))
        self.assertFalse(user.alive())
        self.assertEqual(user.redeem(operation).json()["status"], "denied")
        self.journaled(user, kind="lock.set", cause="not_me")
        self.assertIsNotNone(until(
            lambda: [mail for mail in self.scene.mails(user.mail) if "停止" in mail], PATIENCE_S))

    def test_another_customers_notice_is_nobodys(self):
        user, other = self.scene.newcomer(users=2), self.scene.newcomer()
        colleague = user.colleague()
        name = self.cards(user)[0][0]
        for thief in (other, colleague):
            self.code(thief.own(f"/v1/me/notices/{name}/not-me"), "not_found")
            self.assertTrue(user.alive())
