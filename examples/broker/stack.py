"""Everything the demo and the tests start: where it lies, how it is set, and how it ends.

How Torimori is called and set stands in this file alone. Processes are remembered by pid together
with the time they began, so that stopping never ends a process of somebody else.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
READY_S = 120  # a machine with much else to do is slow, not broken
ENDING_S = 60
LONGEST_SOCKET = 107  # bytes of a path that the kernel takes
CLAIMS: list[socket.socket] = []  # on rows of ports, until this process ends
STARTING = ("(keyholder_away)", "(store_away)", "(not_owner)", "(busy)")


class Failed(Exception):
    """Something did not start or did not answer; the message says what and where its log is."""


@dataclass
class Ports:
    """The demo's well-known ports; tests take free ones."""

    pages: int = 8080
    broker: int = 8081
    desk: int = 8082
    channel: int = 8443
    metrics: int = 8083
    mail: int = 8025
    evil: int = 8090

    @classmethod
    def free(cls) -> "Ports":
        """A row of free ports below those that the kernel gives to outgoing connections (and above
        those that browsers refuse). Until this process ends nobody else who asks here gets them: a
        socket without a file is the claim."""
        while True:
            first = random.randrange(12000, 32000, 8)
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0torimori-ports-{first}")
                for port in range(first, first + 7):
                    with socket.socket() as one:
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        one.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                continue
            CLAIMS.append(claim)
            return cls(*range(first, first + 7))


