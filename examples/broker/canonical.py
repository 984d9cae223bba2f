"""The canonical form of an operation and the challenge that binds a proof to it.

Written from docs/integration.md alone, so that it is a second opinion on what the server does. A
channel does not need it to work; it needs it to check afterwards what a customer really signed.
"""

import hashlib
import re
import unicodedata
from typing import Any

HEAD = "torimori.op.v1"
LABEL = b"torimori.challenge.v1\x00"

# Each type's fields in canonical order, with the kind that their lines carry.
TYPES: dict[str, list[tuple[str, str]]] = {
    "login": [],
    "withdrawal": [("amount", "money"), ("payout_account", "text"), ("memo", "text")],
    "payout_account_change": [
        ("bank_code", "text"), ("branch_code", "text"), ("kind", "word"), ("number", "text"),
        ("holder", "text")],
    "order": [
        ("side", "word"), ("symbol", "text"), ("quantity", "int"), ("order_type", "word"),
        ("limit_price", "money")],
    "profile_change": [("item", "word"), ("new_value", "text")],
    "credential_add": [("label", "text")],
    "credential_remove": [("credential", "id")],
}

# What stands before the type's own fields. The last two are absent where the operation has none.
ENVELOPE = [
    ("type", "word"), ("type_version", "int"), ("operation", "id"), ("channel", "id"),
    ("origin", "text"), ("purpose", "word"), ("customer", "text"), ("account", "text")]
MAY_BE_ABSENT = {"customer", "account", "memo", "limit_price"}

WORD = re.compile(r"[a-z][a-z0-9_]*")
ID = re.compile(r"[A-Za-z0-9_-]{24}")
CURRENCY = re.compile(r"[A-Z]{3}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class NotCanonical(ValueError):
    """The operation has no canonical form: a field is missing, unknown or badly written."""


def _text(value: Any) -> str:
    """Only the backslash is escaped: no control character can end a line and begin a false one."""
    if not isinstance(value, str) or value != unicodedata.normalize("NFC", value):
        raise NotCanonical("a text is not in normal form NFC")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        raise NotCanonical("a text holds a control character")
    return value.replace("\\", "\\\\")


def _int(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or not -2**63 <= value < 2**63:
        raise NotCanonical("not an integer of 64 bits")
    return str(value)


def _money(value: Any) -> str:
    if not isinstance(value, dict) or set(value) != {"currency", "minor"}:
        raise NotCanonical("money is a currency and minor units")
    return f"{_matching(CURRENCY, value['currency'])} {_int(value['minor'])}"


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise NotCanonical(f"{value!r} is not of the form {pattern.pattern}")
    return value


def line(name: str, kind: str, value: Any) -> str:
    """One field as it stands in the canonical form, with its line feed."""
    writers = {
        "text": _text,
        "int": _int,
        "money": _money,
        "word": lambda word: _matching(WORD, word),
        "id": lambda name: _matching(ID, name),
        "time": lambda time: _matching(TIME, time),
    }
    return f"{name}={kind}:{writers[kind](value)}\n"


def canonical(operation: dict[str, Any]) -> bytes:
    """The bytes that stand for an operation: the envelope's members, and `fields` of its type."""
    fields = operation.get("fields", {})
    table = TYPES.get(operation.get("type", ""))
    if table is None or set(fields) - {name for name, _ in table}:
        raise NotCanonical("a type or a field that this page does not know")
    out = [HEAD + "\n"]
    for source, rows in ((operation, ENVELOPE), (fields, table)):
        for name, kind in rows:
            if source.get(name) is not None:
                out.append(line(name, kind, source[name]))
            elif name not in MAY_BE_ABSENT:
                raise NotCanonical(f"{name} is missing")
    return "".join(out).encode("utf-8")


def challenge(canonical_bytes: bytes, nonce: bytes) -> bytes:
    """What the authenticator signs: the operation under a nonce that is used once."""
    if len(nonce) != 32:
        raise NotCanonical("a nonce has 32 bytes")
    return hashlib.sha256(LABEL + nonce + hashlib.sha256(canonical_bytes).digest()).digest()
