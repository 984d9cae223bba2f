#!/usr/bin/python3
"""A whole Torimori as an attacker meets it: every way round the gate that we know is tried on the
running server, and the cases that must go through go through."""

from paths import run_as_tap

from additions import Additions  # noqa: F401
from enrolment import Enrolment  # noqa: F401
from names import Names  # noqa: F401
from notices import Notices  # noqa: F401
from operations import Operations  # noqa: F401
from outages import Outages, StoreAway  # noqa: F401
from proofs import Proofs  # noqa: F401

if __name__ == "__main__":
    run_as_tap(__file__)
