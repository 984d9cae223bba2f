"""The made-up world of みほん証券: customers, securities and prices, the same at every start.

Nobody and nothing here exists, and every name says so (見本, 架空, 例示 …).
"""

import hashlib
import random
import time
from dataclasses import dataclass, field

PERSONS = 300
COMPANY = "C-000301"

SURNAMES = [
    ("見本", "Mihon"), ("架空", "Kakuu"), ("例示", "Reiji"), ("試験", "Shiken"), ("仮名", "Kamei"),
    ("模擬", "Mogi"), ("想像", "Sozo"), ("空想", "Kuso"), ("雛形", "Hinagata"), ("見出", "Midashi"),
    ("仮置", "Karioki"), ("例題", "Reidai"), ("練習", "Renshu"), ("下書", "Shitagaki"),
    ("何某", "Nanigashi"), ("無名", "Mumei"), ("想定", "Sotei"), ("標本", "Hyohon"),
    ("手本", "Tehon"), ("図解", "Zukai")]
GIVEN = [
    ("花子", "Hanako"), ("太郎", "Taro"), ("一郎", "Ichiro"), ("二郎", "Jiro"), ("三郎", "Saburo"),
    ("一子", "Ichiko"), ("二子", "Niko"), ("三子", "Miko"), ("甲", "Ko"), ("乙", "Otsu"),
    ("丙", "Hei"), ("丁", "Tei"), ("壱", "Ichi"), ("弐", "Ni"), ("参", "San"), ("四季", "Shiki"),
    ("五月", "Satsuki"), ("六花", "Rikka"), ("七海", "Nanami"), ("八重", "Yae")]

TRADES = [
    ("電機", "Electric"), ("製薬", "Pharma"), ("海運", "Shipping"), ("食品", "Foods"),
    ("銀行", "Bank"), ("建設", "Builders"), ("通信", "Telecom"), ("鉄道", "Railway")]
HOUSES = [("架空", "Kakuu"), ("見本", "Mihon"), ("例示", "Reiji")]

FULL = ["view", "trade", "withdraw", "manage"]


@dataclass(frozen=True)
class Security:
    """Something that can be bought: code, name in both languages, price in yen to swing around."""

    symbol: str
    name: str
    name_en: str
    base: int


@dataclass
class User:
    """A person who logs in for a customer."""

    ref: str
    name: str
    name_en: str
    mail: str
    rights: list[str] = field(default_factory=lambda: list(FULL))


@dataclass
class Customer:
    """A customer with one account, as the broker's own books begin."""

    ref: str
    kind: str
    name: str
    name_en: str
    users: list[User]
    cash: int
    holdings: dict[str, int]
    bank: dict[str, str]
    account: str = "A-1"


def securities() -> dict[str, Security]:
    """24 made-up companies, coded 0001 to 0024."""
    found = {}
    for number in range(len(TRADES) * len(HOUSES)):
        house, trade = HOUSES[number // len(TRADES)], TRADES[number % len(TRADES)]
        symbol = f"{number + 1:04d}"
        base = random.Random(f"price {symbol}").randrange(300, 6000)
        found[symbol] = Security(symbol, house[0] + trade[0], f"{house[1]} {trade[1]}", base)
    return found


def price(security: Security, at: float | None = None) -> int:
    """Yen for a share: within 3 % of the base, another one every minute."""
    minute = int((time.time() if at is None else at) // 60)
    digest = hashlib.sha256(f"{security.symbol} {minute}".encode()).digest()
    swing = int.from_bytes(digest[:2], "big") % 601 - 300
    return security.base + security.base * swing // 10000


def person(number: int) -> Customer:
    surname = SURNAMES[(number - 1) % len(SURNAMES)]
    given = GIVEN[((number - 1) // len(SURNAMES) + (number - 1)) % len(GIVEN)]
    name, name_en = f"{surname[0]} {given[0]}", f"{given[1]} {surname[1]}"
    ref = f"C-{number:06d}"
    user = User("U-1", name, name_en, f"c{number:06d}@mail.example")
    return Customer(ref, "person", name, name_en, [user], **belongings(ref, name_en.upper()))


def company() -> Customer:
    """One company, with a president who may do everything and a clerk who may not move money."""
    users = [
        User("U-1", "架空 社長", "Shacho Kakuu", "shacho@shoji.example"),
        User("U-2", "架空 経理", "Keiri Kakuu", "keiri@shoji.example", ["view", "trade"])]
    return Customer(COMPANY, "company", "株式会社架空商事", "Kakuu Trading Inc.", users,
                    **belongings(COMPANY, "カ)カクウシヨウジ"))


def belongings(ref: str, holder: str) -> dict:
    """Cash, shares and a bank account that exists nowhere (bank 0000)."""
    dice = random.Random(f"belongings {ref}")
    shares = dice.sample(sorted(securities()), dice.randrange(2, 6))
    return {
        "cash": dice.randrange(10, 60) * 100_000,
        "holdings": {symbol: dice.randrange(1, 20) * 100 for symbol in sorted(shares)},
        "bank": {"bank_code": "0000", "branch_code": f"{dice.randrange(1000):03d}",
                 "kind": "ordinary", "number": f"{dice.randrange(10**7):07d}", "holder": holder}}


def everybody() -> list[Customer]:
    return [person(number) for number in range(1, PERSONS + 1)] + [company()]


def as_record(customer: Customer) -> dict:
    """The body of POST /v1/customers."""
    return {
        "ref": customer.ref, "kind": customer.kind, "locale": "ja",
        "users": [{"ref": user.ref, "name": user.name,
                   "contacts": [{"kind": "mail", "address": user.mail}]}
                  for user in customer.users],
        "accounts": [{"ref": customer.account, "kind": "general"}],
        "roles": [{"user": user.ref, "account": customer.account, "rights": user.rights}
                  for user in customer.users]}
