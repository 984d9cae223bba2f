"""The thief's ways, each as a function that tries it for real and reports what came of it.

`thief` narrates them; test/broker/thief_test.py fails if one gets through. A report's steps say what
was tried, what was answered, and whether that answer is one of the refusals it must be.
"""

import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable
from urllib.parse import urlsplit

import journal
import people
from authenticator import Authenticator, Bend, NotAllowed
from browser import Browser, Page, origin_of, step
from office import Office, must
from person import Notice, Person, result
from relay import Relay
from stack import Failed, Stack
from website import read_mail

HOUR_MS = 3_600_000
COOL_OFF = "cool_off_ms.withdrawal"
THIEFS_LABEL = "別の端末"
MAIL_S = 20


@dataclass
class Step:
    """One thing the thief did: a text key, the answer, and whether it was stopped as it must be."""

    key: str
    answer: str
    stopped: bool


@dataclass
class Report:
    """What one way came to."""

    name: str
    victim: Person
    steps: list[Step] = field(default_factory=list)
    cash_before: int = 0
    cash_after: int = 0
    notices: list[Notice] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)

    def stopped(self) -> bool:
        return all(one.stopped for one in self.steps) and self.cash_after == self.cash_before

    def add(self, key: str, answer: Page | str, *wanted: str) -> None:
        """Note an answer; `wanted` are the refusals that count as stopped."""
        told = answer if isinstance(answer, str) else code_of(answer)
        self.steps.append(Step(key, told, told.split(":")[0] in wanted))


def code_of(page: Page) -> str:
    """What a server said: an error code, the broker's verdict, or the bare status."""
    if page.code:
        return page.code
    if 'data-state="' in page.text:
        return "_".join(part for part in result(page) if part)
    return str(page.status)


class Stage:
    """Victims for the thief, and the staff who prepare them."""

    def __init__(self, stack: Stack, office: Office,
                 pick: Callable[[], people.Customer]) -> None:
        self.stack, self.office, self.pick = stack, office, pick
        self.ids: dict[str, str] = stack.recall("customers", {})

    def victim(self) -> Person:
        """A customer who has not been robbed yet, with a passkey and logged in."""
        customer = self.pick()
        person = Person(self.stack, customer.ref, customer.users[0].ref, customer.users[0].mail)
        person.enrol(self.office.open_window(person.customer, person.user))
        person.login()
        return person

    def log_of(self, customer: str, start: int) -> list[dict[str, Any]]:
        """What the log says about a customer since it had `start` entries."""
        found = journal.entries(self.stack.log, start)
        return [entry for entry in found if entry.get("customer") == self.ids.get(customer)]

    def finish(self, report: Report, start: int) -> Report:
        """Look at everything from the victim's side."""
        report.notices = report.notices or report.victim.inbox()
        report.log = self.log_of(report.victim.customer, start)
        return report


def broker_cookies(person: Person) -> Browser:
    """A second browser with the victim's cookies of the broker, and nothing else."""
    browser = Browser()
    browser.cookies = {"mihon.localhost": dict(person.browser.cookies["mihon.localhost"])}
    return browser


def stolen_cookie(stage: Stage) -> Report:
    """The session cookie alone, in the thief's browser: he is "logged in" and wants the money."""
    victim = stage.victim()
    start = journal.size(stage.stack.log)
    thief = Person(stage.stack, victim.customer)
    thief.browser = broker_cookies(victim)
    report = Report("stolen_cookie", victim, cash_before=victim.cash())
    visit = thief.begin_withdrawal(100_000)
    report.add("cookie_no_passkey", browser_words(lambda: thief.browser.prove(visit, thief.device)),
               "NotAllowedError")
    report.add("cookie_own_key", with_a_strange_key(thief.browser, visit), "credential_unknown")
    report.add("cookie_cancel", thief.give_up(visit), "step_up", "denied_access_denied")
    guess = f"{stage.stack.return_uri}?interaction={urlsplit(visit).path.split('/')[-1]}"
    guess += f"&code={secrets.token_urlsafe(32)}&state={secrets.token_urlsafe(24)}"
    report.add("cookie_guess", thief.browser.get(guess), "403")
    report.cash_after = victim.cash()
    return stage.finish(report, start)


