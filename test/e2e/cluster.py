"""A PostgreSQL cluster of a test's own, which can be stopped and started again."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from paths import TORIMORI

import with_postgres


class Cluster:
    def __init__(self, settings: dict[str, str] | None = None) -> None:
        self.settings = with_postgres.SETTINGS | (settings or {})
        self.bin = with_postgres.find_bin()
        if self.bin is None:
            raise unittest.SkipTest("PostgreSQL is absent")
        self.folder = Path(tempfile.mkdtemp(prefix="tpg", dir="/tmp"))
        self.server = with_postgres.start(self.folder, self.bin, self.settings)

    @property
    def owner(self) -> str:
        """The address of whoever may change tables."""
        return f"postgresql://torimori_owner@/postgres?host={self.folder}"

    @property
    def url(self) -> str:
        """The address of a running Torimori."""
        return f"postgresql://torimori_app@/postgres?host={self.folder}"

    def migrate(self) -> str:
        done = subprocess.run([str(TORIMORI), "store", "migrate", self.owner], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> None:
        with_postgres.stop(self.server)

    def signal(self, number: signal.Signals) -> None:
        """To the server and everything that works for it, itself first."""
        for pid in [self.server.pid, *children(self.server.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """As a machine that fails would; what had been written survives it."""
        workers = children(self.server.pid)
        self.server.kill()
        self.server.wait()
        for pid in workers:  # they would notice, sooner or later
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(Path(f"/proc/{pid}").exists() for pid in workers):
            time.sleep(0.02)

    def start(self) -> None:
        self.server = with_postgres.launch(self.folder, self.bin, self.settings)

    def close(self) -> None:
        if self.server.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, sql: str) -> list[list[str]]:
        """Rows of text."""
        done = subprocess.run([str(self.bin / "psql"), "-d", self.owner, "-XAtq", "-F", "|", "-c", sql],
                              capture_output=True, text=True, timeout=60, check=True)
        return [line.split("|") for line in done.stdout.splitlines()]

    def number(self, sql: str) -> int:
        return int(self.ask(sql)[0][0])


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
