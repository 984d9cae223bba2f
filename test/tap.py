#!/usr/bin/python3
"""tap.py FILE: run the unittest cases of one Python file and print them as TAP, which is what
tools/run-tests collects. A case is named after its method, without `test_` and the
number that puts cases in order. A case that hangs is told where, fails, and ends what it started."""

import faulthandler
import importlib.util
import re
import signal
import sys
import unittest
from pathlib import Path

CASE_S = 500  # for what hangs, not for what is slow


class Hangs(BaseException):
    """Raised where the main thread waits, and not for a loop to swallow and try again."""


def raise_hangs(*_):
    faulthandler.dump_traceback()
    raise Hangs(f"after {CASE_S} s")


class Tap(unittest.TestResult):
    """Prints one line for each case, and the reason of a failure as comments."""

    def __init__(self):
        super().__init__()
        self.number = 0
        signal.signal(signal.SIGALRM, raise_hangs)
        signal.alarm(CASE_S)  # begins anew with each case; in between are the fixtures of classes

    def startTest(self, test):
        super().startTest(test)
        signal.alarm(CASE_S)

    def stopTest(self, test):
        super().stopTest(test)
        signal.alarm(CASE_S)

    def line(self, test, ok, after="", why=""):
        self.number += 1
        name = re.sub(r"\W+", "_", re.sub(r".*\.test_(\d+_)?", "", test.id())).strip("_")
        print(f"{'ok' if ok else 'not ok'} {self.number} - {name}{after}")
        print("".join(f"# {line}\n" for line in why.splitlines()), end="", flush=True)

    def addSuccess(self, test):
        self.line(test, True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line(test, False, why=self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.line(test, False, why=self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(test, True, f" # SKIP {reason}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.line(test, False, why=f"{subtest}: {err[1]}")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.line(test, False, why="passed, though it is expected to fail")


def main(path):
    # Who is told to end, ends what he has started: a server left behind would be in the next one's way.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    path = Path(path).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    result = Tap()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    signal.alarm(0)
    print(f"1..{result.number}")
    return 0 if result.wasSuccessful() and result.number else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
