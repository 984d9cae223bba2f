#!/usr/bin/python3
"""The tool that switches protections off, tried on a gate of ten lines."""

import subprocess
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TOOL = PROJECT / "tools/mutants"

GATE = """\
static int open_gate(int proof, int fresh)
{
    if (!proof)
        return 0;
    if (!fresh)
        return 0;
    return 1;
}

int main(int count, char **words)
{
    (void)words;
    return open_gate(count > 1, 1) || !open_gate(count, 1);
}
"""

MESON = """\
project('gate', 'c', default_options: ['werror=true', 'warning_level=3'])
gate = executable('gate', 'gate.c')
test('gate', gate, suite: 'unit')
test('absent', find_program('sh'), args: ['-c', 'exit 77'], suite: 'unit')
test('broken', find_program('false'), suite: 'unit')
"""

MUTANT = """
[[mutant]]
id = "{0}"
why = "the gate stands open"
file = "gate.c"
find = "{1}"
replace = "{2}"
test = "{3}"
"""


class Mutants(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = Path(place.name)
        (self.root / "data").mkdir()
        (self.root / "gate.c").write_text(GATE, "utf-8")
        (self.root / "meson.build").write_text(MESON, "utf-8")
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def tool(self, mutants, *arguments):
        data = 'setup = ["-Dwerror=false"]\n' + "".join(MUTANT.format(*m) for m in mutants)
        (self.root / "data/mutants.toml").write_text(data, "utf-8")
        return subprocess.run([TOOL, "--root", self.root, *arguments], text=True,
                              capture_output=True, check=False)

    def expects(self, code, words, mutants, *arguments):
        done = self.tool(mutants, *arguments)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)
        self.assertEqual(GATE, (self.root / "gate.c").read_text("utf-8"))

    def test_killed_survived_and_worthless(self):
        """One copy for all of them, so each must also have been put back before the next."""
        self.expects(1, ["passed killed\n", "failed survived: survived unit/gate: the gate stands",
                         "failed wrong_c: does not build", "failed gone: the text to find occurs 0",
                         "failed twice: the text to find occurs 2", "passed again\n",
                         "failed skipped: its test ran nothing",
                         "failed unknown: its test ran nothing",
                         "failed broken: its test fails without any change",
                         "2 passed, 7 failed"],
                     [("killed", "!proof", "0 && proof", "unit/gate"),
                      ("survived", "!fresh", "0", "unit/gate"),
                      ("wrong_c", "!proof", "!proof)", "unit/gate"),
                      ("gone", "!ticket", "0", "unit/gate"),
                      ("twice", "return 0", "return 1", "unit/gate"),
                      ("again", "!proof", "0", "unit/gate"),
                      ("skipped", "!proof", "0", "unit/absent"),
                      ("unknown", "!proof", "0", "unit/nobody"),
                      ("broken", "!proof", "0", "unit/broken")])

    def test_two_jobs(self):
        self.expects(0, ["2 passed, 0 failed"],
                     [("a", "!proof", "0", "unit/gate"), ("b", "!proof", "proof", "unit/gate")],
                     "--jobs", "2")

    def test_chosen(self):
        self.expects(0, ["1 passed, 0 failed"],
                     [("a", "!proof", "0", "unit/gate"), ("b", "!fresh", "0", "unit/gate")], "a")

    def test_unknown_id(self):
        self.expects(1, ["no such mutant: c"], [("a", "!proof", "0", "unit/gate")], "c")

    def test_repeated_id(self):
        row = ("a", "!proof", "0", "unit/gate")
        self.expects(1, ["a stands there twice"], [row, row])

    def test_test_without_a_suite(self):
        self.expects(1, ["'gate' is not suite/file"], [("a", "!proof", "0", "gate")])

    def test_check_builds_nothing(self):
        (self.root / "meson.build").unlink()
        self.expects(1, ["failed b", "1 passed, 1 failed"],
                     [("a", "!proof", "0", "unit/gate"), ("b", "!ticket", "0", "unit/gate")],
                     "--check")

    def test_committed_rows(self):
        done = subprocess.run([TOOL, "--check"], text=True, capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
