#!/usr/bin/python3
"""Stores that have no room, and stores that would forget: the first are waited for, with nothing lost
and nothing half done; the second are not served at all."""

import contextlib
import os
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

from paths import TORIMORI, run_as_tap

from cluster import Cluster
from scene import Answer, User
from server import PATIENCE_S, ServerCase
from siege import Siege
from stage import until

ROOM = "192m"  # more than the load can write while it is waited for


class SmallDisk:
    """A file system that is soon full."""

    def __init__(self, after: contextlib.ExitStack) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tori-small-"))
        after.callback(self.folder.rmdir)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(self.folder)],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            after.close()
            raise unittest.SkipTest(f"a small file system cannot be mounted here: {made.stderr.strip()}")
        after.callback(subprocess.run, ["umount", "-l", str(self.folder)], check=True)
        self.ballast = self.folder / "ballast"

    def fill(self) -> None:
        with open(self.ballast, "ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65536, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def empty(self) -> None:
        self.ballast.unlink()


def refusal(user: User) -> Answer | None:
    """An important operation that is refused for now."""
    with contextlib.suppress(OSError):
        answer = user.ask_once()
        return answer if answer.status == 503 else None
    return None


class Full(unittest.TestCase):
    """Store and log each on a small disk of its own."""

    @classmethod
    def setUpClass(cls) -> None:
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can mount a small file system")
        if not TORIMORI.exists():
            raise unittest.SkipTest(f"{TORIMORI.name} is not built")
        after = contextlib.ExitStack()
        cls.addClassCleanup(after.close)
        cls.under_store, cls.under_log = SmallDisk(after), SmallDisk(after)
        cls.siege = Siege(random.Random(1), users=2, store__url=f"sqlite:{cls.under_store.folder}/torimori.db")
        after.callback(cls.siege.close)
        log = cls.siege.scene.stack.log
        (cls.under_log.folder / "log").mkdir(mode=0o700)
        log.parent.mkdir(mode=0o700)
        log.symlink_to(cls.under_log.folder / "log")
        cls.siege.open()

    def works(self) -> None:
        siege, done = self.siege, self.siege.answers()
        self.assertTrue(until(lambda: siege.look() >= done + 6, PATIENCE_S),
                        [load.last for load in siege.loads] + [siege.scene.stack.last_words("torimori")])
        siege.compare()
        self.assertEqual(siege.faults, [])

    def fills_up_and_comes_back(self, disk: SmallDisk, *codes: str) -> None:
        self.works()
        disk.fill()
        try:
            answer = until(lambda: refusal(self.siege.loads[0].user), PATIENCE_S)
            self.assertIsNotNone(answer, "important operations go on with a full disk")
            self.assertIn(answer.code, codes)
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            self.siege.compare_rows()
            self.assertEqual(self.siege.faults, [])
        finally:
            disk.empty()
        self.works()

    def test_1_a_full_disk_under_the_store_stops_what_writes(self):
        self.fills_up_and_comes_back(self.under_store, "store_away", "busy")

    def test_2_a_full_disk_under_the_log_stops_what_is_important(self):
        self.fills_up_and_comes_back(self.under_log, "not_sealing")

    def test_3_nothing_was_lost(self):
        self.assertEqual(self.siege.finish(), [])


class Forgetful(ServerCase):
    """PostgreSQL started without what makes a commit last."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.migrate()
        cls.settings = cls.cluster.settings

    def refused(self, setting: str) -> None:
        self.cluster.stop()
        self.cluster.settings = self.settings | {setting: "off"}
        self.cluster.start()
        server = self.server(store__url=self.cluster.url).start()
        self.assertNotEqual(server.ended(), 0)
        said = server.lines("net.not_started")
        self.assertEqual([(line["error"], line["engine"]) for line in said], [("setting_bad", setting)])
        self.assertEqual(self.cluster.number("SELECT count(*) FROM lease"), 0)

    def test_1_without_fsync(self):
        self.refused("fsync")

    def test_2_without_full_page_writes(self):
        self.refused("full_page_writes")

    def test_3_without_synchronous_commit(self):
        self.refused("synchronous_commit")

    def test_4_with_all_of_them_it_starts(self):
        self.cluster.stop()
        self.cluster.settings = self.settings
        self.cluster.start()
        self.server(store__url=self.cluster.url).start().ready()


if __name__ == "__main__":
    run_as_tap(__file__)
