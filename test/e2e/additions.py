"""What the machine alone may add ends when two operators can sign: later channels and operators wait
for two signatures, and are nobody until then."""

import json
import re

from office import Operator, must
from scene import Line
from stack import Failed
from stage import Case, PATIENCE_S, until


class Additions(Case):
    def add_channel(self, name: str) -> tuple[Line, str]:
        """A channel asked for at the machine, as it would speak; and its approval."""
        stack = self.scene.stack
        stack._issue(name, name, "clientAuth")
        told = stack.admin("channel", "add", f"見本 {name}", "--cert", stack.path(name + ".pem"),
                           "--origin", "https://late.example", "--return-uri",
                           "https://late.example/back")
        self.assertIn("Waits for two operators", told)
        return self.scene.line(name), approval_in(told)

    LOGIN = {"purpose": "login", "return_uri": "https://late.example/back", "state": "s" * 22}

    def unknown(self, line: Line) -> None:
        self.code(line.once("POST", "/v1/interactions", self.LOGIN), "channel_unknown")

    def known(self, line: Line) -> bool:
        return line.once("POST", "/v1/interactions", self.LOGIN).status == 201

    def test_a_channel_added_later_waits_for_two_signatures(self):
        line, approval = self.add_channel("late")
        first, second = self.scene.office.staff
        self.unknown(line)
        first.sign(approval)
        self.unknown(line)
        self.assertEqual(self.scene.office.state(approval), "open")
        second.sign(approval)
        self.assertEqual(self.scene.office.state(approval), "done")
        self.assertTrue(self.known(line))

    def test_a_rejected_channel_stays_unknown(self):
        line, approval = self.add_channel("rejected")
        first, second = self.scene.office.staff
        first.sign(approval)
        must(second.call(f"/v1/approvals/{approval}/reject", {}))
        self.code(second.call(f"/v1/approvals/{approval}/sign", {}), "approval_state")
        self.unknown(line)

    def test_a_key_that_is_a_channel_is_not_added_again(self):
        stack = self.scene.stack
        with self.assertRaisesRegex(Failed, "already_exists"):
            stack.admin("channel", "add", "x", "--cert", stack.path("second.pem"), "--origin",
                        "https://x.example", "--return-uri", "https://x.example/")

    def test_an_operator_added_later_waits_for_two_signatures(self):
        stack, office = self.scene.stack, self.scene.office
        before = set(stack.post.glob("*.json"))
        told = stack.admin("operator", "add", "op-3", "--name", "後任 主任")
        self.assertIn("Waits for two operators", told)
        self.assertNotIn("Code", told)
        approval = approval_in(told)
        third = Operator(stack, "op-3", "後任 主任")
        for signer in office.staff:
            with self.assertRaisesRegex(Failed, "enrol_closed|enrol_code_wrong"):
                third.enrol("ZZZZ-ZZZZ")
            signer.sign(approval)
        self.assertEqual(office.state(approval), "done")
        letters = until(lambda: set(stack.post.glob("*.json")) - before, PATIENCE_S)
        self.assertTrue(letters, "no letter with a code came")
        third.enrol(json.loads(letters.pop().read_text("utf-8"))["code"])
        third.login()
        listed = must(third.call("/v1/approvals", method="GET"))["approvals"]
        self.assertIn(approval, [row["approval_id"] for row in listed])

    def test_an_operator_with_a_passkey_is_not_added_again(self):
        with self.assertRaisesRegex(Failed, "already_exists"):
            self.scene.stack.admin("operator", "add", "op-1", "--name", "x")


def approval_in(told: str) -> str:
    found = re.search(r"approval ([\w-]{20,})", told)
    assert found is not None, told
    return found[1]