@dataclass
class Stack:
    """One running set of Torimori, broker and mail server in one folder."""

    folder: Path
    torimori: Path
    ports: Ports = field(default_factory=Ports)
    store_url: str = ""  # empty: an SQLite file in the folder

    CHANNEL_TITLE = "みほん証券"  # as Torimori's pages and notices call the channel
    CHANNEL_NAME = "channel.torimori.localhost"
    MAIL_NAME = "mail.localhost"

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.torimori = self.torimori.resolve()

    # Places ----------------------------------------------------------------------------------

    @property
    def pages(self) -> str:
        return f"http://torimori.localhost:{self.ports.pages}"

    @property
    def broker(self) -> str:
        return f"http://mihon.localhost:{self.ports.broker}"

    @property
    def desk(self) -> str:
        return f"http://desk.localhost:{self.ports.desk}"

    @property
    def evil(self) -> str:
        return f"http://evil.localhost:{self.ports.evil}"

    @property
    def return_uri(self) -> str:
        return self.broker + "/torimori/return"

    @property
    def config(self) -> Path:
        return self.folder / "torimori.conf"

    @property
    def mails(self) -> Path:
        return self.folder / "mails"

    @property
    def log(self) -> Path:
        """The evidence log as files."""
        return self.folder / "data/log"

    @property
    def post(self) -> Path:
        return self.folder / "post"

    def path(self, name: str) -> str:
        return str(self.folder / name)

    # Making it ready -------------------------------------------------------------------------

    def prepare(self) -> None:
        """Folder, certificates and settings; what is there already stays."""
        if len(os.fsencode(self.path("data/keyholder.sock"))) > LONGEST_SOCKET:
            raise Failed(f"{self.folder}: too long a path for a socket; --folder takes a shorter one")
        for folder in (self.folder, self.folder / "data", self.post, self.mails):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.folder / "channel.pem").exists():
            self._certificates()
        self.config.write_text(self._settings(), "utf-8")

    def _certificates(self) -> None:
        self._openssl("req", "-x509", *CURVE, "-keyout", "ca.key", "-out", "ca.pem", "-subj",
                      "/CN=Torimori demo CA", "-days", "365")
        self._issue("server", self.CHANNEL_NAME, "serverAuth")
        self._issue("mail", self.MAIL_NAME, "serverAuth")
        self._issue("channel", "mihon", "clientAuth")

    def _issue(self, name: str, host: str, usage: str) -> None:
        self._openssl("req", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                      f"/CN={name}", "-addext", f"subjectAltName=DNS:{host}",
                      "-addext", f"extendedKeyUsage={usage}")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-copy_extensions", "copy", "-days", "365", "-out", f"{name}.pem")
        (self.folder / f"{name}.csr").unlink()

    def _openssl(self, *words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise Failed(f"openssl {words[0]}: {done.stderr}")

    def _settings(self) -> str:
        """Torimori's settings file; `torimori settings` says what each one means."""
        rows: dict[str, str | int] = {
            "store.url": self.store_url or "sqlite:" + self.path("torimori.db"),
            "data.directory": self.path("data"),
            "evidence.origin": "torimori.localhost/log",
            "metrics.listen": f"127.0.0.1:{self.ports.metrics}",
            "channel.listen": f"127.0.0.1:{self.ports.channel}",
            "channel.hosts": f"{self.CHANNEL_NAME}:{self.ports.channel}",
            "channel.tls_certificate": self.path("server.pem"),
            "channel.tls_key": self.path("server.key"),
            "firm.name_ja": "みほん証券",
            "firm.name_en": "Mihon Securities",
            "firm.phone": "0120-000-000",
            "demo": "true",
            "courier.smtp_host": self.MAIL_NAME,
            "courier.smtp_port": self.ports.mail,
            "courier.smtp_ca": self.path("ca.pem"),
            "courier.from": "no-reply@mihon.example",
            "courier.domain": "mihon.example",
            "courier.spool": str(self.post),
        }
        for role, origin in (("customer", self.pages), ("operator", self.desk)):
            host = urlsplit(origin)
            rows |= {f"{role}.listen": f"127.0.0.1:{host.port}", f"{role}.hosts": host.netloc,
                     f"{role}.origin": origin, f"{role}.rp_id": host.hostname or ""}
        return "".join(f"{name} = {value}\n" for name, value in rows.items())

    # Torimori's command line -------------------------------------------------------------------

    def serve_command(self) -> list[str]:
        return [str(self.torimori), "serve", "--config", str(self.config)]

    def admin(self, *words: str) -> str:
        """Run `torimori admin …` and return what it prints. A part of Torimori that is just
        starting is asked again."""
        command = [str(self.torimori), "admin", *words, "--config", str(self.config)]
        deadline = time.monotonic() + READY_S
        while True:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            if done.returncode == 0:
                return done.stdout
            told = done.stderr.strip() or done.stdout.strip()
            if time.monotonic() > deadline or not told.endswith(STARTING):
                raise Failed(f"{' '.join(command[1:4])}: {told}")
            time.sleep(0.2)

    def add_channel(self) -> None:
        self.admin("channel", "add", self.CHANNEL_TITLE, "--cert", self.path("channel.pem"),
                   "--origin", self.broker, "--return-uri", self.return_uri)

    def add_operator(self, ref: str, name: str) -> str:
        """The one-time code that Torimori prints for a new operator."""
        return self.admin("operator", "add", ref, "--name", name).split()[-1]

    def verify_log(self) -> tuple[bool, str]:
        """Whether the evidence log is sound, and what the verifier says about it."""
        command = [str(self.torimori), "log", "verify", str(self.log)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    def require_free_ports(self) -> None:
        """Told by name, before anything has started."""
        for name, port in vars(self.ports).items():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    raise Failed(f"port {port} ({name}) is in use by another program")

    # Processes -------------------------------------------------------------------------------

    def start_torimori(self) -> None:
        self._start("torimori", self.serve_command())
        self._wait("torimori", f"http://127.0.0.1:{self.ports.metrics}/readyz")

    def start_mail(self) -> None:
        self._start("mailsink", [
            sys.executable, "-B", str(HERE / "mailsink"), "--port", str(self.ports.mail),
            "--folder", str(self.mails), "--certificate", self.path("mail.pem"),
            "--key", self.path("mail.key")])
        self._wait_port("mailsink", self.ports.mail)

    def start_broker(self) -> None:
        self._start("broker", [
            sys.executable, "-B", str(HERE / "broker"), "--origin", self.broker,
            "--torimori", self.pages, "--data", self.path("broker"),
            "--channel", f"{self.CHANNEL_NAME}:{self.ports.channel}", "--ca", self.path("ca.pem"),
            "--certificate", self.path("channel.pem"), "--key", self.path("channel.key"),
            "--mails", str(self.mails)])
        self._wait("broker", f"http://127.0.0.1:{self.ports.broker}/healthz",
                   f"mihon.localhost:{self.ports.broker}")

    def _start(self, name: str, command: list[str]) -> None:
        with open(self.folder / f"{name}.log", "ab") as log, uninterrupted():
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       cwd=self.folder, start_new_session=True)
            self.remember(processes=self.recall("processes", []) + [
                {"name": name, "pid": process.pid, "began": began(process.pid)}])

    def _wait(self, name: str, url: str, host: str = "") -> None:
        request = urllib.request.Request(url, headers={"Host": host} if host else {})
        self._until(name, lambda: urllib.request.urlopen(request, timeout=2).status == 200)

    def _wait_port(self, name: str, port: int) -> None:
        def answers() -> bool:
            with socket.create_connection(("127.0.0.1", port), 2):
                return True
        self._until(name, answers)

    def _until(self, name: str, ready: Any) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                if ready():
                    return
            except OSError:
                pass
            if not any(p["name"] == name and alive(p) for p in self.recall("processes", [])):
                break
            time.sleep(0.1)
        raise Failed(f"{name} does not answer; its last words:\n{self.last_words(name)}")

    def last_words(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        text = path.read_text("utf-8", "replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-15:])

    def running(self) -> bool:
        return any(alive(process) for process in self.recall("processes", []))

    def stop(self) -> list[str]:
        """End what this folder's demo started, newest first, and nothing else."""
        ended = []
        for process in reversed(self.recall("processes", [])):
            if not alive(process):
                continue
            os.kill(process["pid"], signal.SIGTERM)
            deadline = time.monotonic() + ENDING_S
            while alive(process) and time.monotonic() < deadline:
                time.sleep(0.05)
            if alive(process):
                os.kill(process["pid"], signal.SIGKILL)
            ended.append(process["name"])
        if self.recall("processes"):
            self.remember(processes=[])
        return ended

    # What the demo remembers -------------------------------------------------------------------

    def recall(self, name: str, default: Any = None) -> Any:
        path = self.folder / "demo.json"
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return kept.get(name, default)

    def remember(self, **things: Any) -> None:
        path = self.folder / "demo.json"
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
        whole = path.with_suffix(".part")
        whole.touch(mode=0o600)
        whole.write_text(json.dumps(kept | things, ensure_ascii=False, indent=1), "utf-8")
        whole.rename(path)


CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back for a moment: a process that was started must be remembered. (The handlers
    are functions, so that a child does not inherit them.)"""
    held: list[int] = []
    before = {number: signal.signal(number, lambda got, _: held.append(got))
              for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
    if held:
        os.kill(os.getpid(), held[0])


def began(pid: int) -> str:
    """When a process began, as the kernel counts: with the pid it names one process for good."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def alive(process: dict[str, Any]) -> bool:
    try:
        state = Path(f"/proc/{process['pid']}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return False
    if state[0] == "Z":
        reap(process["pid"])
        return False
    return state[19] == process["began"]


def reap(pid: int) -> None:
    """Take a child that has ended off the process table, if it is ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
