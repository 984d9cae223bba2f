#!/usr/bin/python3
"""The generator of the customers' messages: what it builds, and what it must refuse to build.

NOTIFY-07: a message with anything like a link does not build. NOTIFY-06: nor one that could be muted
and must not be.
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TOOL = PROJECT / "tools/gen_templates.py"
FRAME = PROJECT / "src/domain/notify/mail.txt"

sys.path.insert(0, str(TOOL.parent))
import gen_templates  # noqa: E402

GOOD = """\
trigger = a login has succeeded
channels = inbox mail
mutable = yes
param time = time
param side = word buy sell
param place = text optional

[ja]
subject = お知らせ
side.buy = 買い
side.sell = 売り

{firm}です。{side}がありました。
日時: {time}
場所: {place}

[en]
subject = Notice
side.buy = buy
side.sell = sell

Something happened: {side}.
Time: {time}
Place: {place}
"""


class Templates(unittest.TestCase):
    def build(self, text, name="login", frame=None):
        """(why it ended, or nothing; C) of one run."""
        with tempfile.TemporaryDirectory(prefix="torimori-templates-") as folder:
            source, out = Path(folder, f"{name}.txt"), Path(folder, "out.c")
            source.write_text(text, "utf-8")
            frame_path = FRAME
            if frame is not None:
                frame_path = Path(folder, "mail.txt")
                frame_path.write_text(frame, "utf-8")
            said = ""
            try:
                gen_templates.main(out, frame_path, source)
            except SystemExit as end:  # its message is the status, as the interpreter has it
                said = str(end.code)
            return said, out.read_text("utf-8") if out.exists() else None

    def refuses(self, reason, *changes, name="login"):
        text = GOOD
        for before, after in changes:
            self.assertIn(before, text)
            text = text.replace(before, after, 1)
        said, made = self.build(text, name)
        self.assertIn(reason, said, f"built: {changes}" if not said else None)
        self.assertIsNone(made)

    def test_builds_a_good_one(self):
        said, made = self.build(GOOD)
        self.assertEqual(said, "")
        self.assertIn('{"login",', made)

    def test_refuses_every_link_of_the_list(self):  # MAIL-01 MAIL-07
        lines = (PROJECT / "test/data/links.txt").read_text("utf-8").splitlines()
        links = [line[2:] for line in lines if line.startswith("+ ")]
        self.assertGreater(len(links), 25)
        for link in links:
            for place in ("Something happened", "がありました", "subject = Notice", "side.buy = buy"):
                self.refuses("carries no link (NOTIFY-07)", (place, f"{place} {link}"))

    def test_scanner_lets_plain_text_pass(self):
        lines = (PROJECT / "test/data/links.txt").read_text("utf-8").splitlines()
        plain = [line[2:] for line in lines if line.startswith("- ")]
        self.assertGreater(len(plain), 10)
        for text in plain:
            self.assertIsNone(gen_templates.link_in(text), text)

    def test_refuses_a_link_in_the_frame(self):
        frame = FRAME.read_text("utf-8")
        self.assertEqual(self.build(GOOD, frame=frame)[0], "")
        said, _ = self.build(GOOD, frame=frame.replace("never puts", "(mihon.example) never puts"))
        self.assertIn("NOTIFY-07", said)

    def test_ends_the_build_with_file_and_reason(self):
        with tempfile.TemporaryDirectory(prefix="torimori-templates-") as folder:
            source, out = Path(folder, "login.txt"), Path(folder, "out.c")
            source.write_text(GOOD.replace("happened", "happened, see www.mihon.example"), "utf-8")
            done = subprocess.run([sys.executable, "-B", TOOL, out, FRAME, source], check=False,
                                  capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("templates: login.txt: www in", done.stderr)

    def test_refuses_a_missing_language(self):
        self.refuses("[en] is missing", ("[en]\nsubject = Notice\nside.buy = buy\nside.sell = sell\n", ""))
        self.refuses("is no language of ours", ("[en]", "[fr]"))
        self.refuses("stands twice", ("[en]", "[ja]"))

    def test_refuses_an_unknown_placeholder(self):
        self.refuses("unknown placeholder {device}", ("Time: {time}", "Time: {time} {device}"))
        self.refuses("unknown placeholder", ("subject = Notice", "subject = Notice {}"))
        self.refuses("a brace", ("Time: {time}", "Time: {time} {"))

    def test_refuses_an_unused_placeholder(self):
        self.refuses("{time} is not used", ("Time: {time}", "Time: now"))
        self.refuses("{device} is not used", ("param time", "param device = text\nparam time"))

    def test_refuses_an_optional_placeholder_beside_another(self):
        self.refuses("stands alone", ("Place: {place}", "Place: {place} {time}"))
        self.refuses("not in a subject", ("subject = Notice", "subject = Notice {place}"))

    def test_refuses_words_without_text(self):
        self.refuses("side.sell is missing", ("side.sell = sell\n", ""))
        self.refuses("is no word", ("side.sell = sell\n", "side.sell = sell\nside.keep = keep\n"))
        self.refuses("bad words", ("word buy sell", "word"))

    def test_refuses_a_mutable_notice_of_money_or_credentials(self):
        for name in ("withdrawal", "payout_change", "credential_added", "credential_removed", "locked"):
            self.refuses("must not be muted (NOTIFY-06)", name=name)

    def test_refuses_a_code_outside_letters(self):
        self.refuses("a code goes by letter alone", ("param place = text optional", "param place = code"))

    def test_refuses_a_bad_head(self):
        self.refuses("bad channels", ("inbox mail", "inbox fax"))
        self.refuses("mutable is yes or no", ("mutable = yes", "mutable = maybe"))
        self.refuses("trigger is missing", ("trigger = a login has succeeded\n", ""))
        self.refuses("unknown key", ("mutable = yes", "mutable = yes\ncolour = red"))
        self.refuses("unknown kind", ("param time = time", "param time = date"))


if __name__ == "__main__":
    unittest.main()
