"""clang-tidy with the checks of .clang-tidy: few, and each worth a stop."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / ".clang-tidy"
# What gcc knows and clang does not.
EXTRA = [f"--extra-arg=-Wno-{name}" for name in
         ("unknown-warning-option", "unused-command-line-argument", "gnu-zero-variadic-macro-arguments",
          "sign-conversion")]


def ours(tree):
    """Sources below src/ that the build compiles; in a sample, all of them."""
    if not tree.build:
        return [str(tree.root / name) for name in tree.match(r"src/.+\.c")]
    entries = json.loads((tree.build / "compile_commands.json").read_text("utf-8"))
    files = {(Path(entry["directory"]) / entry["file"]).resolve() for entry in entries}
    source = (tree.root / "src").resolve()
    return sorted(str(path) for path in files if source in path.parents and path.exists())


def look_at(tree, path):
    where = ["-p", str(tree.build)] if tree.build else []
    after = [] if tree.build else ["--", "-std=gnu17"]
    done = subprocess.run(
        ["clang-tidy-14", f"--config-file={CONFIG}", "--quiet", *where, *EXTRA, path, *after],
        capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if " warning: " in line or " error: " in line]
    if done.returncode != 0 and not lines:
        lines = [f"{path}: {done.stderr.strip()[-300:]}"]
    return [re.sub(r"^\S*?(?=src/)", "", line) for line in lines]


def faults(tree):
    with ThreadPoolExecutor(2) as pool:
        for lines in pool.map(lambda path: look_at(tree, path), ours(tree)):
            yield from lines


CLEAN = {"src/base/a.c": "int f(int a);\nint f(int a)\n{\n    if (a > 1)\n        return 1;\n    return 0;\n}\n"}
SAMPLES = {
    "the_size_of_a_pointer": {"src/base/b.c": "#include <string.h>\nvoid f(char *p);\nvoid f(char *p)\n{\n"
                                              "    memset(p, 0, sizeof(p));\n}\n"},
    "a_comparison_with_itself": {"src/base/b.c": "int f(int a);\nint f(int a)\n{\n    return a == a;\n}\n"},
    "two_branches_alike": {"src/base/b.c": "int f(int a);\nint f(int a)\n{\n    if (a)\n        return 1;\n"
                                           "    else\n        return 1;\n}\n"},
}
