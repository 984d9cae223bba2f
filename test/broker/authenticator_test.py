#!/usr/bin/python3
"""The virtual passkey: what it makes can be read and verified, honest or bent."""

import hashlib
import json
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from paths import run_as_tap

from authenticator import (AT, BE, BS, EDDSA, ES256, RS256, UP, UV, Authenticator, Bend, NotAllowed,
                           b64u, cbor, unb64u)
from cryptography.hazmat.primitives import serialization

ORIGIN = "http://torimori.localhost:8080"
RP_ID = "torimori.localhost"
EVIL = "http://evil.localhost:8090"


def creation(alg=ES256):
    return {"rp": {"id": RP_ID, "name": "取守"}, "user": {"id": b64u(b"\x00\x07" + bytes(30))},
            "challenge": b64u(bytes(32)), "pubKeyCredParams": [{"type": "public-key", "alg": alg}]}


def request(**more):
    return {"challenge": b64u(b"\x01" * 32), "rpId": RP_ID, "userVerification": "required"} | more


def verified_by_openssl(passkey, data, signature):
    """The signature as another program sees it."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder, name)) for name in ("key", "data", "sig")]
        pem = passkey.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        for name, content in zip(names, (pem, data, signature)):
            Path(name).write_bytes(content)
        digest = ["-rawin"] if passkey.alg == EDDSA else ["-rawin", "-digest", "sha256"]
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", names[0], "-in", names[1],
             "-sigfile", names[2], *digest], capture_output=True, check=False).returncode == 0


def made(alg=ES256, **kinds):
    device = Authenticator(**kinds)
    device.create(creation(alg), ORIGIN)
    return device


def parts(answer):
    """(client data, authenticator data, flags, count) of an assertion."""
    response = answer["response"]
    data = unb64u(response["authenticatorData"])
    return (json.loads(unb64u(response["clientDataJSON"])), data, data[32],
            struct.unpack(">I", data[33:37])[0])


class AuthenticatorTest(unittest.TestCase):
    def check_signature(self, device, answer, good=True):
        response = answer["response"]
        data = unb64u(response["authenticatorData"])
        signed = data + hashlib.sha256(unb64u(response["clientDataJSON"])).digest()
        self.assertEqual(verified_by_openssl(
            device.passkeys[-1], signed, unb64u(response["signature"])), good)

    def test_signs_with_every_algorithm(self):
        for alg in (ES256, EDDSA, RS256):
            with self.subTest(alg):
                device = made(alg)
                self.check_signature(device, device.get(request(), ORIGIN))

    def test_the_openssl_check_can_fail(self):
        device = made()
        answer = device.get(request(), ORIGIN)
        answer["response"]["clientDataJSON"] = b64u(b"{}")
        self.check_signature(device, answer, good=False)

    def test_an_honest_assertion_has_the_right_parts(self):
        client, data, flags, count = parts(made().get(request(), ORIGIN))
        self.assertEqual(client, {"type": "webauthn.get", "challenge": b64u(b"\x01" * 32),
                                  "origin": ORIGIN, "crossOrigin": False})
        self.assertEqual(data[:32], hashlib.sha256(RP_ID.encode()).digest())
        self.assertEqual((flags, count, len(data)), (UP | UV, 1, 37))

    def test_an_attestation_object_has_the_right_parts(self):
        for kind in ("none", "packed"):
            device = Authenticator(attestation=kind, synced=True)
            answer = device.create(creation(), ORIGIN)
            made_object = unb64u(answer["response"]["attestationObject"])
            self.assertTrue(made_object.startswith(b"\xa3" + cbor("fmt") + cbor(kind)))
            data = made_object[made_object.index(hashlib.sha256(RP_ID.encode()).digest()):]
            self.assertEqual(data[32], UP | UV | AT | BE | BS)
            self.assertEqual(data[55:87], unb64u(answer["id"]))

    def test_bends_one_rule_at_a_time(self):
        bends = {
            "origin": Bend(origin=EVIL), "rp_id": Bend(rp_id="evil.localhost"),
            "cross": Bend(cross_origin=True, top_origin=EVIL), "type": Bend(type="webauthn.create"),
            "challenge": Bend(challenge=bytes(32)), "up": Bend(user_present=False),
            "uv": Bend(user_verified=False), "backup": Bend(backed_up=True), "count": Bend(count=0)}
        honest = parts(made().get(request(), ORIGIN))
        for name, bend in bends.items():
            with self.subTest(name):
                device = made()
                answer = device.get(request(), ORIGIN, bend)
                self.check_signature(device, answer)
                self.assertNotEqual(parts(answer), honest)

    def test_keeps_the_browsers_rules_unless_told_otherwise(self):
        device = made()
        for origin in (EVIL, "http://nottorimori.localhost", "http://torimori.localhost.evil"):
            with self.subTest(origin), self.assertRaises(NotAllowed):
                device.get(request(), origin)
        with self.assertRaises(NotAllowed):
            device.get(request(rpId="evil.localhost"), EVIL)
        bent = device.get(request(), EVIL, Bend(ignore_rules=True))
        self.assertEqual(parts(bent)[0]["origin"], EVIL)

    def test_chooses_among_allowed_credentials_and_respects_exclusion(self):
        device = made()
        known = b64u(device.passkeys[0].id)
        self.assertEqual(device.get(request(allowCredentials=[{"id": known}]), ORIGIN)["id"], known)
        with self.assertRaises(NotAllowed):
            device.get(request(allowCredentials=[{"id": b64u(b"other")}]), ORIGIN)
        with self.assertRaises(NotAllowed):
            device.create(creation() | {"excludeCredentials": [{"id": known}]}, ORIGIN)

    def test_survives_being_put_away(self):
        device = made(EDDSA)
        device.get(request(), ORIGIN)
        again = Authenticator.load(json.loads(json.dumps(device.dump())))
        answer = again.get(request(), ORIGIN)
        self.check_signature(device, answer)
        self.assertEqual(parts(answer)[3], 2)


if __name__ == "__main__":
    run_as_tap(__file__)
