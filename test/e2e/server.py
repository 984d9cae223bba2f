"""One `torimori serve` as a process of the test's own: its exit code, its log, its roles. No mail
server and nobody inside; what needs people takes a Scene."""

import atexit
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Callable

from paths import TORIMORI

from scene import change_settings
from stack import Ports, Stack
from stage import until

ROLES = ("keyholder", "courier", "net")
OVER = object()
PATIENCE_S = 60  # for what must come, however slow the machine is


MADE: list[Path] = []  # a folder with the certificates that the first server made


def keep_certificates(folder: Path) -> None:
    kept = Path(tempfile.mkdtemp(prefix="tori-"))
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    for path in (*folder.glob("*.pem"), *folder.glob("*.key")):
        shutil.copy(path, kept)
    MADE.append(kept)


class Server:
    """A settings file of its own in a folder of its own; started as often as a test wants."""

    def __init__(self, stack: Stack, address: str = "127.0.0.1") -> None:
        self.stack, self.address = stack, address
        self.log_path = self.stack.folder / "torimori.log"
        self.log_path.touch()
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def make(cls, folder: Path, **settings: str | int) -> "Server":
        stack = Stack(folder, TORIMORI, Ports.free())
        if MADE:  # certificates cost more than everything else of a start
            shutil.copytree(MADE[0], folder)
        stack.prepare()
        if not MADE:
            keep_certificates(stack.folder)
        change_settings(stack.config, settings)
        return cls(stack)

    def standby(self, folder: Path) -> "Server":
        """Another machine, as far as one can be had here: the same settings and ports at another
        address, its own sockets, the same keys, and the same store and evidence."""
        stack = Stack(folder, TORIMORI, self.stack.ports)
        keys = stack.folder / "data/keys"
        keys.mkdir(parents=True, mode=0o700)
        for name in ("log.key", "master.key"):
            shutil.copy(self.stack.folder / "data/keys" / name, keys)
        text = self.stack.config.read_text("utf-8")
        stack.config.write_text(text.replace(".listen = 127.0.0.1:", ".listen = 127.0.0.2:"), "utf-8")
        change_settings(stack.config, {"data__directory": str(stack.folder / "data"),
                                       "evidence__directory": str(self.stack.log)})
        return Server(stack, "127.0.0.2")

    # Its life ------------------------------------------------------------------------------------

    def start(self) -> "Server":
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self.stack.serve_command(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        return self

    def ready(self) -> "Server":
        self.wait(lambda: self.readyz()[0] == 200, "it is not ready")
        return self

    def wait(self, look: Callable[[], Any], what: str) -> Any:
        """What `look` finds; it is not waited for when everything has ended."""
        def found_or_over() -> Any:
            over = self.process is None or self.process.poll() is not None
            return look() or (over and OVER)
        found = until(found_or_over, PATIENCE_S)
        assert found and found is not OVER, f"{what}:\n" + self.text()[-4000:]
        return found

    def send(self, number: signal.Signals, role: str = "") -> int:
        pid = self.pid(role)
        os.kill(pid, number)
        return pid

    def pid(self, role: str = "") -> int:
        if not role:
            assert self.process is not None
            return self.process.pid
        return int(self.lines("role.started", name=role)[-1]["pid"])

    def send_all(self, number: signal.Signals) -> None:
        """To every process of it, the supervisor first, so that it starts nothing in between."""
        for pid in sorted(self.left(), key=lambda pid: pid != self.pid()):
            os.kill(pid, number)

    def freeze(self) -> None:
        """SIGSTOP; returns when the last thread of it stands still, which takes a moment."""
        self.send_all(signal.SIGSTOP)
        self.wait(lambda: all(is_still(pid) for pid in self.left()), "it does not stand still")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """The exit code of the whole."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        assert self.process is not None
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end:\n{self.text()[-4000:]}") from None

    def close(self) -> None:
        """Whatever happened: nothing of it is left."""
        if self.process is not None and self.process.poll() is None:
            for pid in self.left():
                os.kill(pid, signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)

    # What it shows -------------------------------------------------------------------------------

    def text(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    def lines(self, event: str = "", **fields: Any) -> list[dict[str, Any]]:
        found = []
        for line in self.text().splitlines():
            if not line.startswith("{") or not line.endswith("}"):
                continue
            row = json.loads(line)
            if event in ("", row["event"]) and all(row.get(n) == v for n, v in fields.items()):
                found.append(row)
        return found

    def said(self, event: str, **fields: Any) -> dict[str, Any]:
        """The first such line of its log; waits for it."""
        return self.wait(lambda: self.lines(event, **fields), f"{event} {fields} is not said")[0]

    def left(self) -> list[int]:
        """All processes of this binary that were given this settings file."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                words = command_of(int(entry.name))
                if str(self.stack.config) in words and words[0].endswith("torimori"):
                    found.append(int(entry.name))
        return found

    def get(self, path: str, port: int = 0, host: str = "") -> tuple[int, dict[str, Any]]:
        """(0, {}) when nobody answers."""
        port = port or self.stack.ports.metrics
        connection = http.client.HTTPConnection(self.address, port, timeout=20)
        try:
            connection.request("GET", path, headers={"Host": host or f"{self.address}:{port}"})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(body) if is_json else {"text": body.decode()}

    def readyz(self) -> tuple[int, dict[str, Any]]:
        return self.get("/readyz")

    def metric(self, name: str) -> int:
        text = self.get("/metrics")[1].get("text", "")
        return next((int(line.split()[-1]) for line in text.splitlines()
                     if line.startswith(name + " ")), -1)


def readyz(stack: Stack) -> tuple[int, str]:
    """The status, and what it says of important operations."""
    status, body = Server(stack).readyz()
    return status, str(body.get("important_operations", body.get("code", "")))


def is_still(pid: int) -> bool:
    """Every thread is stopped."""
    try:
        return all(path.read_text("utf-8").rpartition(")")[2].split()[0] == "T"
                   for path in Path(f"/proc/{pid}/task").glob("*/stat"))
    except OSError:
        return False


def command_of(pid: int) -> list[str]:
    """The command line of a process; [""] when there is none any more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return [""]


class ServerCase(unittest.TestCase):
    """Cases with servers of their own, which end with the case."""

    def setUp(self) -> None:
        if not TORIMORI.exists():
            raise unittest.SkipTest(f"{TORIMORI.name} is not built")
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tori-")))

    def server(self, name: str = "a", **settings: str | int) -> Server:
        server = Server.make(self.folder / name, **settings)
        self.addCleanup(server.close)
        return server

    def over(self, server: Server, code: int) -> None:
        """It ended by itself or by our word, with this code, and took everything with it."""
        self.assertEqual(server.ended(), code, server.text())
        self.assertEqual(server.left(), [], server.text())


def as_user(uid: int, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python as somebody else; only root can."""
    return subprocess.run(
        ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", sys.executable, "-c",
         script, *words], capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def holds(port: int) -> socket.socket:
    """A port that somebody else has, and shares with nobody."""
    held = socket.socket()
    held.bind(("127.0.0.1", port))
    held.listen()
    return held
