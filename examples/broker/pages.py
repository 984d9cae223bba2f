"""The broker's pages. Values in, HTML out; nothing here decides anything."""

import datetime
import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import people
from markup import Markup, h, join, known, words

NAV = [("portfolio", "/portfolio"), ("order", "/order"), ("withdrawal", "/withdrawal"),
       ("payout", "/payout")]


@dataclass
class View:
    """Who looks, in which language, and what came back from the last try of a form."""

    lang: str
    csrf: str
    path: str
    user: sqlite3.Row | None = None
    values: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # field -> text key

    def t(self, key: str, **values: Any) -> str:
        return words(self.lang, key, **values)

    def name(self, thing: Any) -> str:
        """A made-up name in the page's language."""
        return thing.name_en if self.lang == "en" else thing.name


def page(view: View, title: str, *content: Any) -> str:
    """A whole document around a page's content."""
    other = "en" if view.lang == "ja" else "ja"
    head = h("head", h("meta", charset="utf-8"),
             h("meta", name="viewport", content="width=device-width, initial-scale=1"),
             h("title", f"{title} – {view.t('brand')}"),
             h("link", rel="stylesheet", href="/style.css"))
    switch = h("a", view.t("language_other"), href=f"/language?to={other}&back={view.path}",
               lang=other, hreflang=other)
    top = h("header", h("a", view.t("skip"), href="#content", class_="skip"),
            h("div", h("p", view.t("brand"), class_="brand"), h("div", _who(view), " ", switch),
              class_="bar"),
            _nav(view), class_="top")
    foot = h("footer", h("p", view.t("sample_note")))
    body = h("body", top, h("main", h("h1", title), *content, id="content", tabindex="-1"), foot)
    return "<!DOCTYPE html>\n" + h("html", head, body, lang=view.lang)


def _who(view: View) -> Any:
    if view.user is None:
        return None
    name = view.user["name_en"] if view.lang == "en" else view.user["name"]
    if view.user["kind"] == "company":
        firm = view.user["customer_name_en"] if view.lang == "en" else view.user["customer_name"]
        name = f"{firm} {name}"
    return h("span", view.t("logged_in_as", name=name))


def _nav(view: View) -> Any:
    if view.user is None:
        return None
    items = [h("li", h("a", view.t("nav_" + name), href=path,
                       aria_current="page" if path == view.path else None))
             for name, path in NAV]
    items += [h("li", form(view, "/inbox", h("button", view.t("nav_inbox")))),
              h("li", form(view, "/logout", h("button", view.t("nav_logout"))))]
    return h("nav", h("ul", items), aria_label=view.t("menu"))


def form(view: View, action: str, *content: Any) -> Markup:
    """Every form carries the token that only a page of ours knows."""
    return h("form", h("input", type="hidden", name="csrf", value=view.csrf), *content,
             method="post", action=action, novalidate=True)


def button(text: str, plain: bool = False) -> Markup:
    return h("button", text, class_="button plain" if plain else "button")


def text_field(view: View, name: str, key: str, hint: str = "", numeric: bool = False,
               **more: Any) -> Markup:
    """A labelled input with its hint and, after a bad try, what is wrong with it."""
    fault = view.faults.get(name)
    described = [f"{name}-hint"] * bool(hint) + [f"{name}-wrong"] * bool(fault)
    return h("div", h("label", view.t(key), for_=name),
             h("p", hint, class_="hint", id=f"{name}-hint") if hint else None,
             h("input", type="text", id=name, name=name, value=view.values.get(name, ""),
               inputmode="numeric" if numeric else None, autocomplete="off",
               aria_describedby=" ".join(described) or None,
               aria_invalid="true" if fault else None, **more),
             _wrong(view, name), class_="field")


def radios(view: View, name: str, key: str, choices: list[tuple[str, str]]) -> Markup:
    chosen = view.values.get(name)
    rows = [h("label", h("input", type="radio", name=name, value=value, checked=value == chosen),
              text, class_="choice") for value, text in choices]
    return h("fieldset", h("legend", view.t(key)), rows, _wrong(view, name))


def select(view: View, name: str, key: str, choices: list[tuple[str, str]]) -> Markup:
    chosen = view.values.get(name)
    rows = [h("option", text, value=value, selected=value == chosen) for value, text in choices]
    return h("div", h("label", view.t(key), for_=name), h("select", rows, id=name, name=name),
             _wrong(view, name), class_="field")