def with_a_strange_key(browser: Browser, visit: str) -> Page:
    """Answer a challenge with a key that is registered nowhere."""
    options = must(browser.challenge(visit))["publicKey"]
    device = Authenticator()
    device.create({"rp": {"id": options.get("rpId")}, "user": {"id": "AAAA"},
                   "challenge": options["challenge"],
                   "pubKeyCredParams": [{"type": "public-key", "alg": -7}]}, origin_of(visit))
    options.pop("allowCredentials", None)
    return browser.bring(visit, device.get(options, origin_of(visit)))


def browser_words(act: Callable[[], Page]) -> Page | str:
    """The browser's own refusal, or the server's answer if the browser did not refuse."""
    try:
        return act()
    except NotAllowed as refusal:
        return str(refusal)


def relay_site(stage: Stage) -> Report:
    """A look-alike that relays. The browser's rules stop it first, and the server by itself next."""
    victim = stage.victim()
    start = journal.size(stage.stack.log)
    report = Report("relay_site", victim, cash_before=victim.cash())
    relay = Relay(stage.stack.ports.evil, stage.stack.pages)
    try:
        through_the_relay(stage, report, relay)
    finally:
        relay.close()
    report.cash_after = victim.cash()
    return stage.finish(report, start)


def through_the_relay(stage: Stage, report: Report, relay: Relay) -> None:
    """The victim's browser is at the look-alike; the thief began the login at the broker."""
    victim, thief = report.victim, Person(stage.stack, report.victim.customer)
    lured = Browser()

    def lure(bend: Bend | None) -> Page | str:
        """A fresh login of the thief's, answered by the victim's passkey through the look-alike."""
        mirror = relay.mirrored(thief.login_address())
        lured.get(mirror)
        options = must(lured.challenge(mirror))["publicKey"]
        if bend is None:
            bend = Bend()
        return browser_words(
            lambda: lured.bring(mirror, victim.device.get(options, relay.origin, bend)))

    report.add("relay_honest", lure(None), "SecurityError")
    report.add("relay_renamed", renamed(relay, thief, victim), "NotAllowedError")
    evil = "http://evil.torimori.localhost"
    pages = stage.stack.pages
    for key, bend, code in (
            ("relay_origin", Bend(ignore_rules=True), "proof_origin"),
            ("relay_subdomain", Bend(ignore_rules=True, origin=evil), "proof_origin"),
            ("relay_port", Bend(ignore_rules=True, origin=pages + "0"), "proof_origin"),
            ("relay_cross", Bend(ignore_rules=True, origin=pages, cross_origin=True,
                                 top_origin=relay.origin), "proof_cross_origin"),
            ("relay_rp_id", Bend(ignore_rules=True, origin=pages, rp_id="evil.localhost"),
             "proof_rp_id")):
        report.add(key, lure(bend), code)
    report.add("relay_no_session", "logged_in" if thief.logged_in() else "no_session", "no_session")


def renamed(relay: Relay, thief: Person, victim: Person) -> Page | str:
    """The look-alike asks for a passkey of its own name, which the victim does not have."""
    mirror = relay.mirrored(thief.login_address())
    browser = Browser()
    browser.get(mirror)
    options = must(browser.challenge(mirror))["publicKey"] | {"rpId": "evil.localhost"}
    return browser_words(
        lambda: browser.bring(mirror, victim.device.get(options, relay.origin)))


def proof_for(person: Person, visit: str) -> dict[str, Any]:
    """A real proof, made where it belongs, as the thief would record it."""
    options = must(person.browser.challenge(visit))["publicKey"]
    return person.device.get(options, origin_of(visit))


def replayed_proof(stage: Stage) -> Report:
    """Bytes recorded from a real confirmation, sent once more in every place they might fit."""
    victim = stage.victim()
    start = journal.size(stage.stack.log)
    thief = Person(stage.stack, victim.customer)
    thief.browser = broker_cookies(victim)
    visit = victim.begin_withdrawal(1_000)
    proof = proof_for(victim, visit)
    answer = victim.browser.bring(visit, proof)
    way_back = urlsplit(must(answer)["next"])
    at_once = victim.browser.bring(visit, proof)
    page = victim.browser.follow(visit, answer)
    if result(page)[0] != "executed":
        raise Failed(f"the honest withdrawal was not executed: {result(page)}")
    report = Report("replayed_proof", victim, cash_before=victim.cash())
    report.add("replay_same", at_once, "interaction_state")
    report.add("replay_later", victim.browser.bring(visit, proof),
               "interaction_state", "interaction_unknown")
    other = thief.begin_withdrawal(1_000)
    must(thief.browser.challenge(other))
    report.add("replay_other", thief.browser.bring(other, proof), "proof_challenge")
    login = thief_login(thief)
    must(thief.browser.challenge(login))
    report.add("replay_login", thief.browser.bring(login, proof), "proof_challenge")
    again = victim.browser.get(origin_of(visit) + way_back.path, follow=False)
    carries = "code=" in again.headers.get("location", "")
    report.add("replay_return", "code" if carries else "no_code", "no_code")
    report.cash_after = victim.cash()
    return stage.finish(report, start)


