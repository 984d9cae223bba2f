#!/usr/bin/python3
"""The second implementation of the canonical form against the vectors that both must meet."""

import hashlib
import json
import unittest

from paths import PROJECT, run_as_tap

import canonical as form

DATA = json.loads((PROJECT / "test/data/canonical.json").read_text("utf-8"))
VECTORS = {vector["name"]: vector for vector in DATA["vectors"]}
NONCE = bytes(range(32))


def withdrawal(**changes):
    """A withdrawal, with members of the envelope or fields changed."""
    operation = json.loads(json.dumps(VECTORS["withdrawal"]["operation"]))
    for name, value in changes.items():
        place = operation["fields"] if name in ("amount", "payout_account", "memo") else operation
        place[name] = value
    return operation


def yen(minor):
    return {"currency": "JPY", "minor": minor}


class Canonical(unittest.TestCase):
    def test_there_are_enough_vectors_and_every_type_is_among_them(self):
        self.assertGreaterEqual(len(VECTORS), 12)
        self.assertEqual({v["operation"]["type"] for v in VECTORS.values()}, set(form.TYPES))

    def test_text_of_every_vector(self):
        for name, vector in VECTORS.items():
            with self.subTest(name):
                written = form.canonical(vector["operation"])
                self.assertEqual(written.decode(), vector["canonical"])
                self.assertEqual(hashlib.sha256(written).hexdigest(), vector["sha256"])

    def test_challenge_of_every_vector(self):  # AUTH-26
        for name, vector in VECTORS.items():
            with self.subTest(name):
                made = form.challenge(vector["canonical"].encode(), bytes.fromhex(vector["nonce"]))
                self.assertEqual(made.hex(), vector["challenge"])

    def test_no_two_vectors_share_a_challenge(self):
        self.assertEqual(len({v["challenge"] for v in VECTORS.values()}), len(VECTORS))

    def test_refuses_texts_that_are_not_normal(self):
        for vector in DATA["refused"]:
            with self.subTest(vector["name"]), self.assertRaises(form.NotCanonical):
                form.canonical(vector["operation"])

    def test_every_change_changes_the_challenge(self):
        seen = {form.challenge(form.canonical(withdrawal()), NONCE)}
        changes = [
            {"amount": yen(500001)}, {"amount": {"currency": "USD", "minor": 500000}},
            {"payout_account": "P-2"}, {"memo": ""}, {"customer": "C-000124"}, {"account": "A-2"},
            {"purpose": "login"}, {"origin": "http://torimori.localhost:8081"},
            {"operation": "A" * 24}, {"channel": "B" * 24}, {"type_version": 2}]
        for change in changes:
            seen.add(form.challenge(form.canonical(withdrawal(**change)), NONCE))
        self.assertEqual(len(seen), len(changes) + 1)

    def test_another_nonce_is_another_challenge(self):
        text = form.canonical(withdrawal())
        self.assertNotEqual(form.challenge(text, NONCE), form.challenge(text, bytes(32)))
        with self.assertRaises(form.NotCanonical):
            form.challenge(text, NONCE[:31])

    def test_refuses_what_it_does_not_know(self):
        wrong = [
            withdrawal(type="gift"), withdrawal(amount="500000"), withdrawal(amount=yen(True)),
            withdrawal(amount=yen(2**63)), withdrawal(amount=yen(1) | {"note": ""}),
            withdrawal(operation="short"), withdrawal(purpose="Confirm"), withdrawal(origin=None),
            withdrawal() | {"fields": {"payout_account": "P-1"}},
            withdrawal() | {"fields": withdrawal()["fields"] | {"fee": 1}}]
        for operation in wrong:
            with self.subTest(operation), self.assertRaises(form.NotCanonical):
                form.canonical(operation)

    def test_a_time_is_written_to_the_millisecond(self):
        self.assertEqual(form.line("at", "time", "2026-11-20T05:00:00.000Z"),
                         "at=time:2026-11-20T05:00:00.000Z\n")
        for time in ("2026-11-20T05:00:00Z", "2026-11-20T14:00:00.000+09:00"):
            with self.assertRaises(form.NotCanonical):
                form.line("at", "time", time)


if __name__ == "__main__":
    run_as_tap(__file__)
