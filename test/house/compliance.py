"""The compliance map is complete, its page is fresh, and every piece of code it names is there; what
it claims is held against the results at the end of `make test`."""

import subprocess
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools/compliance"
PAGE = "docs/compliance.md"
MAP = """[groups]
GATE = {{ rows = 1, title = "The gate" }}

[GATE-01]
what = "The gate is painted."
strength = "BP"
source = "001"
status = "not yet"
where = {where}
tests = []
"""


def tool(root, command):
    return subprocess.run([TOOL, "--root", root, command], text=True, capture_output=True, check=False)


def faults(tree):
    # A sample leaves its page to the tool, which knows best how a page looks.
    if tree.build is None and PAGE not in tree.files():
        tool(tree.root, "generate")
    done = tool(tree.root, "check")
    yield from done.stderr.splitlines() if done.returncode else ()


CLEAN = {"data/requirements.toml": MAP.format(where="[]")}
SAMPLES = {
    "a_stale_page": {PAGE: "# Compliance map\n"},
    "code_that_is_gone": {"data/requirements.toml": MAP.format(where='["src/gate.c:gate_open"]')},
}