def _wrong(view: View, name: str) -> Any:
    if name not in view.faults:
        return None
    return h("p", view.t(view.faults[name]), class_="wrong", id=f"{name}-wrong")


def fault_summary(view: View) -> Any:
    """What is wrong, all at once, before the form; each line leads to its field."""
    if not view.faults:
        return None
    rows = [h("li", h("a", view.t(key), href=f"#{name}")) for name, key in view.faults.items()]
    return h("div", h("h2", view.t("form_errors")), h("ul", rows), class_="box bad", role="alert")


def yen(amount: int) -> str:
    return f"{amount:,}"


def when(at: float) -> str:
    japan = datetime.timezone(datetime.timedelta(hours=9))
    return datetime.datetime.fromtimestamp(at, japan).strftime("%Y-%m-%d %H:%M")


def bank_line(view: View, bank: dict[str, str]) -> str:
    return view.t("bank_line", **bank | {"kind": view.t("kind_" + bank["kind"])})


def table(heads: list[tuple[str, bool]], rows: list[list[Any]], label: str) -> Markup:
    """A table that scrolls by itself on a narrow screen; heads are (text, is a number)."""
    def cells(name: str, row: list[Any], **more: Any) -> list[Markup]:
        return [h(name, cell, class_="number" if number else None, **more)
                for cell, (_, number) in zip(row, heads)]
    head = h("thead", h("tr", cells("th", [text for text, _ in heads], scope="col")))
    body = h("tbody", [h("tr", cells("td", row)) for row in rows])
    return h("div", h("table", head, body), class_="wide", role="region", aria_label=label,
             tabindex="0")


# The pages ------------------------------------------------------------------------------------


def welcome(view: View) -> str:
    view.values.setdefault("user", "U-1")
    enrol = form(view, "/enrol", fault_summary(view),
                 text_field(view, "customer", "enrol_customer", view.t("enrol_customer_hint")),
                 text_field(view, "user", "enrol_user", view.t("enrol_user_hint")),
                 button(view.t("enrol_button"), plain=True))
    return page(view, view.t("welcome_title"), h("p", view.t("welcome_text")),
                form(view, "/login", button(view.t("welcome_login"))),
                h("h2", view.t("welcome_enrol_title")), h("p", view.t("welcome_enrol_text")), enrol)


def portfolio(view: View, bank: dict[str, str], held: dict[str, int],
              history: list[sqlite3.Row]) -> str:
    return page(
        view, view.t("portfolio_title"),
        h("h2", view.t("portfolio_cash")),
        h("p", "¥" + yen(view.user["cash"]), class_="figure", id="cash"),
        h("h2", view.t("portfolio_payout")), h("p", bank_line(view, bank), id="payout-now"),
        h("h2", view.t("portfolio_holdings")), _holdings(view, held),
        h("h2", view.t("portfolio_history")), _history(view, history))


def _holdings(view: View, held: dict[str, int]) -> Markup:
    if not held:
        return h("p", view.t("portfolio_none"))
    rows = []
    for symbol, count in held.items():
        security = people.securities()[symbol]
        price = people.price(security)
        rows.append([f"{symbol} {view.name(security)}", yen(count), yen(price), yen(price * count)])
    heads = [(view.t("col_symbol"), False), (view.t("col_quantity"), True),
             (view.t("col_price"), True), (view.t("col_value"), True)]
    return table(heads, rows, view.t("portfolio_holdings"))


def _history(view: View, history: list[sqlite3.Row]) -> Markup:
    if not history:
        return h("p", view.t("portfolio_no_history"))
    rows = [[when(row["at"]), h("a", what(view, row), href=f"/instruction?id={row['id']}"),
             view.t("state_" + row["state"])] for row in history]
    heads = [(view.t("col_when"), False), (view.t("col_what"), False), (view.t("col_state"), False)]
    return table(heads, rows, view.t("portfolio_history"))


def what(view: View, row: sqlite3.Row) -> str:
    """An instruction in a few words."""
    fields = json.loads(row["fields"])
    if row["type"] == "withdrawal":
        return view.t("what_withdrawal", amount=yen(fields["amount"]["minor"]))
    if row["type"] == "payout_account_change":
        return view.t("what_payout_account_change", **fields)
    security = people.securities()[fields["symbol"]]
    return view.t("what_order", name=view.name(security), quantity=yen(fields["quantity"]),
                  side=view.t("side_" + fields["side"]),
                  type=view.t("type_" + fields["order_type"]))


