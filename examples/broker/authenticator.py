"""A virtual passkey, for demonstrations and tests.

It plays the browser's part and the authenticator's at once. Left alone it keeps the browser's
rules. `Bend` makes it break them one by one, with every signature still correct, because that is
what an attacker's own software does: what then refuses must be the server.
"""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ES256, EDDSA, RS256 = -7, -8, -257
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
AAGUID = bytes.fromhex("6d69686f6e2d6f66742d746f7269ffff")  # made up


class NotAllowed(Exception):
    """What the browser throws at a page that asks for a passkey which is not its own."""


@dataclass(frozen=True)
class Bend:
    """Which rule to break. Everything at its default is honest."""

    origin: str | None = None  # the client data names this origin
    rp_id: str | None = None  # the authenticator data is made for this RP ID
    cross_origin: bool = False
    top_origin: str | None = None
    type: str | None = None
    challenge: bytes | None = None
    user_present: bool = True
    user_verified: bool = True
    backup_eligible: bool | None = None
    backed_up: bool | None = None
    count: int | None = None
    user_handle: bytes | None = None
    credential_id: bytes | None = None
    ignore_rules: bool = False  # sign for an origin outside the RP ID, as no browser would


HONEST = Bend()


@dataclass
class Passkey:
    """One key pair and what an authenticator remembers beside it."""

    id: bytes
    rp_id: str
    user_handle: bytes
    alg: int
    key: Any
    backup: int
    count: int = 0


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value: Any) -> bytes:
    """CBOR of integers, bytes, text, lists and maps; maps keep the order they are given in."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(cbor(item) for item in value)
    members = b"".join(cbor(name) + cbor(member) for name, member in value.items())
    return _head(5, len(value)) + members


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for size, code in ((1, 24), (2, 25), (4, 26)):
        if number < 256**size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


def new_key(alg: int) -> Any:
    if alg == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if alg == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    if alg == RS256:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raise ValueError(f"algorithm {alg} is not known here")


def cose(alg: int, key: Any) -> bytes:
    """The public key as authenticators write it, members in the order of CTAP2."""
    public = key.public_key()
    if alg == ES256:
        point = public.public_numbers()
        return cbor({1: 2, 3: alg, -1: 1, -2: point.x.to_bytes(32, "big"),
                     -3: point.y.to_bytes(32, "big")})
    if alg == EDDSA:
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return cbor({1: 1, 3: alg, -1: 6, -2: raw})
    numbers = public.public_numbers()
    return cbor({1: 3, 3: alg, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"})


def sign(alg: int, key: Any, data: bytes) -> bytes:
    if alg == ES256:
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if alg == EDDSA:
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Authenticator:
    """Holds passkeys and answers creation and request options as a browser would."""

    def __init__(self, synced: bool = False, attestation: str = "none") -> None:
        self.passkeys: list[Passkey] = []
        self.backup = BE | BS if synced else 0
        self.attestation = attestation  # "none" or "packed" (self attestation)

    def create(self, options: dict[str, Any], origin: str, bend: Bend = HONEST) -> dict[str, Any]:
        """The RegistrationResponseJSON for PublicKeyCredentialCreationOptionsJSON."""
        rp_id = options["rp"].get("id") or urlsplit(origin).hostname or ""
        keep_rules(origin, rp_id, bend)
        excluded = {unb64u(other["id"]) for other in options.get("excludeCredentials", [])}
        if any(passkey.id in excluded for passkey in self.passkeys):
            raise NotAllowed("InvalidStateError: this authenticator is registered already")
        alg = next(offer["alg"] for offer in options["pubKeyCredParams"]
                   if offer["alg"] in (ES256, EDDSA, RS256))
        passkey = Passkey(bend.credential_id or os.urandom(32), rp_id,
                          unb64u(options["user"]["id"]), alg, new_key(alg), self.backup)
        self.passkeys.append(passkey)
        client_data = self._client_data("webauthn.create", options, origin, bend)
        data = self._data(passkey, bend, attested=True)
        statement = {}
        if self.attestation == "packed":
            signature = sign(alg, passkey.key, data + sha256(client_data))
            statement = {"alg": alg, "sig": signature}
        attestation = cbor({"fmt": self.attestation, "attStmt": statement, "authData": data})
        return self._answer(passkey, {
            "clientDataJSON": b64u(client_data), "attestationObject": b64u(attestation),
            "transports": ["internal"]})

    def get(self, options: dict[str, Any], origin: str, bend: Bend = HONEST) -> dict[str, Any]:
        """The AuthenticationResponseJSON for PublicKeyCredentialRequestOptionsJSON."""
        rp_id = options.get("rpId") or urlsplit(origin).hostname or ""
        keep_rules(origin, rp_id, bend)
        passkey = self._choose(rp_id, options.get("allowCredentials") or [])
        passkey.count += 1
        client_data = self._client_data("webauthn.get", options, origin, bend)
        data = self._data(passkey, bend, attested=False)
        signature = sign(passkey.alg, passkey.key, data + sha256(client_data))
        return self._answer(passkey, {
            "clientDataJSON": b64u(client_data), "authenticatorData": b64u(data),
            "signature": b64u(signature),
            "userHandle": b64u(passkey.user_handle if bend.user_handle is None
                               else bend.user_handle)})

    def _choose(self, rp_id: str, allowed: list[dict[str, Any]]) -> Passkey:
        wanted = {unb64u(entry["id"]) for entry in allowed}
        for passkey in reversed(self.passkeys):
            if passkey.rp_id == rp_id and (not wanted or passkey.id in wanted):
                return passkey
        raise NotAllowed(f"NotAllowedError: there is no passkey for {rp_id} here")

    def _client_data(self, kind: str, options: dict[str, Any], origin: str, bend: Bend) -> bytes:
        challenge = options["challenge"] if bend.challenge is None else b64u(bend.challenge)
        data = {"type": bend.type or kind, "challenge": challenge,
                "origin": bend.origin or origin, "crossOrigin": bend.cross_origin}
        if bend.top_origin:
            data["topOrigin"] = bend.top_origin
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()

    def _data(self, passkey: Passkey, bend: Bend, attested: bool) -> bytes:
        """Authenticator data (WebAuthn L3 §6.1)."""
        flags = UP * bend.user_present | UV * bend.user_verified | passkey.backup
        for bit, wanted in ((BE, bend.backup_eligible), (BS, bend.backed_up)):
            if wanted is not None:
                flags = flags & ~bit | bit * wanted
        count = passkey.count if bend.count is None else bend.count
        rp_hash = sha256((bend.rp_id or passkey.rp_id).encode())
        data = rp_hash + bytes([flags | AT * attested]) + struct.pack(">I", count)
        if attested:
            data += AAGUID + struct.pack(">H", len(passkey.id)) + passkey.id
            data += cose(passkey.alg, passkey.key)
        return data

    @staticmethod
    def _answer(passkey: Passkey, response: dict[str, Any]) -> dict[str, Any]:
        name = b64u(passkey.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response,
                "authenticatorAttachment": "platform", "clientExtensionResults": {}}

    def dump(self) -> dict[str, Any]:
        """For a file of the demo. A real authenticator would never say these things."""
        return {"backup": self.backup, "attestation": self.attestation, "passkeys": [
            {"id": b64u(p.id), "rp_id": p.rp_id, "user_handle": b64u(p.user_handle), "alg": p.alg,
             "count": p.count, "backup": p.backup, "key": b64u(_pkcs8(p.key))}
            for p in self.passkeys]}

    @classmethod
    def load(cls, kept: dict[str, Any]) -> "Authenticator":
        made = cls(attestation=kept["attestation"])
        made.backup = kept["backup"]
        made.passkeys = [
            Passkey(unb64u(p["id"]), p["rp_id"], unb64u(p["user_handle"]), p["alg"],
                    serialization.load_der_private_key(unb64u(p["key"]), None), p["backup"],
                    p["count"]) for p in kept["passkeys"]]
        return made


def _pkcs8(key: Any) -> bytes:
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def keep_rules(origin: str, rp_id: str, bend: Bend) -> None:
    """What defeats a look-alike site in browsers: an RP ID is the page's host or a parent."""
    host = urlsplit(origin).hostname or ""
    if bend.ignore_rules or host == rp_id or host.endswith("." + rp_id):
        return
    raise NotAllowed(f"SecurityError: {host} may not ask for passkeys of {rp_id}")
