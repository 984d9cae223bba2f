#!/usr/bin/python3
"""The power goes, again and again: whatever was acknowledged is there afterwards. A kill proves nothing
of the kind, for what a process wrote is kept by the kernel; so the program runs on a disk that writes
down what it is asked for (disk.c), and each crash is worked out from that (disk.py).

    crashes.py                        a short form, as a test
    crashes.py --crashes 200          the proof; ends with one line of figures
    crashes.py --crashes 200 --seed 7 other dice
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "test/e2e")]

from paths import run_as_tap

from disk import ANY, DEATH, FORGETS, MAKE_DIR, MODES, RENAME, SYNC, WRITE, Disk, Node, Trace
from load import LATER, Asked, Load, Record, checkpoint, stop
from scene import Scene
from stack import Failed, alive
from stage import role_pid, until

PROGRAM = Path(os.environ.get("TORIMORI_DISK", PROJECT / "build/test/durability/torimori_disk"))
KEPT = ("torimori.db", "torimori.db-wal", "torimori.db.lock", "data", "post")
USERS = 3
ENOUGH = 12  # acknowledged steps that make a run worth a crash
SEALED = 2  # and so many checkpoints
ROUND_CRASHES = 10
# Who dies while the power stays, right after which call: its successor sees what is not yet synced.
VICTIMS = ((), (), ("keyholder", RENAME), ("keyholder", WRITE), ("net", RENAME), ("net", MAKE_DIR),
           ("net", WRITE), ("net", SYNC), ("courier", ANY))
STATE_MARK = b"TMlogst1"


class Run:
    """One start of the program, from the files that a crash left."""

    def __init__(self, world: "World", number: int, seed: int, victim: tuple | None = None) -> None:
        self.world, self.number = world, number
        self.dice = random.Random(seed * 1000 + number)
        self.victim = self.dice.choice(VICTIMS) if victim is None else victim
        self.disk = Disk(world.stack.folder, KEPT)
        world.start()
        self.trace = Trace(world.trace_path)
        self.killed = 0
        self.loads: list[Load] = []
        self.seen: list[tuple[int, int, bytes]] = []  # moment and checkpoint

    def moment(self) -> int:
        return self.trace.used

    def work(self) -> None:
        """Load until enough was acknowledged; somebody may die on the way, the power stays."""
        for user in self.world.users:
            self.world.amount += 100_000
            self.loads.append(Load(user, self.world.amount, self.moment))
        for load in self.loads:
            load.start()
        self.until_enough(1)
        if self.victim:
            name, kind = self.victim
            self.trace.kill(role_pid(self.world.scene, name), kind)
            self.until_enough(2)
        self.world.cut()
        stop(self.loads)
        self.killed = self.trace.killed
        faults = [fault for load in self.loads for fault in load.faults]
        assert not faults, faults

    def until_enough(self, times: int) -> None:
        done = until(lambda: self.look() >= ENOUGH * times and self.sealed() >= SEALED * times, 90)
        assert done, [load.last for load in self.loads] + [self.world.stack.last_words("torimori")]

    def look(self) -> int:
        """Keeps the checkpoint of the moment; how many answers there were."""
        found = checkpoint(self.world.stack.log)
        if found:
            self.seen.append((self.moment(), *found))
        return sum(len(one.said) for load in self.loads for one in load.asked)

    def sealed(self) -> int:
        """How many checkpoints were published in this run."""
        return len({size for _, size, _ in self.seen}) - 1

    def known(self) -> list[tuple[int, Asked]]:
        """Everything that was acknowledged in this run, by its moment."""
        return [(moment, one) for load in self.loads for one in load.asked for moment, _ in one.said]

    def moments(self, count: int) -> list[int]:
        """When the power goes: right after an answer or a sync, at the end, anywhere."""
        records = list(self.trace.records(self.trace.whole))
        places = [r.at for r in records]
        kinds = [places, [moment for moment, _ in self.known() if moment <= self.trace.whole]]
        kinds += [[after.at for r, after in zip(records, records[1:]) if matches(r)] for matches in (
            lambda r: r.kind == SYNC, lambda r: r.kind == RENAME and r.names[1] == "checkpoint",
            lambda r: r.kind in (RENAME, MAKE_DIR))]
        chosen = [self.trace.whole]
        while len(chosen) < count:
            chosen.append(self.dice.choice(self.dice.choice([kind for kind in kinds if kind])))
        return sorted(chosen[:count])


class World:
    """A scene whose Torimori runs on the disk that remembers; what it must never forget."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.stack = self.scene.stack
        self.stack.torimori = self.stack.folder / "torimori"
        shutil.copy(PROGRAM, self.stack.torimori)
        self.trace_path = self.stack.folder / "torimori.trace"
        self.kept: list[tuple[Asked, str]] = []
        self.checkpoints: dict[int, bytes] = {}
        self.amount = 0

    def open(self) -> None:
        self.scene.open()
        self.users = [self.scene.newcomer() for _ in range(USERS)]
        self.cut(signal.SIGTERM)

    def close(self) -> None:
        self.scene.close()

    def start(self) -> None:
        self.trace_path.unlink(missing_ok=True)
        self.stack.start_torimori()

    def cut(self, number: signal.Signals = signal.SIGKILL) -> None:
        """All processes end at once."""
        main = [p for p in self.stack.recall("processes") if p["name"] == "torimori" and alive(p)]
        roles = [role_pid(self.scene, name) for name in ("net", "keyholder", "courier")]
        for pid in [p["pid"] for p in main] + (roles if number == signal.SIGKILL else []):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        assert until(lambda: not any(map(alive, main)) and not any(map(is_torimori, roles)), 30)

    # What must be there ----------------------------------------------------------------------------

    def faults_on(self, run: Run, top: Node, end: int) -> list[str]:
        """What the files of a crash lack, before anything is started on them."""
        with tempfile.TemporaryDirectory(prefix="tori-crash-") as name:
            folder = Path(name)
            run.disk.put(top, folder)
            try:
                return self.faults_in(run, folder, end)
            except (sqlite3.Error, OSError, ValueError, IndexError) as why:
                return [repr(why)]

    def faults_in(self, run: Run, folder: Path, end: int) -> list[str]:
        record = Record()
        with contextlib.closing(sqlite3.connect(folder / "torimori.db")) as store:
            record.read(bytes(row[0], "utf-8") for row in store.execute(
                "SELECT entry FROM journal ORDER BY shard, seq"))
            odd = store.execute("PRAGMA integrity_check").fetchone()[0]
        found = [] if odd == "ok" else [odd]
        for one, state in self.expected(run, end):
            found += record.missing(one, state)
        newest = 0
        for size, root in {**self.checkpoints, **dict(c[1:] for c in run.seen if c[0] <= end)}.items():
            found += record.extends(size, root)
            newest = max(newest, size)
        return record.faults + found + self.faults_of_log(folder, record, newest)

    def faults_of_log(self, folder: Path, record: Record, newest: int) -> list[str]:
        published = checkpoint(folder / "data/log")
        signed = signed_size(folder / "data/keys/log.state")
        found = []
        if published is None:
            return ["there is no checkpoint"]
        found += record.extends(*published)
        if signed < max(newest, published[0]):
            found.append(f"the keyholder is back at {signed}, and had signed {max(newest, published[0])}")
        if signed > record.tree.size:
            found.append(f"{signed} rows are signed, and {record.tree.size} are there")
        sound, told = self.verify(folder / "data/log")
        return found + ([] if sound else [told])

    def verify(self, log: Path) -> tuple[bool, str]:
        done = subprocess.run([str(self.stack.torimori), "log", "verify", str(log)], text=True,
                              capture_output=True, check=False)
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    def expected(self, run: Run, end: int) -> list[tuple[Asked, str]]:
        ours = [one for load in run.loads for one in load.asked if one.state(end)]
        return self.kept + [(one, one.state(end)) for one in ours]

    def faults_alive(self, run: Run, end: int) -> list[str]:
        """What a Torimori that was started on those files does not know any more."""
        found = []
        expected = self.expected(run, end)
        for one, state in expected[-20:]:
            now = one.user.state({"operation_id": one.operation})
            if now not in LATER[state]:
                found.append(f"{one.operation} was {state} and is {now}")
            again = one.user.channel.once("POST", "/v1/operations", one.body, one.key)
            if (again.status, again.body) != (201, one.first):
                found.append(f"{one.key}: {again.status} {again.body!r} instead of {one.first!r}")
        self.users[0].login()  # something to be sealed
        newest = max([0, *self.checkpoints, *(c[1] for c in run.seen if c[0] <= end)])
        if not until(lambda: (checkpoint(self.stack.log) or (0, b""))[0] > newest, 20):
            found.append(f"the log does not go on after {newest}: "
                         + self.stack.last_words("torimori"))
        return found

    def go_on_from(self, run: Run, end: int) -> None:
        """What was acknowledged until then stays so."""
        self.kept = self.expected(run, end)
        self.checkpoints |= dict(c[1:] for c in run.seen if c[0] <= end)


