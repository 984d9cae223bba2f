#!/usr/bin/python3
"""The checks of the transcripts are themselves checked: each finds the fault that it is there for."""

import json
import tempfile
import unittest
from pathlib import Path

import places  # noqa: F401

from paths import run_as_tap

import bodies
import coverage
import schema
from browser import Page
from coverage import Documents, Excuse
from transcript import Malformed, Names, Request, read, write

SESSION = {"type": "object", "additionalProperties": False, "required": ["active"], "properties": {
    "active": {"type": "boolean"}, "amr": {"type": "array", "items": {
        "type": "string", "enum": ["hwk", "mfa"]}}, "at": {"type": "string", "format": "date-time"},
    "seq": {"type": "integer"}}}


def answer(status: int, body: object, kind: str = "application/json") -> Page:
    return Page(status, "", {"content-type": kind}, json.dumps(body).encode())


class Coverage(unittest.TestCase):
    def setUp(self) -> None:
        self.documents = Documents()

    def note(self, *words: object, code: str = "") -> list[str]:
        return self.documents.note("channel", *words, code)

    def test_what_was_not_seen_is_a_gap(self) -> None:
        before = self.documents.gaps()
        self.assertIn("sessions_end: success was never seen", before)
        self.assertIn("sessions_end: channel_unknown was never seen", before)
        self.note("POST", "/v1/sessions/end", answer(200, {"active": False}))
        after = self.documents.gaps()
        self.assertNotIn("sessions_end: success was never seen", after)
        self.assertEqual(len(before) - len(after), 1)

    def test_what_is_not_documented_is_a_fault(self) -> None:
        wrong = self.note("POST", "/v1/sessions/end", answer(403, {}), code="locked")
        self.assertEqual(wrong, ["sessions_end does not document 403 locked"])
        right = self.note("POST", "/v1/sessions/end", answer(401, {}), code="channel_unknown")
        self.assertEqual(right, [])
        other = self.note("POST", "/v1/sessions/end", answer(403, {}), code="channel_unknown")
        self.assertEqual(other, ["sessions_end does not document 403 channel_unknown"])

    def test_an_answer_that_does_not_fit_its_schema_is_a_fault(self) -> None:
        for body in ({}, {"active": "no"}, {"active": False, "more": 1}):
            self.assertTrue(self.note("POST", "/v1/sessions/end", answer(200, body)), body)

    def test_a_path_is_found_as_the_router_finds_it(self) -> None:
        for listener, method, path, name in (
                ("channel", "GET", "/tile/0/000", "log_tile"),
                ("channel", "GET", "/tile/0/000.p/1", "log_tile_part"),
                ("operator", "GET", "/desk", "console_desk"), ("customer", "GET", "/", "home"),
                ("operator", "GET", "/", "console_approvals"), ("channel", "GET", "/", None),
                ("channel", "PUT", "/v1/sessions/end", None)):
            found = self.documents.find(listener, method, path)
            self.assertEqual(found and found.name, name, path)

    def test_an_excuse_needs_a_reason_a_test_and_something_to_excuse(self) -> None:
        good = Excuse("busy", [], "a full queue refuses at once, whatever was asked",
                      "http/edge:an_honest_request_gets_through")
        self.assertEqual(good.faults(self.documents), [])
        for change in ({"why": "no"}, {"test": "http/edge:nothing"}, {"test": "nowhere/edge:x"},
                       {"code": "never"}, {"endpoints": ["healthz"]}):
            self.assertTrue(Excuse(**vars(good) | change).faults(self.documents), change)
        for seen in self.documents.seen.values():
            seen.add("busy")
        self.assertEqual(good.faults(self.documents), ["the excuse for busy excuses nothing"])

    def test_the_list_of_excuses_is_short(self) -> None:
        self.assertLess(len(coverage.read_excuses()), 12)


class Schemas(unittest.TestCase):
    def test_what_fits(self) -> None:
        for value in ({"active": True}, {"active": False, "amr": ["hwk"], "seq": 3},
                      {"active": True, "at": "2026-11-20T00:00:00.000Z"}):
            self.assertEqual(schema.faults(SESSION, value), [], value)

    def test_what_does_not(self) -> None:
        for value in ([], {}, {"active": 1}, {"active": True, "x": 1}, {"active": True, "amr": ["x"]},
                      {"active": True, "amr": "hwk"}, {"active": True, "at": "yesterday"},
                      {"active": True, "seq": True}, {"active": True, "seq": "3"}):
            self.assertTrue(schema.faults(SESSION, value), value)

    def test_a_keyword_that_is_not_known_is_not_passed_over(self) -> None:
        self.assertTrue(schema.faults({"type": "integer", "multipleOf": 2}, 2))


class Files(unittest.TestCase):
    def file(self, text: str) -> Path:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "x.txt").write_text(text, "utf-8")
        return folder / "x.txt"

    def test_a_file_is_read_and_written_the_same(self) -> None:
        text = ("# Title\n\n== Section\n! newcomer mika\n> mika POST /v1/x\nUntil: 200\n{\"a\":1}\n"
                "< 200 application/json\nSet-Cookie: a=b\n{\n \"b\": 2\n}\n> mika GET /y\n< 404 x\n")
        transcript = read(self.file(text))
        self.assertEqual(write(transcript), text)
        first = transcript.requests[0]
        self.assertEqual((first.headers, first.body), (["Until: 200"], '{"a":1}'))
        self.assertEqual(first.answer.count("\n"), 4)

    def test_a_line_that_belongs_to_nothing_is_an_error(self) -> None:
        for text in ("{}\n", "< 200\n", "> mika GET\n"):
            self.assertRaises(Malformed, read, self.file(text))

    def test_the_same_value_has_the_same_name_and_another_has_not(self) -> None:
        names = Names({"pages": "http://torimori.localhost:1"})
        one, two = "A" * 23 + "1", "B" * 23 + "2"
        told = names.json({"operation_id": one, "next": f"/i/{two}", "url": f"http://torimori.localhost:1/i/{two}",
                           "other": {"operation_id": two}, "again": one, "word": "payout_account_change_xx"})
        self.assertEqual(told, {"operation_id": "<operation_id>", "next": "/i/<visit>",
                                "url": "<pages>/i/<visit>", "other": {"operation_id": "<visit>"},
                                "again": "<operation_id>", "word": "payout_account_change_xx"})
        self.assertEqual(names.json({"operation_id": "C" * 24}), {"operation_id": "<operation_id-2>"})
        self.assertEqual(names.fill("/v1/<operation_id>/<visit>"), f"/v1/{one}/{two}")
        self.assertRaises(Malformed, names.fill, "<nothing>")

    def test_a_body_of_an_authenticator_breaks_the_rule_it_names(self) -> None:
        self.assertEqual(bodies.bent({"user_verified": "false"}).user_verified, False)
        self.assertEqual(bodies.bent({"count": "0"}).count, 0)
        body = {"response": {"signature": "x"}, "label": "y"}
        bodies.edit(body, ["-label", 'response.signature:"z"'], str)
        self.assertEqual(body, {"response": {"signature": "z"}})

    def test_every_transcript_has_an_answer_to_every_request(self) -> None:
        for path in coverage.HERE.glob("*.txt"):
            for request in read(path).requests:
                self.assertIsInstance(request, Request)
                self.assertTrue(request.answer, f"{path.name}:{request.at}")


if __name__ == "__main__":
    run_as_tap(__file__)
