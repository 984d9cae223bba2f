"""Every C file is laid out as .clang-format says; `make format` does it."""

import shutil
import subprocess
from pathlib import Path

STYLE = Path(__file__).resolve().parents[2] / ".clang-format"


def faults(tree):
    names = tree.match(r".+\.[ch]")
    done = subprocess.run(
        ["clang-format-14", f"--style=file:{STYLE}", "--dry-run", *names],
        cwd=tree.root, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if "clang-format" in line]
    yield from (line.replace(" warning: code should be clang-formatted", "") for line in lines)
    if done.returncode != 0 and not lines:
        yield done.stderr.strip() or "clang-format-14 failed"
    if not shutil.which("clang-format-14"):
        yield "clang-format-14 is not installed"


CLEAN = {"src/base/a.c": "int f(int a)\n{\n    return a + 1;\n}\n"}
SAMPLES = {
    "a_brace_in_the_wrong_place": {"src/base/b.c": "int f(int a) {\n    return a + 1;\n}\n"},
    "a_tab": {"src/base/b.c": "int f(int a)\n{\n\treturn a + 1;\n}\n"},
    "no_spaces": {"test/b.h": "#define X 1\nint f(int a,int b);\n"},
}
