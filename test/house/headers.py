"""Every header compiles alone, is guarded by a name of its own, and begins by saying what it is."""

import json
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

PLAIN = ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Isrc", "-I."]


def compiler(tree):
    """gcc with every include directory that any of our files is compiled with."""
    if not tree.build:
        return PLAIN
    flags = {}
    for entry in json.loads((tree.build / "compile_commands.json").read_text("utf-8")):
        if "/src/" in entry["file"] or entry["file"].startswith("../../src"):
            words = shlex.split(entry["command"])
            pairs = zip(words, words[1:] + [""])
            flags |= {(w + n if w in ("-I", "-isystem") else w): None for w, n in pairs
                      if w.startswith(("-I", "-D", "-isystem"))}
    return ["gcc", "-std=gnu17", *flags]


def alone(command, tree, path):
    """The first complaint about a header that is compiled with nothing before it, or None."""
    done = subprocess.run(
        [*command, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c", "-include",
         str((tree.root / path).resolve()), "/dev/null"],
        cwd=tree.build or tree.root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    complaints = [line for line in done.stderr.splitlines() if "error" in line]
    return f"{path} does not compile alone: {(complaints or [done.stderr])[0]}"


def faults(tree):
    names = tree.match(r"(src|test)/.+\.h")
    command, guards = compiler(tree), {}
    with ThreadPoolExecutor(2) as pool:
        yield from (why for why in pool.map(lambda p: alone(command, tree, p), names) if why)
    for path in names:
        text = tree.text(path)
        if not text.startswith("/*"):
            yield f"{path} does not begin by saying what it is"
        guard = re.search(r"^#ifndef (TORI_\w+_H)\n#define \1$", text, re.MULTILINE)
        if not guard:
            yield f"{path} is not guarded by a name TORI_…_H"
        elif path != guards.setdefault(guard.group(1), path):
            yield f"{path} has the guard of {guards[guard.group(1)]}"


def header(body, guard="TORI_BASE_B_H", head="/* What it is. */\n"):
    return {"src/base/b.h": f"{head}#ifndef {guard}\n#define {guard}\n\n{body}\n\n#endif\n"}


CLEAN = {"src/base/a.h": "/* A number. */\n#ifndef TORI_BASE_A_H\n#define TORI_BASE_A_H\n\n"
                         "#include <stddef.h>\n\nsize_t tori_a(void);\n\n#endif\n"}
SAMPLES = {
    "a_header_that_needs_another": header("size_t tori_b(void);"),
    "a_foreign_guard": header("int tori_b(void);", guard="B_H"),
    "the_guard_of_another": header("int tori_b(void);", guard="TORI_BASE_A_H"),
    "a_header_that_says_nothing": header("int tori_b(void);", head=""),
}
