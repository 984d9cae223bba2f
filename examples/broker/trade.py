"""From an instruction to its execution: ask Torimori, have it confirmed, redeem, carry out.

This is the part of the sample that a channel's engineer wants to read. Everything that is not a
clear yes ends here without anything having moved.
"""

import datetime
import hashlib
import json
import sqlite3
import time
from typing import Any

from book import Book
from channel import Away, Channel, Operation, Refused


def timestamp(at: float | None = None) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime.datetime.fromtimestamp(time.time() if at is None else at, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def name_of(form: str, kind: str, fields: dict[str, Any]) -> str:
    """The instruction's id, which is its Idempotency-Key: the same form with the same content is
    the same instruction, however often it is sent; a changed amount makes another one."""
    content = json.dumps([form, kind, fields], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:40]


class Desk:
    """Carries instructions through."""

    def __init__(self, book: Book, channel: Channel) -> None:
        self.book, self.channel = book, channel

    def submit(self, who: sqlite3.Row, form: str, kind: str, fields: dict[str, Any],
               context: dict[str, Any]) -> sqlite3.Row:
        """Write an instruction down, ask for a decision, and go as far as that allows."""
        name = name_of(form, kind, fields)
        row = self.book.write_down({
            "id": name, "customer": who["customer"], "user": who["user"], "type": kind,
            "fields": fields, "context": context, "session": who["session"]})
        if row["state"] != "asked":
            return row  # a second click
        try:
            operation = self.channel.ask(self._body(row), name)
        except Refused as refused:
            self.book.set_state(name, "denied", refused.code)
            return self.book.instruction(name)
        self.book.name_operation(name, operation.id)
        return self.advance(name, operation)

    def _body(self, row: sqlite3.Row) -> dict[str, Any]:
        """The request, made of what was written down: a second try must be the same to the byte."""
        account = self.book.user(row["customer"], row["user"])["account"]
        return {"type": row["type"], "type_version": 1, "occurred_at": timestamp(row["at"]),
                "customer": row["customer"], "account": account, "user": row["user"],
                "session": row["session"], "context": json.loads(row["context"]),
                "fields": json.loads(row["fields"])}

    def advance(self, name: str, operation: Operation) -> sqlite3.Row:
        """Do what an operation's state permits."""
        if operation.outcome == "allowed":
            return self._settle(name, operation)
        if operation.outcome == "redeemed":
            # Somebody redeemed it, and it was not this call: never carry out on a guess.
            operation.outcome = "unclear"
        self.book.set_state(name, operation.outcome, operation.reason)
        return self.book.instruction(name)

    def _settle(self, name: str, operation: Operation) -> sqlite3.Row:
        """Redeem immediately before execution; redeeming checks lock and session once more."""
        row = self.book.instruction(name)
        if row["operation"] != operation.id or not self.book.begin_redeeming(name):
            return row
        try:
            redeemed = self.channel.redeem(operation.id)
        except Refused as refused:
            # Redeemed already: an answer of ours was lost on the way, or worse. People must look.
            state = "unclear" if refused.code == "operation_state" else "denied"
            self.book.set_state(name, state, refused.code)
            return self.book.instruction(name)
        except Away:
            self.book.set_state(name, "unclear", "unreachable")
            raise
        if redeemed.outcome != "redeemed":
            late = redeemed.outcome in ("expired", "lapsed")
            state = redeemed.outcome if late else "denied"
            self.book.set_state(name, state, redeemed.reason)
            return self.book.instruction(name)
        done = self.book.execute(name)
        self.send_events()
        return done

    def look_again(self, row: sqlite3.Row) -> sqlite3.Row:
        """Ask how an instruction stands that waits for a confirmation or whose answer was lost."""
        if row["state"] not in ("step_up", "held", "unclear") or not row["operation"]:
            return row
        return self.advance(row["id"], self.channel.operation(row["operation"]))

    def send_events(self) -> None:
        """Tell Torimori what was filled. What cannot be sent now goes with the next one; its id
        lets Torimori drop repeats."""
        for event in self.book.all("SELECT * FROM event ORDER BY at LIMIT 20"):
            kept = json.loads(event["body"])
            account = self.book.one("SELECT ref FROM account WHERE customer = ?", kept["customer"])
            body = {"id": event["id"], "type": "order.filled", "customer": kept["customer"],
                    "account": account["ref"], "occurred_at": timestamp(event["at"] / 1000),
                    "fields": kept["fields"]}
            try:
                self.channel.events([body])
            except (Away, Refused):
                return
            self.book.do("DELETE FROM event WHERE id = ?", event["id"])
