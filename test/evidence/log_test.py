#!/usr/bin/python3
"""The log as others see it: Debian's Go packages verify what our keyholder and sequencer made, and
`torimori log` says what it should, in both languages."""

import filecmp
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

GO = "/usr/lib/go-1.19/bin/go"
GOPATH = "/usr/share/gocode"
HERE = Path(__file__).resolve().parent
MAKE_LOG = os.environ["TORI_MAKE_LOG"]
LOG_TOOL = os.environ["TORI_LOG_TOOL"]
SIZES = [1, 255, 256, 257, 65536, 70000]


def call(*args, language="en_US.UTF-8"):
    env = {"PATH": os.environ["PATH"], "LC_ALL": language}
    return subprocess.run([str(a) for a in args], capture_output=True, env=env, timeout=120)


def log(*args, **kwargs):
    return call(LOG_TOOL, *args, **kwargs)


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x20
    path.write_bytes(content)


def files(root):
    return sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file())


class Log(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="torimori-test-")
        cls.root = Path(cls.temporary.name)
        cls.verify = cls.root / "verify"
        cls.made = cls.root / "made"
        cls.made.mkdir()
        if Path(GO).exists() and (Path(GOPATH) / "src/golang.org/x/mod/sumdb").exists():
            env = {"PATH": os.environ["PATH"], "HOME": str(cls.root), "GO111MODULE": "off",
                   "GOPATH": GOPATH, "GOFLAGS": "", "GOCACHE": str(cls.root / "cache")}
            subprocess.run([GO, "build", "-o", str(cls.verify), str(HERE.parent / "go/verify.go")],
                           check=True, env=env, timeout=300)
        subprocess.run([MAKE_LOG, str(cls.made), *map(str, SIZES)], check=True, timeout=300)
        cls.log = cls.made / "log"

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def go(self, *args):
        if not self.verify.exists():
            self.skipTest("Debian's golang-1.19-go and golang-golang-x-mod-dev are not installed")
        return call(self.verify, *args)

    def small_log(self, *sizes):
        out = Path(tempfile.mkdtemp(dir=self.root))
        subprocess.run([MAKE_LOG, str(out), *map(str, sizes)], check=True, timeout=60)
        return out

    def test_01_go_verifies_signature_and_every_entry(self):
        for size in SIZES[:4]:
            out = self.small_log(size)
            found = self.go("log", out / "log")
            self.assertEqual(found.stdout.decode(), f"{size} entries\n", found.stderr)
        found = self.go("log", self.log)
        self.assertEqual(found.stdout.decode(), "70000 entries\n", found.stderr)

    def test_02_go_verifies_that_each_checkpoint_extends_the_earlier(self):
        older = [self.made / f"checkpoint.{size}" for size in SIZES]
        found = self.go("consistency", self.log, *older)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual(found.stdout.decode().count("is a beginning of 70000"), len(SIZES))

    # EVID-02
    def test_03_go_catches_a_flipped_byte(self):
        for name, at in [("tile/0/100", 77), ("tile/1/001.p/17", 40), ("tile/2/000.p/1", 3),
                         ("tile/0/273.p/112", 32), ("tile/entries/100", 500), ("checkpoint", 30)]:
            path = self.log / name
            flip(path, at)
            broken = self.go("log", self.log)
            flip(path, at)
            self.assertNotEqual(broken.returncode, 0, name)
        self.assertEqual(self.go("log", self.log).returncode, 0)

    def test_04_go_refuses_a_checkpoint_of_another_log(self):
        other = self.small_log(255)
        found = self.go("consistency", self.log, other / "checkpoint.255")
        self.assertNotEqual(found.returncode, 0)

    def test_05_go_verifies_our_proofs(self):
        for seq in [0, 255, 256, 65535, 65536, 69999]:
            proof, entry = self.root / "proof", self.root / "entry"
            proof.write_bytes(log("prove", self.log, seq).stdout)
            entry.write_bytes(log("show", self.log, seq).stdout[:-1])
            self.assertIn(f'"seq":{seq},'.encode(), entry.read_bytes())
            found = self.go("proof", self.log, proof, entry)
            self.assertEqual(found.returncode, 0, found.stderr)
            flip(entry, 20)
            self.assertNotEqual(self.go("proof", self.log, proof, entry).returncode, 0)

    def test_06_log_verify_speaks_two_languages(self):
        found = log("verify", self.log)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertIn("is sound: 70000 entries", found.stdout.decode())
        self.assertIn("--vkey", found.stdout.decode())
        found = log("verify", self.log, "--vkey", self.log / "vkey", language="ja_JP.UTF-8")
        self.assertIn("健全です。70000 件", found.stdout.decode())
        self.assertNotIn("--vkey", found.stdout.decode())

    def test_07_log_verify_names_tile_and_entry(self):
        for name, at, words in [
            ("tile/0/100", 77, "Entry 25602 was altered: it does not hash to its leaf (tile/entries/100)"),
            ("tile/entries/100", 500, "was altered: it does not hash to its leaf (tile/entries/100)"),
            ("tile/1/001.p/17", 40, "A hash in tile/1/001.p/17 was altered: it is not that of the tile "
                                    "below it, from entry 65792 on"),
            ("tile/2/000.p/1", 3, "A hash in tile/2/000.p/1 was altered"),
            ("checkpoint", 30, "The checkpoint is not signed by this verifier key"),
        ]:
            path = self.log / name
            flip(path, at)
            broken = log("verify", self.log)
            flip(path, at)
            self.assertEqual(broken.returncode, 1)
            self.assertIn(words, broken.stderr.decode())
            self.assertEqual(broken.stdout, b"")

    def test_08_log_verify_wants_the_right_key(self):
        other = self.small_log(1)
        found = log("verify", self.log, "--vkey", other / "log/vkey")
        self.assertEqual(found.returncode, 1)
        self.assertIn("not signed by this verifier key", found.stderr.decode())

    def test_09_log_rebuild_is_identical(self):
        copy = self.root / "copy"
        shutil.copytree(self.log, copy)
        shutil.rmtree(copy / "tile")
        found = log("rebuild", "--from", self.log, copy)
        self.assertEqual(found.returncode, 0, found.stderr)
        mine, theirs = files(copy), files(self.log)
        self.assertEqual(mine, theirs)
        same, differing, odd = filecmp.cmpfiles(copy, self.log, mine, shallow=False)
        self.assertEqual((differing, odd, len(same)), ([], [], len(mine)))
        shutil.rmtree(copy)
        self.assertEqual(log("rebuild", "--from", self.log, copy).returncode, 0)
        self.assertEqual(files(copy), theirs)

    def test_10_wrong_calls_are_told_how(self):
        for args in [(), ("burn",), ("verify",), ("verify", "a", "b"), ("prove", self.log), ("prove", self.log, "-1"),
                     ("prove", self.log, "x"), ("show", self.log, "1", "2"), ("rebuild", self.log),
                     ("verify", self.log, "--vkey"), ("verify", self.log, "--colour", "red")]:
            found = log(*args)
            self.assertEqual(found.returncode, 2, args)
            self.assertIn("Usage: torimori log", found.stderr.decode())
        found = log("prove", self.log, "70000")
        self.assertEqual(found.returncode, 1)
        self.assertIn("not sealed yet", found.stderr.decode())


if __name__ == "__main__":
    unittest.main()
