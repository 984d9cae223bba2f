#!/usr/bin/python3
"""tools/new on a copy of this tree: one entry of every kind, and what it makes builds."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tree import Tree

PROJECT = Path(__file__).resolve().parents[2]


class New(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="torimori-new-")
        cls.root = Path(cls.folder.name)
        for name in Tree(PROJECT).files():
            (cls.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, cls.root / name)
        cls.kinds = sorted(path.stem for path in (cls.root / "tools/templates").glob("*.txt"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def new(self, *words):
        return subprocess.run([self.root / "tools/new", *words], capture_output=True, text=True, check=False)

    def test_1_says_what_there_is(self):
        done = self.new()
        self.assertEqual(2, done.returncode)
        for kind in self.kinds:
            self.assertIn(f"    {kind} ", done.stdout)

    def test_2_refuses_what_is_no_name(self):
        for name in ("", "A", "a b", "a__b", "../a", "1a"):
            done = self.new(self.kinds[0], name)
            self.assertEqual(1, done.returncode, done.stdout)
            self.assertIn("is not a name", done.stderr)

    def test_3_refuses_an_unknown_kind(self):
        self.assertIn("no kind attic", self.new("attic", "a").stderr)

    def test_4_makes_each_kind_and_keeps_what_is_there(self):
        for kind in self.kinds:
            done = self.new(kind, f"trial_{kind}")
            self.assertEqual(0, done.returncode, done.stderr)
            made = done.stdout.split()
            before = [(self.root / path).read_text("utf-8") for path in made]
            self.assertEqual(1, self.new(kind, f"trial_{kind}").returncode)
            self.assertEqual(before, [(self.root / path).read_text("utf-8") for path in made])

    def test_5_what_it_makes_builds(self):
        environment = dict(os.environ) | {"CCACHE_NOHASHDIR": "1", "CCACHE_BASEDIR": str(self.root)}
        build = self.root / "build"
        for command in (["meson", "setup", build, self.root, "-Dtests=false"],
                        ["ninja", "-C", build, "-j", "2"]):
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
            self.assertEqual(0, done.returncode, done.stdout[-3000:] + done.stderr[-1000:])
        tables = "".join(path.read_text("utf-8", "replace") for path in build.rglob("*.c"))
        for kind in self.kinds:
            self.assertTrue(re.search(rf"\btrial_{kind}\b|_trial_{kind}\b", tables), f"no table names it: {kind}")


if __name__ == "__main__":
    unittest.main()