def thief_login(thief: Person) -> str:
    """A login of the thief's own, begun in a browser without the victim's cookies."""
    thief.browser = Browser()
    return thief.begin_login()


def altered_amount(stage: Stage) -> Report:
    """The customer means 1,000 yen; the thief's program in between makes it 300,000."""
    victim = stage.victim()
    start = journal.size(stage.stack.log)
    thief = Person(stage.stack, victim.customer)
    thief.browser = broker_cookies(victim)
    report = Report("altered_amount", victim, cash_before=victim.cash())
    small = victim.begin_withdrawal(1_000)
    large = thief.begin_withdrawal(300_000)
    must(thief.browser.challenge(large))
    proof = proof_for(victim, small)
    report.add("alter_proof", thief.browser.bring(large, proof), "proof_challenge")
    shown = "300,000" in thief.browser.get(large).text
    report.add("alter_shown", "shown" if shown else "not_shown", "shown")
    report.add("alter_form", resent(victim), "step_up")
    report.cash_after = victim.cash()
    return stage.finish(report, start)


def resent(victim: Person) -> Page:
    """One form, first with 1,000 and then with 300,000: the second is an operation of its own."""
    form = victim.browser.get(victim.stack.broker + "/withdrawal")
    victim.browser.submit(form, "/withdrawal", amount="1000")
    large = victim.arrived(victim.browser.submit(form, "/withdrawal", amount="300000"))
    return victim.give_up(large)


def phished_code(stage: Stage) -> Report:
    """The victim types the code of her letter into the look-alike; the thief registers his own key.

    No server can know who types a code. So the code is not the last word: every contact is told, no
    money leaves in the cool-off, and "not me" takes the thief's key and sessions away."""
    stage.office.set_policy(COOL_OFF, 72 * HOUR_MS)
    try:
        return with_cool_off(stage)
    finally:
        stage.office.set_policy(COOL_OFF, 0)


def with_cool_off(stage: Stage) -> Report:
    victim = stage.victim()
    start = journal.size(stage.stack.log)
    report = Report("phished_code", victim, cash_before=victim.cash())
    code = stage.office.open_window(victim.customer, victim.user)
    known = {notice.id for notice in victim.inbox()}
    mails = set(stage.stack.mails.glob("*.eml"))
    thief = Person(stage.stack, victim.customer, victim.user)
    thief.enrol(code, THIEFS_LABEL)
    thief.login()
    report.add("phish_mail", told_by_mail(stage, victim, mails), "told")
    report.add("phish_withdraw", thief.withdraw(100_000), "denied_cool_off")
    report.cash_after = victim.cash()
    report.notices = [notice for notice in victim.inbox() if notice.id not in known]
    report.add("phish_inbox", "told" if report.notices else "not_told", "told")
    report.add("phish_not_me", deny_it(victim, report.notices), "200")
    report.add("phish_session", "logged_in" if thief.logged_in() else "no_session", "no_session")
    login = thief_login(thief)
    report.add("phish_key", thief.browser.prove(login, thief.device),
               "credential_inactive", "credential_unknown", "locked")
    return stage.finish(report, start)


def deny_it(victim: Person, notices: list[Notice]) -> Page | str:
    """Press "this was not me" beside the notice that names the thief's passkey."""
    named = [notice for notice in notices if THIEFS_LABEL in notice.text] or notices
    return victim.not_me(named[0]) if named else "no_notice"


def told_by_mail(stage: Stage, victim: Person, before: set[Path]) -> str:
    """The subjects of what came by mail since, waiting a little for the courier."""
    deadline = time.monotonic() + MAIL_S
    while time.monotonic() < deadline:
        fresh = sorted(set(stage.stack.mails.glob("*.eml")) - before)
        letters = [letter for letter in map(read_mail, fresh) if victim.mail in letter["to"]]
        if len(letters) >= 2:  # the new passkey, and the login with it
            return "told: " + " / ".join(letter["subject"] for letter in letters)
        time.sleep(0.2)
    return "not_told"


WAYS = [stolen_cookie, relay_site, replayed_proof, altered_amount, phished_code]
