"""The broker's own books in one SQLite file: who holds what, what was asked, and browser sessions.

An instruction is what a customer asked for. It is written down before Torimori is asked and carried
out at most once, in the transaction that also marks it as carried out.
"""

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import people

SCHEMA = """
CREATE TABLE IF NOT EXISTS customer (ref TEXT PRIMARY KEY, kind TEXT, name TEXT, name_en TEXT);
CREATE TABLE IF NOT EXISTS user (customer TEXT, ref TEXT, name TEXT, name_en TEXT, mail TEXT,
    PRIMARY KEY (customer, ref));
CREATE TABLE IF NOT EXISTS account (customer TEXT PRIMARY KEY, ref TEXT, cash INTEGER
    CHECK (cash >= 0));
CREATE TABLE IF NOT EXISTS holding (customer TEXT, symbol TEXT, quantity INTEGER
    CHECK (quantity >= 0), PRIMARY KEY (customer, symbol));
CREATE TABLE IF NOT EXISTS payout (customer TEXT, ref TEXT, bank TEXT, since INTEGER,
    PRIMARY KEY (customer, ref));
CREATE TABLE IF NOT EXISTS instruction (id TEXT PRIMARY KEY, customer TEXT, user TEXT, type TEXT,
    fields TEXT, context TEXT, session TEXT, operation TEXT UNIQUE, state TEXT, reason TEXT,
    at INTEGER);
CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, body TEXT, at INTEGER);
CREATE TABLE IF NOT EXISTS browser (id TEXT PRIMARY KEY, csrf TEXT, lang TEXT, customer TEXT,
    user TEXT, session TEXT, at INTEGER);
CREATE TABLE IF NOT EXISTS visit (state TEXT PRIMARY KEY, browser TEXT, purpose TEXT,
    interaction TEXT, instruction TEXT, at INTEGER);
"""
BROWSER_LIFE_S = 12 * 3600
VISIT_LIFE_S = 15 * 60


class NotPossible(Exception):
    """The books do not allow it: not enough cash, not enough shares. Holds a text key."""


