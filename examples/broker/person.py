"""A customer of the demo with a virtual passkey: what a person does at both sites, as calls."""

import re
from dataclasses import dataclass
from html import unescape

from authenticator import HONEST, Authenticator, Bend
from browser import Browser, Page, step
from office import must
from stack import Failed, Stack


@dataclass
class Notice:
    """One message of the inbox."""

    id: str
    title: str
    text: str


class Person:
    """One user of one customer, at one browser."""

    def __init__(self, stack: Stack, customer: str, user: str = "U-1", mail: str = "") -> None:
        self.stack, self.customer, self.user, self.mail = stack, customer, user, mail
        self.browser, self.device = Browser(), Authenticator()

    # Enrolling and logging in ------------------------------------------------------------------

    def begin_enrolment(self) -> str:
        """Ask the broker for the way to Torimori's page; its address."""
        start = self.browser.get(self.stack.broker + "/")
        page = self.browser.submit(start, "/enrol", customer=self.customer, user=self.user)
        return self.arrived(page)

    def enrol(self, code: str, label: str = "見本の鍵") -> Page:
        visit = self.begin_enrolment()
        answer = self.browser.enrol(visit, self.device, code, label)
        must(answer)
        return self.browser.follow(visit, answer)

    def begin_login(self) -> str:
        start = self.browser.get(self.stack.broker + "/")
        return self.arrived(self.browser.submit(start, "/login"))

    def login_address(self) -> str:
        """Where the broker would send the browser, without going there."""
        form = self.browser.get(self.stack.broker + "/").form("/login")
        answer = self.browser.post(self.stack.broker + "/login", form.fields, follow=False)
        return answer.headers["location"]

    def login(self) -> Page:
        visit = self.begin_login()
        answer = self.browser.prove(visit, self.device)
        must(answer)
        return self.browser.follow(visit, answer)

    def arrived(self, page: Page) -> str:
        """The address of Torimori's page, once the broker has sent the browser there."""
        if page.status != 200 or not page.url.startswith(self.stack.pages + "/i/"):
            raise Failed(f"no visit began: {page.status} {page.url} {plain(page.text)[:300]}")
        return page.url

    # At the broker -----------------------------------------------------------------------------

    def withdraw(self, amount: int) -> Page:
        """Fill in the form; the page this ends on, which is Torimori's if all is well."""
        form = self.browser.get(self.stack.broker + "/withdrawal")
        return self.browser.submit(form, "/withdrawal", amount=str(amount))

    def begin_withdrawal(self, amount: int) -> str:
        return self.arrived(self.withdraw(amount))

    def confirm(self, visit: str, bend: Bend = HONEST) -> Page:
        """Prove an operation and go back to the broker."""
        answer = self.browser.prove(visit, self.device, bend)
        must(answer)
        return self.browser.follow(visit, answer)

    def give_up(self, visit: str) -> Page:
        answer = self.browser.call(step(visit, "cancel"))
        must(answer)
        return self.browser.follow(visit, answer)

    def cash(self) -> int:
        """What the portfolio says."""
        page = self.browser.get(self.stack.broker + "/portfolio")
        found = re.search(r'id="cash">¥([\d,]+)<', page.text)
        if found is None:
            raise Failed(f"no cash on {page.url}: {page.status}")
        return int(found.group(1).replace(",", ""))

    def logged_in(self) -> bool:
        return self.browser.get(self.stack.broker + "/portfolio").status == 200

    # At Torimori -------------------------------------------------------------------------------

    def centre(self) -> Page:
        """The security centre, with a proof where it asks for one."""
        page = self.browser.get(self.stack.pages + "/me")
        if "/i/" not in page.url:
            return page
        answer = self.browser.prove(page.url, self.device)
        must(answer)
        return self.browser.follow(page.url, answer)

    def inbox(self) -> list[Notice]:
        """The notices that can be disputed, newest first, as the page shows them."""
        cards = re.findall(r'<li class="card">\s*<h3 id="n-([\w-]+)">(.*?)</h3>(.*?)</li>',
                           self.centre().text, re.DOTALL)
        return [Notice(name, plain(title), plain(text.partition("<button")[0]))
                for name, title, text in cards if "/not-me" in text]

    def not_me(self, notice: Notice) -> Page:
        """Press "this was not me" beside a notice."""
        return self.browser.call(f"{self.stack.pages}/v1/me/notices/{notice.id}/not-me")


def plain(markup: str) -> str:
    """The words of a piece of HTML."""
    text = re.sub(r"<(script|style).*?</\1>", "", markup, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def result(page: Page) -> tuple[str, str]:
    """(state, reason) of an instruction as the broker's result page tells."""
    state = re.search(r'data-state="(\w+)"', page.text)
    reason = re.search(r'data-reason="(\w+)"', page.text)
    return (state.group(1) if state else str(page.status)), (reason.group(1) if reason else "")
