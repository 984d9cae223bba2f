"""A Torimori under load whose processes end, by chance or at named points, and everything around it
that can fail; after each end, what was acknowledged is compared with what is in the store."""

import contextlib
import os
import random
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any, Callable

from cluster import Cluster
from load import LATER, Asked, Load, Record, checkpoint, stop
from scene import Scene
from stack import alive
from stage import role_pid, until
from website import read_mail

PATIENCE_S = 90  # for what must come, however slow the machine is
ROLES = ("net", "keyholder", "courier")
# Before the write, after the commit and before the answer, after it, in the middle of the tiles, between
# tiles and checkpoint, in the middle of a mail, and what else lies on the way.
POINTS = ("store.before_commit", "store.after_commit", "release.before", "release.after", "seal.read",
          "seal.signed", "file.put", "file.synced", "file.renamed", "seal.tiles", "seal.published",
          "keyholder.synced", "keyholder.answered", "courier.begun", "courier.mail",
          "courier.carried")
HANDED_OVER_S = 11 * 60  # what was given to a courier and never answered is due again after that
PAUSE_S = 30


class Siege:
    """One scene, its load, and the model of what it was told."""

    def __init__(self, dice: random.Random, on_postgres: bool = False, users: int = 4,
                 **settings: str) -> None:
        self.dice, self.users = dice, users
        self.after = contextlib.ExitStack()
        self.cluster = Cluster() if on_postgres else None
        if self.cluster:
            self.after.callback(self.cluster.close)
            self.cluster.migrate()
            self.scene = Scene(store__url=self.cluster.url)
        else:
            self.scene = Scene(**settings)
        self.arm = self.scene.stack.folder / "failpoint"
        self.record = Record()
        self.known: dict[str, str] = {}  # operation → the state that was last compared
        self.checkpoints: dict[int, bytes] = {}
        self.troubles: list[tuple[float, float]] = []  # in which a mail may come again
        self.kills = 0
        self.faults: list[str] = []

    def open(self) -> "Siege":
        self.after.callback(self.scene.close)
        os.environ["TORI_FAILPOINT"] = f"@{self.arm}"
        self.after.callback(os.environ.pop, "TORI_FAILPOINT", None)
        self.scene.open()
        users = [self.scene.newcomer() for _ in range(self.users)]
        self.loads = [Load(user, number * 1_000_000) for number, user in enumerate(users, 1)]
        for load in self.loads:
            load.start()
        return self

    def close(self) -> None:
        stop(getattr(self, "loads", []))
        self.after.close()

    # What happens to it ------------------------------------------------------------------------------

    def strike(self, what: str) -> None:
        """One trouble, by its name; then work must go on, and nothing may be missing."""
        begun, done = time.time(), self.answers()
        try:
            self.troubles_by_name(what)()
            self.troubles.append((begun, time.time()))
            assert until(lambda: self.look() >= done + len(self.loads), PATIENCE_S), "work does not go on"
            self.compare()
        except AssertionError as why:
            self.faults.append(f"after {what}: {why}; {[load.last for load in self.loads]}; "
                               + self.scene.stack.last_words("torimori"))

    def troubles_by_name(self, what: str) -> Callable[[], None]:
        if what in POINTS:
            return lambda: self.kill_at(what)
        if what in ROLES:
            return lambda: self.kill_role(what)
        return {"supervisor": self.kill_all, "clock forward": lambda: self.scene.move_clock(40),
                "clock back": lambda: self.scene.move_clock(-40), "server killed": self.kill_server,
                "server paused": self.pause_server}[what]

    def kill_role(self, name: str) -> None:
        time.sleep(self.dice.uniform(0, 0.3))
        assert until(lambda: self.killed(name), PATIENCE_S), f"there is no {name}"
        self.kills += 1

    def killed(self, name: str) -> bool:
        """False while it is not there: what it does may not have been missed yet."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(role_pid(self.scene, name), signal.SIGKILL)
            return True
        return False

    def kill_at(self, point: str) -> None:
        """Whoever passes the point next dies there."""
        part = self.arm.with_suffix(".part")
        part.write_text(point, "ascii")
        part.rename(self.arm)
        if not until(lambda: not self.arm.exists(), PATIENCE_S):
            self.arm.unlink(missing_ok=True)
            raise AssertionError("nobody came by")
        self.kills += 1

    def kill_all(self) -> None:
        """The supervisor dies, its roles end after it, and it is started again."""
        stack = self.scene.stack
        (process,) = [p for p in stack.recall("processes") if p["name"] == "torimori" and alive(p)]
        roles = [role_pid(self.scene, name) for name in ROLES]
        time.sleep(self.dice.uniform(0, 0.3))
        os.kill(process["pid"], signal.SIGKILL)
        self.kills += 1
        assert until(lambda: not alive(process), PATIENCE_S)
        assert until(lambda: not any(map(is_torimori, roles)), PATIENCE_S), "a role outlived it"
        stack._start("torimori", stack.serve_command())

    def kill_server(self) -> None:
        self.cluster.kill()
        time.sleep(self.dice.uniform(0, 1))
        self.cluster.start()

    def pause_server(self) -> None:
        """A store that says nothing: nobody is told that something was done."""
        self.cluster.signal(signal.SIGSTOP)
        try:
            time.sleep(PAUSE_S / 2)  # what had been committed is answered by then
            before = self.answers()
            time.sleep(PAUSE_S / 2)
            assert self.answers() == before, "answered without a store"
        finally:
            self.cluster.signal(signal.SIGCONT)

    # The model ---------------------------------------------------------------------------------------

    def asked(self) -> list[Asked]:
        return [one for load in self.loads for one in load.asked]

    def answers(self) -> int:
        return sum(len(one.said) for one in self.asked())

    def look(self) -> int:
        found = checkpoint(self.scene.stack.log)
        if found:
            self.checkpoints[found[0]] = found[1]
        return self.answers()

    def rows(self, start: int) -> list[bytes]:
        """The entries of the journal from `start` on, as the store has them."""
        query = f"FROM journal WHERE shard = 0 AND seq >= {start} ORDER BY seq"
        if self.cluster:
            rows = self.cluster.ask("SELECT encode(convert_to(entry, 'UTF8'), 'hex') " + query)
            return [bytes.fromhex(row[0]) for row in rows]
        path = self.scene.settings.get("store__url", f"sqlite:{self.scene.stack.path('torimori.db')}")[7:]
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as store:
            return [row[0].encode() for row in store.execute("SELECT entry " + query)]

    def compare(self) -> None:
        """What was acknowledged since the last time; and one key again."""
        self.compare_rows()
        asked = self.asked()
        if asked:
            self.ask_again(self.dice.choice(asked))

    def compare_rows(self) -> None:
        """In this order, so that nothing can be too new."""
        said = [(one, one.state()) for one in self.asked()]
        self.look()
        seen = dict(self.checkpoints)
        self.record.read(self.rows(self.record.tree.size))
        for one, state in said:
            if self.known.get(one.operation) != state:
                self.faults += self.record.missing(one, state)
                self.known[one.operation] = state
        for size, root in seen.items():
            self.faults += self.record.extends(size, root)
        self.checkpoints = {}
        self.faults += self.record.faults + [fault for load in self.loads for fault in load.faults]
        self.record.faults = []
        for load in self.loads:
            load.faults.clear()

    def ask_again(self, one: Asked) -> None:
        """Its key still has the one answer; a server that is just away is asked again."""
        def answer() -> Any:
            with contextlib.suppress(Exception):
                found = one.user.channel.once("POST", "/v1/operations", one.body, one.key)
                return found if found.status not in (429, 503) else None
        again = until(answer, PATIENCE_S)
        if not again or (again.status, again.body) != (201, one.first):
            self.faults.append(f"{one.key} was answered {one.first!r} and is now "
                               f"{again and again.body!r}")

    # At the end --------------------------------------------------------------------------------------

    def finish(self) -> list[str]:
        """Everything once more, from the beginning, with nobody asking any more."""
        stop(self.loads)
        self.compare()
        again = Record()
        again.read(self.rows(0))
        if again.tree.level[0][:self.record.tree.size] != self.record.tree.level[0]:
            self.faults.append("the journal is another than it was")
        for one in self.asked():
            self.faults += again.missing(one, one.state())
            self.ask_again(one)
            now = one.user.state({"operation_id": one.operation})
            if now not in LATER[one.state()]:
                self.faults.append(f"{one.operation} was {one.state()} and is {now}")
        size = again.tree.size
        if not until(lambda: (checkpoint(self.scene.stack.log) or (0,))[0] >= size, PATIENCE_S):
            self.faults.append(f"not all of {size} rows were sealed")
        newest = checkpoint(self.scene.stack.log)
        again.read(self.rows(again.tree.size))  # what was due went on meanwhile
        self.faults += again.faults + again.extends(*newest)
        sound, told = self.scene.stack.verify_log()
        self.faults += [] if sound else [told]
        self.faults += self.faults_of_mail()
        return self.faults

    def faults_of_mail(self) -> list[str]:
        """No notice is lost, and one that comes again had a reason each time."""
        wanted = {f"{one.amount:,}円" for one in self.asked() if one.state() in ("allowed", "redeemed")}
        letters = Letters(self.scene.stack.mails)
        for _ in range(4):
            if until(lambda: letters.read() >= wanted, 15):
                break
            self.scene.move_clock(HANDED_OVER_S)
            self.troubles.append((time.time(), time.time()))
        found = [f"nobody was told of {amount}" for amount in wanted - letters.read()]
        for amount, times in letters.times.items():
            for first, second in zip(times, times[1:]):
                if not any(begun <= second + 1 and done >= first - 1 for begun, done in self.troubles):
                    found.append(f"the notice of {amount} came again for no reason")
        self.repeats = sum(len(times) - 1 for times in letters.times.values())
        self.told = len(letters.times)
        return found


class Letters:
    """The notices of withdrawals, by their amount, and when each came."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.times, self.seen = folder, {}, set()

    def read(self) -> set[str]:
        for path in sorted(self.folder.glob("*.eml")):
            if path.name in self.seen:
                continue
            self.seen.add(path.name)
            mail = read_mail(path)
            if "出金受付" in mail["subject"]:
                line = next(row for row in mail["text"].splitlines() if row.startswith("金額"))
                self.times.setdefault(line.split(": ")[1], []).append(path.stat().st_mtime)
                self.times[line.split(": ")[1]].sort()
        return set(self.times)


def is_torimori(pid: int) -> bool:
    try:
        return b"torimori" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
