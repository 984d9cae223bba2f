#!/usr/bin/python3
"""A whole Torimori that keeps nothing in memory which it could load again: what a page or an answer
still looks at after its command was decided is gone by then, and a sanitizer sees it."""

import os

from paths import run_as_tap

from enrolment import Enrolment  # noqa: F401
from notices import Notices  # noqa: F401
from proofs import Proofs  # noqa: F401

os.environ["TORI_FAILPOINT"] = "decider.forgets"

if __name__ == "__main__":
    run_as_tap(__file__)