def digest(token: str) -> str:
    """Tokens lie in the file only as hashes, so that a copy of the file logs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def reference(bank: dict[str, str]) -> str:
    """What a withdrawal calls a payout account. The customer reads it on the page where he signs,
    so it says which account it is."""
    return f"{bank['bank_code']}-{bank['branch_code']}-{bank['number']}"


class Book:
    """All state. One connection behind one lock: it is a sample, and correct is enough."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock = threading.RLock()
        self.db = sqlite3.connect(folder / "broker.sqlite", check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.executescript(SCHEMA)
        # A redemption that was under way when the process ended: nobody knows its answer.
        self.do("UPDATE instruction SET state = 'unclear' WHERE state = 'redeeming'")
        if self.one("SELECT 1 FROM customer") is None:
            self._fill()

    def _fill(self) -> None:
        now = int(time.time())
        with self.lock, self.db:
            for who in people.everybody():
                self.db.execute("INSERT INTO customer VALUES (?,?,?,?)",
                                (who.ref, who.kind, who.name, who.name_en))
                self.db.executemany(
                    "INSERT INTO user VALUES (?,?,?,?,?)",
                    [(who.ref, u.ref, u.name, u.name_en, u.mail) for u in who.users])
                self.db.execute("INSERT INTO account VALUES (?,?,?)",
                                (who.ref, who.account, who.cash))
                self.db.executemany(
                    "INSERT INTO holding VALUES (?,?,?)",
                    [(who.ref, symbol, count) for symbol, count in who.holdings.items()])
                self.db.execute("INSERT INTO payout VALUES (?,?,?,?)",
                                (who.ref, reference(who.bank), json.dumps(who.bank), now))

    def one(self, statement: str, *values: Any) -> sqlite3.Row | None:
        with self.lock:
            return self.db.execute(statement, values).fetchone()

    def all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with self.lock:
            return self.db.execute(statement, values).fetchall()

    def do(self, statement: str, *values: Any) -> int:
        """Run a statement in a transaction of its own; how many rows it changed."""
        with self.lock, self.db:
            return self.db.execute(statement, values).rowcount

    # Browsers --------------------------------------------------------------------------------

    def new_browser(self, lang: str, customer: str = "", user: str = "", session: str = "") -> str:
        """A fresh cookie value. Logging in always takes one, so nobody can plant his own."""
        token, now = secrets.token_urlsafe(32), int(time.time())
        self.do("DELETE FROM browser WHERE at < ?", now - BROWSER_LIFE_S)
        self.do("DELETE FROM visit WHERE at < ?", now - VISIT_LIFE_S)
        self.do("INSERT INTO browser VALUES (?,?,?,?,?,?,?)", digest(token),
                secrets.token_urlsafe(24), lang, customer, user, session, now)
        return token

    def browser(self, token: str) -> sqlite3.Row | None:
        oldest = int(time.time()) - BROWSER_LIFE_S
        return self.one("SELECT * FROM browser WHERE id = ? AND at >= ?", digest(token), oldest)

    def forget_browser(self, browser_id: str) -> None:
        self.do("DELETE FROM browser WHERE id = ?", browser_id)

    def set_language(self, browser_id: str, lang: str) -> None:
        self.do("UPDATE browser SET lang = ? WHERE id = ?", lang, browser_id)

    def new_visit(self, browser_id: str, purpose: str, instruction: str = "") -> str:
        """A `state` that only this browser may bring back, once."""
        state = secrets.token_urlsafe(24)
        self.do("INSERT INTO visit VALUES (?,?,?,?,?,?)", digest(state), browser_id, purpose, "",
                instruction, int(time.time()))
        return state

    def name_visit(self, state: str, interaction: str) -> None:
        self.do("UPDATE visit SET interaction = ? WHERE state = ?", interaction, digest(state))

    def take_visit(self, state: str, browser_id: str, interaction: str) -> sqlite3.Row | None:
        """The visit that this browser began under this state; whoever asks again gets nothing."""
        name = digest(state)
        with self.lock:
            visit = self.one(
                "SELECT * FROM visit WHERE state = ? AND browser = ? AND interaction = ? "
                "AND at >= ?", name, browser_id, interaction, int(time.time()) - VISIT_LIFE_S)
            if visit is not None:
                self.do("DELETE FROM visit WHERE state = ?", name)
        return visit

    # What a customer has ----------------------------------------------------------------------

    def user(self, customer: str, user: str) -> sqlite3.Row | None:
        return self.one(
            "SELECT u.*, c.kind, c.name AS customer_name, c.name_en AS customer_name_en, "
            "a.ref AS account, a.cash FROM user u JOIN customer c ON c.ref = u.customer "
            "JOIN account a ON a.customer = u.customer WHERE u.customer = ? AND u.ref = ?",
            customer, user)

    def holdings(self, customer: str) -> dict[str, int]:
        rows = self.all("SELECT symbol, quantity FROM holding WHERE customer = ? AND quantity > 0 "
                        "ORDER BY symbol", customer)
        return {row["symbol"]: row["quantity"] for row in rows}

    def payout(self, customer: str) -> tuple[str, dict[str, str]]:
        """The reference of the payout account in force, and the account."""
        row = self.one("SELECT ref, bank FROM payout WHERE customer = ? ORDER BY since DESC, "
                       "rowid DESC", customer)
        assert row is not None  # every customer has one from the first day
        return row["ref"], json.loads(row["bank"])

    def history(self, customer: str, count: int = 20) -> list[sqlite3.Row]:
        return self.all("SELECT * FROM instruction WHERE customer = ? ORDER BY at DESC, rowid DESC "
                        "LIMIT ?", customer, count)

    # Instructions ----------------------------------------------------------------------------

    def write_down(self, instruction: dict[str, Any]) -> sqlite3.Row:
        """Keep an instruction under its id; a second click finds the first one."""
        self.do("INSERT OR IGNORE INTO instruction VALUES (?,?,?,?,?,?,?,NULL,'asked','',?)",
                instruction["id"], instruction["customer"], instruction["user"],
                instruction["type"], json.dumps(instruction["fields"], ensure_ascii=False),
                json.dumps(instruction["context"], ensure_ascii=False), instruction["session"],
                int(time.time()))
        return self.instruction(instruction["id"])

    def instruction(self, name: str) -> sqlite3.Row:
        row = self.one("SELECT * FROM instruction WHERE id = ?", name)
        assert row is not None  # ids are made here
        return row

    def name_operation(self, name: str, operation: str) -> None:
        self.do("UPDATE instruction SET operation = ? WHERE id = ?", operation, name)

    def set_state(self, name: str, state: str, reason: str = "") -> None:
        """Any state but `executed`, which nothing undoes."""
        self.do("UPDATE instruction SET state = ?, reason = ? WHERE id = ? AND state != 'executed'",
                state, reason, name)

    def begin_redeeming(self, name: str) -> bool:
        """True for the one caller who may redeem now."""
        return self.do("UPDATE instruction SET state = 'redeeming' WHERE id = ? "
                       "AND state IN ('asked', 'step_up', 'held', 'unclear')", name) == 1

    def execute(self, name: str) -> sqlite3.Row:
        """Carry out a redeemed instruction, whole or not at all."""
        with self.lock:
            row = self.instruction(name)
            assert row["state"] == "redeeming", row["state"]
            try:
                with self.db:
                    self._carry_out(row, json.loads(row["fields"]))
                    self.db.execute("UPDATE instruction SET state = 'executed' WHERE id = ?",
                                    (name,))
            except (NotPossible, sqlite3.IntegrityError):
                self.set_state(name, "failed", "not_enough")
            return self.instruction(name)

    def _carry_out(self, row: sqlite3.Row, fields: dict[str, Any]) -> None:
        if row["type"] == "withdrawal":
            self._pay(row["customer"], -fields["amount"]["minor"])
        elif row["type"] == "payout_account_change":
            self.db.execute("INSERT OR REPLACE INTO payout VALUES (?,?,?,?)", (
                row["customer"], reference(fields), json.dumps(fields, ensure_ascii=False),
                int(time.time())))
        elif row["type"] == "order":
            self._trade(row, fields)
        else:
            raise NotPossible(row["type"])

    def _pay(self, customer: str, yen: int) -> None:
        self.db.execute("UPDATE account SET cash = cash + ? WHERE customer = ?", (yen, customer))

    def _trade(self, row: sqlite3.Row, fields: dict[str, Any]) -> None:
        """Fill an order at once, at the limit or the price of the minute."""
        security = people.securities()[fields["symbol"]]
        price = fields.get("limit_price", {"minor": people.price(security)})["minor"]
        sign = 1 if fields["side"] == "buy" else -1
        count = fields["quantity"]
        self._pay(row["customer"], -sign * price * count)
        self.db.execute("INSERT OR IGNORE INTO holding VALUES (?,?,0)",
                        (row["customer"], fields["symbol"]))
        self.db.execute("UPDATE holding SET quantity = quantity + ? WHERE customer = ? AND "
                        "symbol = ?", (sign * count, row["customer"], fields["symbol"]))
        event = {"side": fields["side"], "symbol": fields["symbol"], "quantity": count,
                 "price": {"currency": "JPY", "minor": price}}
        self.db.execute("INSERT INTO event VALUES (?,?,?)", (
            "filled-" + row["id"], json.dumps({"customer": row["customer"], "fields": event}),
            int(time.time() * 1000)))
