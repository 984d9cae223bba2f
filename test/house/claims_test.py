#!/usr/bin/python3
"""The tool that judges our claims, tried on small trees with made-up requirements.

Each case breaks one thing in a tree where everything is right, and the tool must say so by name. The
check `compliance` holds the tool against this very tree.
"""

import subprocess
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TOOL = PROJECT / "tools/compliance"
TEST = "unit/gate:refuses_without_proof"

DATA = f"""
[groups]
GATE = {{ rows = 2, title = "The gate" }}

[GATE-01]
what = "Nothing passes | without a proof."
strength = "STD"
source = "000"
status = "works"
where = ["src/gate.c:gate_open"]
tests = ["{TEST}"]
guard = "src/gate.c:if (!proof)"

[GATE-02]
what = "The gate is painted."
strength = "BP"
source = "001"
status = "not yet"
where = []
tests = []
"""


class Tree(unittest.TestCase):
    """A tree in which every claim is true, until a case changes something."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = Path(place.name)
        self.write("data/requirements.toml", DATA)
        self.write("src/gate.c", "int gate_open(void *proof) { if (!proof) return 0; return 1; }\n")
        self.write("test/unit/gate.c", "/* GATE-01 */\n")
        self.accepts("generate")

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, "utf-8")

    def change(self, old, new, name="data/requirements.toml"):
        text = (self.root / name).read_text("utf-8")
        self.assertIn(old, text)
        self.write(name, text.replace(old, new, 1))

    def run_tool(self, *arguments):
        return subprocess.run([TOOL, "--root", self.root, *arguments], text=True,
                              capture_output=True, check=False)

    def accepts(self, *arguments):
        done = self.run_tool(*arguments)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def refuses(self, complaint, *arguments):
        done = self.run_tool(*arguments)
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertIn(complaint, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def results(self, *lines):
        """Write what a test run would have printed, and name the file."""
        self.write("results", "".join(line + "\n" for line in lines))
        return str(self.root / "results")


class Check(Tree):
    def test_sound_tree(self):
        self.accepts("check")

    def test_stale_page(self):
        self.change("is painted", "is painted green")
        self.refuses("docs/compliance.md is stale", "check")

    def test_edited_page(self):
        self.change("| not yet |", "| works |", "docs/compliance.md")
        self.refuses("docs/compliance.md is stale", "check")

    def test_missing_page(self):
        (self.root / "docs/compliance.md").unlink()
        self.refuses("docs/compliance.md is stale", "check")

    def test_missing_id(self):
        self.change("rows = 2", "rows = 3")
        self.refuses("GATE-03: missing", "check")

    def test_unknown_id(self):
        self.change("[GATE-02]", "[MOAT-02]")
        self.refuses("MOAT-02: unknown id", "check")

    def test_repeated_id(self):
        self.change("[GATE-02]", "[GATE-01]")
        self.refuses("GATE-01", "check")

    def test_wrong_order(self):
        head, first, second = DATA.partition("[GATE-01]")[0], *DATA.split("[GATE-")[1:]
        self.write("data/requirements.toml", f"{head}[GATE-{second}\n[GATE-{first}")
        self.refuses("GATE-02: not in its place", "check")

    def test_unknown_status(self):
        self.change('"not yet"', '"soon"')
        self.refuses("GATE-02: unknown status 'soon'", "check")

    def test_unknown_field(self):
        self.change('source = "001"', 'source = "001"\nwhen = "later"')
        self.refuses("GATE-02: unknown field when", "check")

    def test_missing_path(self):
        self.change("src/gate.c:gate_open", "src/door.c")
        self.refuses("GATE-01: where: src/door.c does not exist", "check")

    def test_missing_symbol(self):
        self.change("gate_open", "gate_shut")
        self.refuses("GATE-01: where: src/gate.c does not contain 'gate_shut'", "check")

    def test_path_out_of_the_tree(self):
        self.change("src/gate.c:gate_open", "../gate.c")
        self.refuses("not a path within the project", "check")

    def test_lost_guard(self):
        self.change("if (!proof)", "if (!true)", "src/gate.c")
        self.refuses("GATE-01: guard: src/gate.c does not contain 'if (!proof)'", "check")

    def test_guard_is_a_line(self):
        self.change("src/gate.c:if (!proof)", "src/gate.c")
        self.refuses("names no line", "check")

    def test_works_without_a_guard(self):
        self.change("src/gate.c:if (!proof)", "")
        self.refuses("GATE-01: works, but nothing is named that guards it", "check")

    def test_star_before_the_colon(self):
        self.change(TEST, "unit/*:refuses")
        self.refuses("'unit/*:refuses' is not a test name", "check")

    def test_page_is_not_written_from_broken_data(self):
        self.change('"not yet"', '"soon"')
        self.refuses("unknown status", "generate")

    def test_border_of_the_table_is_escaped(self):
        self.assertIn("passes \\| without", (self.root / "docs/compliance.md").read_text("utf-8"))


class Claims(Tree):
    def test_passed(self):
        self.accepts("claims", self.results(f"passed {TEST}", "failed unit/moat:dry"))

    def test_failed(self):
        self.refuses(f"GATE-01: works, but {TEST} failed", "claims", self.results(f"failed {TEST}"))

    def test_skipped(self):
        results = self.results(f"skipped {TEST}")
        self.refuses(f"GATE-01: works, but {TEST} skipped", "claims", results)

    def test_not_run(self):
        self.refuses(f"GATE-01: works, but {TEST} did not run", "claims", self.results())

    def test_longer_name_is_another_test(self):
        self.refuses("did not run", "claims", self.results(f"passed {TEST}_twice"))

    def test_ran_twice_and_passed_once(self):
        results = self.results(f"passed {TEST}", f"skipped {TEST}", f"passed {TEST}")
        self.refuses("skipped", "claims", results)

    def test_star(self):
        self.change(TEST, "unit/gate:refuses_*")
        self.accepts("claims", self.results("passed unit/gate:refuses_a", "passed unit/gate:refuses_b"))

    def test_star_with_one_skipped(self):
        self.change(TEST, "unit/gate:refuses_*")
        results = self.results("passed unit/gate:refuses_a", "skipped unit/gate:refuses_b")
        self.refuses("unit/gate:refuses_b skipped", "claims", results)

    def test_star_with_none_run(self):
        self.change(TEST, "unit/gate:refuses_*")
        self.refuses("did not run", "claims", self.results("passed unit/gate:opens"))

    def test_no_test_named(self):
        self.change(f'"{TEST}"', "")
        self.refuses("GATE-01: works, but no test is named", "claims", self.results())

    def test_not_mentioned(self):
        self.write("test/unit/gate.c", "/* GATE-010, MY-GATE-01 */\n")
        self.refuses("GATE-01: works, but no source under test/ mentions it", "claims",
                     self.results(f"passed {TEST}"))

    def test_partly_and_not_mentioned(self):
        self.change('"not yet"', '"partly"')
        self.refuses("GATE-02: partly, but no source", "claims", self.results(f"passed {TEST}"))

    def test_mention_in_foreign_data(self):
        (self.root / "test/unit/gate.c").rename(self.root / "gate.c")
        self.write("test/vectors/gate.txt", "GATE-01\n")
        self.refuses("no source under test/ mentions it", "claims", self.results(f"passed {TEST}"))

    def test_no_results(self):
        self.refuses("no results", "claims", str(self.root / "nothing"))

    def test_results_in_another_form(self):
        self.refuses("not a result: 'ok 1'", "claims", self.results("ok 1"))


if __name__ == "__main__":
    unittest.main()
