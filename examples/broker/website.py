"""The broker's web site: who may see which page, and what a click sets in motion."""

import re
import secrets
import sqlite3
import unicodedata
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Callable
from urllib.parse import urlsplit

import pages
import people
from book import Book
from channel import Away, Channel, Refused
from pages import View
from trade import Desk
from wire import Request, Response, redirect, same

STYLE = Path(__file__).with_name("style.css")
MAILS_SHOWN = 50
HANDLE = re.compile(r"[A-Za-z0-9_-]{8,128}")


@dataclass
class Visitor:
    """A request with the browser it came from."""

    request: Request
    browser: sqlite3.Row
    view: View


class Site:
    """Routes requests. `mails` is the demo's mail folder, or None outside the demo."""

    def __init__(self, book: Book, channel: Channel, origin: str, mails: Path | None) -> None:
        self.book, self.channel, self.mails = book, channel, mails
        self.desk = Desk(book, channel)
        self.return_uri = origin + "/torimori/return"
        self.open: dict[tuple[str, str], Callable[[Visitor], Response]] = {
            ("GET", "/"): self.welcome, ("GET", "/language"): self.language,
            ("POST", "/login"): self.login, ("POST", "/enrol"): self.enrol,
            ("GET", "/torimori/return"): self.back}
        if mails is not None:
            self.open["GET", "/demo/mails"] = self.show_mails
        self.closed: dict[tuple[str, str], Callable[[Visitor], Response]] = {
            ("GET", "/portfolio"): self.portfolio, ("GET", "/instruction"): self.instruction,
            ("GET", "/order"): self.order, ("POST", "/order"): self.order,
            ("GET", "/withdrawal"): self.withdrawal, ("POST", "/withdrawal"): self.withdrawal,
            ("GET", "/payout"): self.payout, ("POST", "/payout"): self.payout,
            ("POST", "/confirm"): self.confirm, ("POST", "/again"): self.again,
            ("POST", "/inbox"): self.inbox, ("POST", "/logout"): self.logout}

    # Every request ---------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        if request.path == "/style.css":
            return Response(STYLE.read_bytes(), content_type="text/css; charset=utf-8")
        if request.path == "/healthz":
            return Response("ok\n", content_type="text/plain; charset=utf-8")
        token = request.cookie
        browser = self.book.browser(token) if token else None
        fresh = ""
        if browser is None:
            fresh = self.book.new_browser("ja")
            browser = self.book.browser(fresh)
        visitor = Visitor(request, browser, View(browser["lang"], browser["csrf"], request.path))
        response = self._guarded(visitor)
        if fresh and "Set-Cookie" not in response.headers:
            response.with_cookie(fresh)
        return response

    def _guarded(self, visitor: Visitor) -> Response:
        """Fail closed: whatever Torimori does not answer is not done and not shown."""
        try:
            return self._route(visitor)
        except Away as away:
            view = visitor.view
            body = pages.message(view, view.t("away_title"), view.t("away_text"),
                                 view.t("away_code", code=away.code), bad=True)
            return Response(body, 503, headers={"Retry-After": str(away.retry_after)})
        except Refused as refused:
            return self._say(visitor, "error_title", 403, "reason", refused.code)

    def _route(self, visitor: Visitor) -> Response:
        request, view = visitor.request, visitor.view
        asked = (request.method, request.path)
        if request.method == "POST" and not same(request.form.get("csrf", ""),
                                                 visitor.browser["csrf"]):
            return self._say(visitor, "error_title", 403, "error_bad")
        cut = self._session_was_cut(visitor)
        if asked in self.open:
            return self.open[asked](visitor)
        if asked not in self.closed:
            return self._say(visitor, "error_title", 404, "error_not_found")
        if cut:
            return self._gone(visitor, "cut")
        if view.user is None:
            return self._say(visitor, "error_title", 401, "error_login")
        return self.closed[asked](visitor)

    def _session_was_cut(self, visitor: Visitor) -> bool:
        """Ask Torimori at every request whether the login still stands. That is how a lock pressed
        on another device reaches this page."""
        browser = visitor.browser
        if not browser["session"]:
            return False
        session = self.channel.introspect(browser["session"])
        whose = (session.get("customer"), session.get("user"))
        if session["active"] and whose == (browser["customer"], browser["user"]):
            visitor.view.user = self.book.user(*whose)
            return False
        self.book.forget_browser(browser["id"])
        return True

    def _gone(self, visitor: Visitor, key: str) -> Response:
        view = visitor.view
        view.user = None
        body = pages.message(view, view.t(key + "_title"), view.t(key + "_text"))
        return Response(body, 200 if key == "ended" else 401).with_cookie("")

    def _say(self, visitor: Visitor, title: str, status: int, key: str, code: str = "") -> Response:
        view = visitor.view
        text = pages.reason(view, code) if key == "reason" else view.t(key)
        return Response(pages.message(view, view.t(title), text, bad=True), status)

    # To Torimori and back ---------------------------------------------------------------------

    def _send(self, visitor: Visitor, purpose: str, instruction: str = "", **more: str) -> Response:
        """Send the browser to Torimori's own page, with a state that only this browser may bring
        back."""
        state = self.book.new_visit(visitor.browser["id"], purpose, instruction)
        begun = self.channel.interaction(purpose, self.return_uri, state, visitor.view.lang, **more)
        self.book.name_visit(state, begun["interaction_id"])
        return redirect(begun["url"])

    def login(self, visitor: Visitor) -> Response:
        return self._send(visitor, "login")

    def enrol(self, visitor: Visitor) -> Response:
        """Only a name goes to Torimori: the code of the letter is typed there, nowhere else."""
        form = visitor.request.form
        customer, user = form.get("customer", "").strip(), form.get("user", "").strip()
        if self.book.user(customer, user) is None:
            visitor.view.values = form
            visitor.view.faults = {"customer": "bad_customer"}
            return Response(pages.welcome(visitor.view), 422)
        return self._send(visitor, "enrol", customer=customer, user=user)

    def inbox(self, visitor: Visitor) -> Response:
        return self._send(visitor, "manage")

    def confirm(self, visitor: Visitor) -> Response:
        row = self._own(visitor, visitor.request.form.get("id", ""))
        if row is None or row["state"] != "step_up":
            return self._say(visitor, "error_title", 404, "error_not_found")
        return self._send(visitor, "confirm", row["id"], operation_id=row["operation"])

    def back(self, visitor: Visitor) -> Response:
        """The way back from Torimori. A state that this browser did not begin is login CSRF."""
        query = visitor.request.query
        state, interaction = query.get("state", ""), query.get("interaction", "")
        visit = None
        if HANDLE.fullmatch(state) and HANDLE.fullmatch(interaction):
            visit = self.book.take_visit(state, visitor.browser["id"], interaction)
        if visit is None:
            return self._say(visitor, "back_wrong_title", 403, "back_wrong")
        if visit["purpose"] == "confirm":
            return self._confirmed(visitor, visit, query)
        if "code" not in query:
            error = query.get("error", "")
            key = "back_" + error if error in ("expired", "locked") else "back_denied"
            return self._say(visitor, "back_title", 200, key)
        result = self.channel.result(interaction, query["code"])
        if result.get("status") != "collected" or result.get("purpose") != visit["purpose"]:
            return self._say(visitor, "back_title", 403, "back_denied")
        if visit["purpose"] == "login":
            return self._logged_in(visitor, result)
        view = visitor.view
        if view.user is not None:
            return redirect("/portfolio")
        return Response(pages.message(view, view.t("back_title"), view.t("back_enrolled")))

    def _logged_in(self, visitor: Visitor, result: dict[str, Any]) -> Response:
        """A new cookie for the new login, and only for one made with a phishing-resistant proof."""
        session = result.get("session") or {}
        customer, user = str(result.get("customer")), str(result.get("user"))
        strong = session.get("active") is True and session.get("acr") == "phr"
        if not strong or self.book.user(customer, user) is None:
            return self._say(visitor, "back_title", 403, "back_denied")
        self.book.forget_browser(visitor.browser["id"])
        token = self.book.new_browser(visitor.view.lang, customer, user, session["session_id"])
        return redirect("/portfolio").with_cookie(token)

    def _confirmed(self, visitor: Visitor, visit: sqlite3.Row, query: dict[str, str]) -> Response:
        """The way back says that something happened; what, Torimori says itself."""
        row = self._own(visitor, visit["instruction"])
        if row is None:
            return self._say(visitor, "back_wrong_title", 403, "back_wrong")
        if "code" in query:
            result = self.channel.result(visit["interaction"], query["code"])
            if result.get("operation", {}).get("operation_id") != row["operation"]:
                return self._say(visitor, "back_wrong_title", 403, "back_wrong")
        self.desk.look_again(row)
        return redirect("/instruction?id=" + row["id"])

    def logout(self, visitor: Visitor) -> Response:
        self.channel.end_session(visitor.browser["session"])
        self.book.forget_browser(visitor.browser["id"])
        return self._gone(visitor, "ended")

    # Pages -----------------------------------------------------------------------------------

    def welcome(self, visitor: Visitor) -> Response:
        if visitor.view.user is not None:
            return redirect("/portfolio")
        return Response(pages.welcome(visitor.view))

    def language(self, visitor: Visitor) -> Response:
        query = visitor.request.query
        if query.get("to") in ("ja", "en"):
            self.book.set_language(visitor.browser["id"], query["to"])
        back = urlsplit(query.get("back", "/")).path
        known = ("GET", back) in self.closed or ("GET", back) in self.open
        return redirect(back if known and back not in ("/torimori/return", "/language") else "/")

    def portfolio(self, visitor: Visitor) -> Response:
        customer = visitor.browser["customer"]
        bank = self.book.payout(customer)[1]
        return Response(pages.portfolio(visitor.view, bank, self.book.holdings(customer),
                                        self.book.history(customer)))

    def _own(self, visitor: Visitor, name: str) -> sqlite3.Row | None:
        """An instruction of this customer's; anybody else's does not exist."""
        return self.book.one(
            "SELECT * FROM instruction WHERE id = ? AND customer = ? AND user = ?", name,
            visitor.browser["customer"], visitor.browser["user"])

    def instruction(self, visitor: Visitor) -> Response:
        row = self._own(visitor, visitor.request.query.get("id", ""))
        if row is None:
            return self._say(visitor, "error_title", 404, "error_not_found")
        return Response(pages.result(visitor.view, row))

    def again(self, visitor: Visitor) -> Response:
        row = self._own(visitor, visitor.request.form.get("id", ""))
        if row is None:
            return self._say(visitor, "error_title", 404, "error_not_found")
        self.desk.look_again(row)
        return redirect("/instruction?id=" + row["id"])

    def order(self, visitor: Visitor) -> Response:
        view, form = visitor.view, visitor.request.form
        view.values = form or {"side": "buy", "order_type": "market"}
        if not form:
            return Response(pages.order(view, secrets.token_urlsafe(16)))
        fields = {"side": form.get("side"), "symbol": form.get("symbol"),
                  "quantity": number(form.get("quantity"), 100_000),
                  "order_type": form.get("order_type")}
        view.faults = {name: "bad_" + name for name, good in (
            ("side", fields["side"] in ("buy", "sell")),
            ("symbol", fields["symbol"] in people.securities()),
            ("quantity", fields["quantity"] is not None),
            ("order_type", fields["order_type"] in ("market", "limit"))) if not good}
        if fields["order_type"] == "limit":
            fields["limit_price"] = money(number(form.get("limit"), 1_000_000))
            if fields["limit_price"] is None:
                view.faults["limit"] = "bad_limit"
        if view.faults:
            return Response(pages.order(view, form.get("once", "")), 422)
        return self._submit(visitor, "order", fields)

    def withdrawal(self, visitor: Visitor) -> Response:
        view, form = visitor.view, visitor.request.form
        view.values = form
        account, bank = self.book.payout(visitor.browser["customer"])
        if not form:
            return Response(pages.withdrawal(view, secrets.token_urlsafe(16), bank))
        amount = money(number(form.get("amount"), view.user["cash"]))
        memo = text(form.get("memo"))
        if amount is None:
            view.faults["amount"] = "bad_amount"
        if memo is None or len(memo) > 40:
            view.faults["memo"] = "bad_memo"
        if view.faults:
            return Response(pages.withdrawal(view, form.get("once", ""), bank), 422)
        fields = {"amount": amount, "payout_account": account} | ({"memo": memo} if memo else {})
        return self._submit(visitor, "withdrawal", fields)

    def payout(self, visitor: Visitor) -> Response:
        view, form = visitor.view, visitor.request.form
        view.values = form or {"kind": "ordinary"}
        bank = self.book.payout(visitor.browser["customer"])[1]
        if not form:
            return Response(pages.payout(view, secrets.token_urlsafe(16), bank))
        fields = {name: text(form.get(name)) or ""
                  for name in ("bank_code", "branch_code", "kind", "number", "holder")}
        shapes = {"bank_code": "[0-9]{4}", "branch_code": "[0-9]{3}", "kind": "ordinary|current",
                  "number": "[0-9]{7}", "holder": ".{1,48}"}
        view.faults = {name: "bad_" + name for name, shape in shapes.items()
                       if not re.fullmatch(shape, fields[name])}
        if view.faults:
            return Response(pages.payout(view, form.get("once", ""), bank), 422)
        return self._submit(visitor, "payout_account_change", fields)

    def _submit(self, visitor: Visitor, kind: str, fields: dict[str, Any]) -> Response:
        """Ask for a decision; when it needs a proof of its own, go to Torimori's page at once."""
        request = visitor.request
        context = {"ip": request.address[0], "port": request.address[1],
                   "user_agent": request.user_agent, "locale": visitor.view.lang}
        row = self.desk.submit(visitor.browser, request.form.get("once", ""), kind, fields, context)
        if row["state"] == "step_up":
            return self._send(visitor, "confirm", row["id"], operation_id=row["operation"])
        return redirect("/instruction?id=" + row["id"])

    def show_mails(self, visitor: Visitor) -> Response:
        newest = sorted(self.mails.glob("*.eml"), reverse=True)[:MAILS_SHOWN]
        return Response(pages.mails(visitor.view, [read_mail(path) for path in newest]))


def number(given: str | None, largest: int) -> int | None:
    """A whole number from 1, as people type it; None for anything else."""
    digits = unicodedata.normalize("NFKC", given or "").replace(",", "").strip()
    if not re.fullmatch(r"[0-9]{1,12}", digits) or not 1 <= int(digits) <= largest:
        return None
    return int(digits)


def money(minor: int | None) -> dict[str, Any] | None:
    return None if minor is None else {"currency": "JPY", "minor": minor}


def text(given: str | None) -> str | None:
    """A text in NFC, as the contract wants it; None if it holds control characters."""
    normal = unicodedata.normalize("NFC", given or "").strip()
    return None if any(unicodedata.category(char)[0] == "C" for char in normal) else normal


def read_mail(path: Path) -> dict[str, str]:
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = letter.get_body(("plain", "html"))
    return {"from": str(letter["From"] or ""), "to": str(letter["To"] or ""),
            "date": str(letter["Date"] or ""), "subject": str(letter["Subject"] or ""),
            "text": body.get_content() if body is not None else ""}
