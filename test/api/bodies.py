"""Bodies that an authenticator makes: `@ assert …` and `@ create …`.

    @ assert by=rei for=mika user_verified=false -response.userHandle type:"password"

`by` names whose authenticator signs (else the sender's), `for` whose challenge (else the last one
the sender was given), `new` takes another authenticator. Words with `=` break a rule as
authenticator.Bend does, `path:JSON` puts another value in, `-path` takes one out, and `wrong=WORD`
is one of MANGLED. `@ again` is the body before once more.
"""

import base64
import datetime
import hashlib
import json
import os
import shlex
from typing import Any

from authenticator import Authenticator, Bend, b64u, cbor, unb64u
from browser import members
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

BYTES = ("challenge", "user_handle", "credential_id")


def swap(old: bytes, new: bytes) -> Any:
    """Another piece of an attestation object; the piece must be there."""
    def change(data: bytes) -> bytes:
        assert data.count(old) == 1, f"{old!r} is not once in it"
        return data.replace(old, new)
    return change


# What an authenticator of its own making could put into an attestation object.
MANGLED = {
    "algorithm": swap(b"\x01\x02\x03\x26\x20\x01", b"\x01\x02\x03\x28\x20\x01"),
    "key": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "format": swap(b"cfmtdnone", b"cfmtdnono"),
    "statement": swap(b"gattStmt\xa0", b"gattStmt\xa1aa\x01"),
    "certificate": swap(b"cfmtdnonegattStmt\xa0",
                        b"cfmtfpackedgattStmt\xa3calg\x26csig\x41\x00cx5c\x81\x41\x00"),
}


def make(text: str, sender: Any, people: dict[str, Any], fill: Any) -> dict[str, Any]:
    """The body that a line of a transcript stands for. `sender` and people have `device`,
    `options` and `origin`."""
    kind, *words = shlex.split(text[2:], posix=False)
    named = dict(word.split("=", 1) for word in words if is_rule(word))
    signer = people[named.pop("by")] if "by" in named else sender
    options = (people[named.pop("for")] if "for" in named else sender).options
    assert options, f"{text}: no challenge was given yet"
    wrong = named.pop("wrong", "")
    bend = bent({name: fill(value) for name, value in named.items()})
    device = Authenticator(attestation="packed" if wrong == "packed" else "none") \
        if "new" in words else signer.device
    if kind == "create":
        made = device.create(options | {"excludeCredentials": []}, sender.origin, bend)
        body = members(made) | {"label": "見本の鍵"}
        mangle(body["response"], wrong)
    else:
        body = members(device.get(free(options, device, sender.origin), sender.origin, bend))
    edit(body, [word for word in words if not is_rule(word)], fill)
    return body


def is_rule(word: str) -> bool:
    return "=" in word and ":" not in word.split("=", 1)[0]


def free(options: dict[str, Any], device: Authenticator, origin: str) -> dict[str, Any]:
    """An attacker's authenticator answers whether its passkeys are listed or not."""
    held = {b64u(passkey.id) for passkey in device.passkeys}
    listed = options.get("allowCredentials") or []
    if any(entry["id"] in held for entry in listed):
        return options
    return {name: value for name, value in options.items() if name != "allowCredentials"}


def bent(rules: dict[str, str]) -> Bend:
    given: dict[str, Any] = {}
    for name, value in rules.items():
        if name in BYTES:
            given[name] = os.urandom(32) if value == "random" else unb64u(value)
        elif value in ("true", "false"):
            given[name] = value == "true"
        else:
            given[name] = int(value) if value.isdigit() else value
    return Bend(**given, ignore_rules=True)


def vouched(auth_data: bytes, client_data: bytes) -> bytes:
    """The same registration with an attestation by a vendor of whom nobody has heard."""
    key = ec.generate_private_key(ec.SECP256R1())
    oid = x509.NameOID
    name = x509.Name([x509.NameAttribute(*pair) for pair in (
        (oid.COUNTRY_NAME, "JP"), (oid.ORGANIZATION_NAME, "見本の工房"),
        (oid.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"), (oid.COMMON_NAME, "Model 1"))])
    start = datetime.datetime(2020, 1, 1)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start,
                                          start.replace(year=2045)).sign(key, hashes.SHA256())
    signature = key.sign(auth_data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
    return cbor({"fmt": "packed", "attStmt": {
        "alg": -7, "sig": signature, "x5c": [certificate.public_bytes(Encoding.DER)]},
        "authData": auth_data})


def mangle(response: dict[str, Any], wrong: str) -> None:
    if not wrong:
        return
    data = unb64u(response["attestationObject"])
    if wrong == "vendor":
        behind = data[data.rindex(b"hauthData") + 9:]  # a head of two or three bytes, then the data
        data = vouched(behind[2 if behind[0] == 0x58 else 3:], unb64u(response["clientDataJSON"]))
    elif wrong == "packed":
        at = data.rindex(b"hauthData")  # the signature stands right before it
        data = data[:at - 1] + bytes([data[at - 1] ^ 1]) + data[at:]
    else:
        data = MANGLED[wrong](data)
    response["attestationObject"] = base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def edit(body: dict[str, Any], words: list[str], fill: Any) -> None:
    for word in words:
        if word == "new":
            continue
        path, _, value = word.removeprefix("-").partition(":")
        *parents, last = path.split(".")
        place = body
        for parent in parents:
            place = place.setdefault(parent, {})
        if word.startswith("-"):
            del place[last]
        else:
            place[last] = json.loads(fill(value))
