#!/usr/bin/python3
"""Processes are killed under load, at random and at named points. What was acknowledged is there
afterwards, every key was decided once, the log extends every checkpoint it ever showed, and no
notice is lost.

    kills.py                                             a short form, as a test
    kills.py --store sqlite --kills 500 --progress FILE  the proof: rounds of 25, taken up where it stopped
    kills.py --store postgres --seed 1 --round 7         one round again
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import unittest
from pathlib import Path

from paths import TORIMORI, run_as_tap

from siege import POINTS, ROLES, Siege

A_ROUND = 25
SHORT = ("net", "keyholder", "courier", *POINTS[:5], "supervisor", *POINTS[5:10], "clock forward",
         "supervisor", *POINTS[10:], "net", "courier", "supervisor")


def plan(dice: random.Random, on_postgres: bool) -> list[str]:
    """A round: kills, with the supervisor's among them (it takes up with a fresh patience for its
    roles), and what is no kill but happens too."""
    kills = list(POINTS) + dice.choices(ROLES, k=A_ROUND - len(POINTS) - 4)
    dice.shuffle(kills)
    for at in (20, 14, 9, 4):
        kills.insert(at, "supervisor")
    others = ["clock forward", "clock back"] + ["server killed", "server paused"] * on_postgres
    for other in others:
        kills.insert(dice.randrange(1, len(kills)), other)
    return kills


class Kills(unittest.TestCase):
    """One short round on the embedded store; every point, every role."""

    @classmethod
    def setUpClass(cls):
        if not TORIMORI.exists():
            raise unittest.SkipTest(f"{TORIMORI.name} is not built")
        cls.siege = Siege(random.Random(1))
        cls.addClassCleanup(cls.siege.close)
        cls.siege.open()
        for what in SHORT:
            cls.siege.strike(what)
        cls.struck = list(cls.siege.faults)
        cls.siege.faults.clear()
        cls.ended = cls.siege.finish()

    def test_the_load_was_a_load(self):
        away = sum(load.away for load in self.siege.loads)
        print(f"# {self.siege.answers()} answers, {away} missing, {self.siege.record.tree.size} rows, "
              f"{self.siege.kills} kills, {self.siege.told} notices, {self.siege.repeats} again")
        self.assertGreater(self.siege.answers(), len(SHORT))
        self.assertGreater(away, 5)
        self.assertEqual(self.siege.kills, len(SHORT) - 1)

    def test_after_each_kill_everything_acknowledged_is_there(self):
        self.assertEqual(self.struck, [])

    def test_at_the_end_every_key_has_its_answer_every_row_its_seal_every_customer_his_notice(self):
        self.assertEqual(self.ended, [])


# The proof -----------------------------------------------------------------------------------------

def one_round(store: str, seed: int, number: int) -> dict:
    """Figures of a round, and what was wrong."""
    dice = random.Random(f"{store} {seed} {number}")
    siege = Siege(dice, store == "postgres")
    try:
        return fight(siege, plan(dice, store == "postgres"), f"round {number} of seed {seed} on {store}")
    finally:
        siege.close()


def fight(siege: Siege, troubles: list[str], name: str) -> dict:
    try:
        siege.open()
        for what in troubles:
            siege.strike(what)
        faults = siege.finish()
        figures = {"kills": siege.kills, "answers": siege.answers(), "rows": siege.record.tree.size,
                   "notices": siege.told, "again": siege.repeats, "faults": faults}
    except Exception as why:
        figures = {"kills": siege.kills, "answers": 0, "rows": 0, "notices": 0, "again": 0,
                   "faults": siege.faults + [repr(why)]}
    if figures["faults"]:
        kept = Path(tempfile.mkdtemp(prefix="tori-kills-kept-"))
        shutil.copytree(siege.scene.stack.folder, kept, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("*.sock"))
        print(f"{name} failed; kept in {kept}",
              *figures["faults"][:8], sep="\n  ", flush=True)
    return figures


def prove(store: str, seed: int, kills: int, progress: Path) -> int:
    done = json.loads(progress.read_text("utf-8")) if progress.exists() else {}
    if done.get("of") != [store, seed]:
        done = {"of": [store, seed], "rounds": []}

    def total(name: str) -> int:
        return sum(one[name] for one in done["rounds"])
    while total("kills") < kills:
        number = len(done["rounds"]) + 1
        done["rounds"].append(one_round(store, seed, number))
        progress.parent.mkdir(parents=True, exist_ok=True)
        progress.write_text(json.dumps(done), "utf-8")
        print(f"round {number} of seed {seed} on {store}: {json.dumps(done['rounds'][-1])[:200]}", flush=True)
    failed = sum(bool(one["faults"]) for one in done["rounds"])
    print(f"{total('kills')} kills on {store} in {len(done['rounds'])} rounds (seed {seed}), {failed} failed; "
          f"{total('answers')} acknowledged steps, {total('rows')} rows, {total('notices')} notices, "
          f"{total('again')} came again")
    progress.unlink()
    return 1 if failed else 0


def main() -> int:
    options = argparse.ArgumentParser(description="Kill processes under load, and look what is missing.")
    options.add_argument("--store", choices=("sqlite", "postgres"), required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kills", type=int, default=500)
    options.add_argument("--round", type=int)
    options.add_argument("--progress", type=Path)
    chosen = options.parse_args()
    if chosen.round:
        figures = one_round(chosen.store, chosen.seed, chosen.round)
        print(json.dumps(figures))
        return 1 if figures["faults"] else 0
    progress = chosen.progress or Path(f"build/proof/kills-{chosen.store}.json")
    return prove(chosen.store, chosen.seed, chosen.kills, progress)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it started
        sys.exit(main())
    run_as_tap(__file__)
