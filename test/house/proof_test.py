#!/usr/bin/python3
"""The tool that runs the long proofs, tried on two short ones."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools/proof"
LIST = """# Two.
good: echo counting; echo '3 | 4 counted'; echo ran >> build/times
    src/a
bad: echo no; false
    src/b
"""


class Proof(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.root = Path(temp.name)
        for name, text in {"src/a": "1", "src/b": "1", "data/proofs.txt": LIST, "docs/x": "",
                           "build/times": "", ".gitignore": "build\n"}.items():
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_text(text, "utf-8")
        (self.root / "tools").mkdir()
        shutil.copy(TOOL, self.root / "tools/proof")
        self.git("init", "-q")
        self.commit()

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x.example", *words], cwd=self.root,
                       check=True, capture_output=True)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-qm", "x")

    def proof(self, *words):
        """The last line it prints; and {name: cells} of the page."""
        done = subprocess.run(["/usr/bin/python3", "-B", "tools/proof", *words], cwd=self.root,
                              capture_output=True, text=True)
        page = (self.root / "docs/proof.md").read_text("utf-8")
        rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| 2")]
        return done.stdout.splitlines()[-1], {cells[3]: cells for cells in rows}

    def times(self):
        return len((self.root / "build/times").read_text("utf-8").splitlines())

    def test_what_passed_is_not_run_again_and_what_failed_is(self):
        said, rows = self.proof()
        self.assertEqual(said, "1 passed, 1 failed, 0 skipped")
        self.assertEqual((rows["good"][4], rows["bad"][4]), ("passed", "FAILED"))
        self.assertEqual(rows["good"][6], "3 \\| 4 counted")
        said, rows = self.proof()
        self.assertEqual((said, self.times()), ("0 passed, 1 failed, 1 skipped", 1))
        self.assertEqual(list(rows), ["good", "bad"])

    def test_a_proof_is_stale_once_what_it_covers_has_changed(self):
        self.proof("good")
        (self.root / "src/b").write_text("2", "utf-8")
        self.commit()
        self.assertEqual(self.proof("--show")[1]["good"][4], "passed")
        (self.root / "src/a").write_text("2", "utf-8")
        self.commit()
        said, rows = self.proof("--show")
        self.assertEqual(rows["good"][4], "passed, stale")
        self.assertEqual(said, "0 passed, 0 failed, 2 skipped; stale: good")
        self.assertEqual(self.proof()[1]["good"][4], "passed")
        self.assertEqual(self.times(), 2)

    def test_what_was_not_committed_is_no_proof_of_what_is(self):
        (self.root / "src/a").write_text("3", "utf-8")
        self.proof("good")
        self.commit()
        self.assertEqual(self.proof("--show")[1]["good"][4], "passed, stale")


if __name__ == "__main__":
    unittest.main()