def order(view: View, once: str) -> str:
    listed = [(s.symbol, f"{s.symbol} {view.name(s)} ¥{yen(people.price(s))}")
              for s in people.securities().values()]
    sides = [("buy", view.t("side_buy")), ("sell", view.t("side_sell"))]
    kinds = [("market", view.t("type_market")), ("limit", view.t("type_limit"))]
    return page(view, view.t("order_title"), h("p", view.t("order_text")), form(
        view, "/order", fault_summary(view), _once(once),
        radios(view, "side", "order_side", sides), select(view, "symbol", "order_symbol", listed),
        text_field(view, "quantity", "order_quantity", view.t("order_quantity_hint"), True),
        radios(view, "order_type", "order_type", kinds),
        text_field(view, "limit", "order_limit", view.t("order_limit_hint"), True),
        button(view.t("order_button"))))


def withdrawal(view: View, once: str, bank: dict[str, str]) -> str:
    hint = view.t("withdrawal_amount_hint", cash=yen(view.user["cash"]))
    return page(view, view.t("withdrawal_title"), h("p", view.t("withdrawal_text")), form(
        view, "/withdrawal", fault_summary(view), _once(once),
        h("p", view.t("withdrawal_to"), class_="label"), h("p", bank_line(view, bank)),
        text_field(view, "amount", "withdrawal_amount", hint, True),
        text_field(view, "memo", "withdrawal_memo", view.t("withdrawal_memo_hint")),
        button(view.t("withdrawal_button"))))


def payout(view: View, once: str, bank: dict[str, str]) -> str:
    kinds = [("ordinary", view.t("kind_ordinary")), ("current", view.t("kind_current"))]
    return page(view, view.t("payout_title"), h("p", view.t("payout_text")), form(
        view, "/payout", fault_summary(view), _once(once),
        h("p", view.t("payout_now"), class_="label"), h("p", bank_line(view, bank)),
        text_field(view, "bank_code", "payout_bank", view.t("payout_bank_hint"), True),
        text_field(view, "branch_code", "payout_branch", view.t("payout_branch_hint"), True),
        radios(view, "kind", "payout_kind", kinds),
        text_field(view, "number", "payout_number", view.t("payout_number_hint"), True),
        text_field(view, "holder", "payout_holder", view.t("payout_holder_hint")),
        button(view.t("payout_button"))))


def _once(token: str) -> Markup:
    """Names this filling-in of the form, so that a second click is no second instruction."""
    return h("input", type="hidden", name="once", value=token)


def reason(view: View, code: str) -> str:
    key = "reason_" + code
    return view.t(key) if known(view.lang, key) else view.t("reason_unknown", code=code)


def result(view: View, row: sqlite3.Row) -> str:
    """How an instruction stands, and what can be done about it."""
    state = row["state"]
    tone = "good" if state == "executed" else "bad" if state in ("denied", "failed") else ""
    lines = [h("h2", what(view, row)), h("p", view.t("result_" + state))]
    if row["reason"]:
        lines.append(h("p", view.t("result_reason", reason=reason(view, row["reason"]))))
    if row["operation"]:
        lines.append(h("p", view.t("result_receipt", operation=row["operation"])))
    name = h("input", type="hidden", name="id", value=row["id"])
    more = []
    if state == "step_up":
        more.append(form(view, "/confirm", name, button(view.t("result_confirm"))))
    if state in ("held", "unclear"):
        more.append(form(view, "/again", name, button(view.t("result_again"), plain=True)))
    box = h("div", lines, class_=f"box {tone}".strip(), role="status", data_state=state,
            data_reason=row["reason"] or None)
    return page(view, view.t("result_title"), box, more,
                h("p", h("a", view.t("result_home"), href="/portfolio")))


def message(view: View, title: str, *texts: str, bad: bool = False) -> str:
    """A page that only says something."""
    box = h("div", [h("p", text) for text in texts], class_="box bad" if bad else "box",
            role="alert" if bad else "status")
    home = "/portfolio" if view.user is not None else "/"
    label = view.t("result_home") if view.user is not None else view.t("welcome_title")
    return page(view, title, box, h("p", h("a", label, href=home)))


def mails(view: View, letters: list[dict[str, str]]) -> str:
    """The demo's mail box."""
    shown = [h("article", h("h2", letter["subject"]), h("dl", [
        join(h("dt", view.t("mail_" + name)), h("dd", letter[name]))
        for name in ("from", "to", "date")]), h("pre", letter["text"]), class_="box")
        for letter in letters]
    return page(view, view.t("mails_title"), h("p", view.t("mails_text")),
                shown or h("p", view.t("mails_none")))