def signed_size(path: Path) -> int:
    """How far the keyholder says that it has signed; -1 when it cannot say."""
    content = path.read_bytes() if path.exists() else b""
    return int.from_bytes(content[12:20], "big") if content.startswith(STATE_MARK) else -1


def is_torimori(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        return state != "Z" and b"torimori" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class Crash:
    """One loss of power, out of the many that a run could have met."""

    def __init__(self, run: Run, end: int, mode: str) -> None:
        self.run, self.end, self.mode = run, end, mode
        self.top = run.disk.crash(run.trace, end, mode, run.dice)

    def __str__(self) -> str:
        return f"round {self.run.number}, {self.end} bytes into its trace, unsynced: {self.mode}"

    def faults(self) -> list[str]:
        return self.run.world.faults_on(self.run, self.top, self.end)

    def faults_alive(self) -> list[str]:
        """Starts the program on what is left."""
        world = self.run.world
        self.run.disk.put(self.top)
        try:
            world.start()
            return world.faults_alive(self.run, self.end)
        except Failed as why:
            return [str(why)]
        finally:
            world.cut()

    def keep(self) -> Path:
        """Copies what is left to where it can be looked at."""
        folder = Path(tempfile.mkdtemp(prefix="tori-crash-kept-"))
        self.run.disk.put(self.top, folder)
        return folder

    def go_on(self) -> None:
        """This one is what really happened: the next run begins here."""
        self.run.disk.put(self.top)
        self.run.world.go_on_from(self.run, self.end)
        self.run.trace.close()


def crashes_of(run: Run, count: int) -> list[Crash]:
    return [Crash(run, end, run.dice.choice(MODES)) for end in run.moments(count)]


def published(run: Run, count: int) -> list[Crash]:
    """The power goes right after a checkpoint was published, and what is not synced is lost: what the
    keyholder signed, it must know. The first ones after somebody's death: his successor has not synced
    anything of its own yet."""
    records = list(run.trace.records(run.trace.whole))
    death = next((at for at, r in enumerate(records) if r.kind == DEATH), 0)
    renamed = [at for at, r in enumerate(records)
               if at > death and r.kind == RENAME and r.names[1] == "checkpoint"]
    synced = [next((r.at for r in records[at + 2:]), run.trace.whole) for at in renamed]
    return [Crash(run, end, "lost") for end in synced[:count]]


class Crashes(unittest.TestCase):
    """The short form: two runs, a few crashes each."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.world.open()
        cls.found, cls.alive = [], []
        for number, victim in enumerate((("keyholder", RENAME), ("net", WRITE)), 1):
            cls.run_ = Run(cls.world, number, 1, victim)
            cls.run_.work()
            crashes = crashes_of(cls.run_, 6) + published(cls.run_, 2)
            cls.found += [(str(crash), crash.faults()) for crash in crashes]
            cls.alive.append((str(crashes[-1]), crashes[-1].faults_alive()))
            if any(faults for _, faults in cls.found + cls.alive):
                break  # nothing could be started on that
            if number == 1:
                crashes[-1].go_on()

    def test_what_was_acknowledged_survives_the_power(self):
        self.assertEqual([(crash, faults[:5]) for crash, faults in self.found if faults], [])

    def test_torimori_goes_on_from_what_is_left(self):
        self.assertEqual([(crash, faults[:5]) for crash, faults in self.alive if faults], [])

    def test_a_program_that_forgets_to_sync_is_found_out(self):
        run, end = self.run_, self.run_.trace.whole
        for forget in FORGETS:
            top = run.disk.crash(run.trace, end, "lost", run.dice, forget)
            self.assertTrue(self.world.faults_on(run, top, end), forget)


def prove(count: int, seed: int) -> int:
    """So many crashes; the program is started after each of them."""
    done, failed, answers, killed, found_out, rounds = 0, 0, 0, 0, dict.fromkeys(FORGETS, 0), 0
    with contextlib.ExitStack() as after:
        world = World()
        after.callback(world.close)
        world.open()
        while done < count:
            rounds += 1
            run = Run(world, rounds, seed)
            run.work()
            crashes = crashes_of(run, min(ROUND_CRASHES, count - done)) + published(run, 2)
            for crash in crashes:
                faults = crash.faults() or crash.faults_alive()
                done, failed = done + 1, failed + bool(faults)
                if faults:
                    print(f"FAILED: {crash}; kept in {crash.keep()}", *faults[:5], sep="\n  ", flush=True)
            for forget in FORGETS:
                top = run.disk.crash(run.trace, run.trace.whole, "lost", run.dice, forget)
                found_out[forget] += bool(world.faults_on(run, top, run.trace.whole))
            answers, killed = answers + len(run.known()), killed + run.killed
            print(f"round {rounds}: {done} crashes, {failed} failed; {answers} answers", flush=True)
            run.dice.choice(crashes).go_on()
    twins = ", ".join(f"{name} {times}/{rounds}" for name, times in found_out.items())
    print(f"{done} crashes in {rounds} runs (seed {seed}), {failed} failed; {answers} acknowledged steps, "
          f"{killed} processes killed on the way; found out without {twins}")
    return 1 if failed or min(found_out.values()) < rounds else 0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--crashes", type=int, required=True)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    return prove(chosen.crashes, chosen.seed)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it started
        sys.exit(main())
    run_as_tap(__file__)
