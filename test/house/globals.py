"""No global mutable state: object files of the plain build hold no writable data, except what
globals.txt lists with a reason (HACKING.md §3)."""

import re
import subprocess
from pathlib import Path

ALLOWED = Path(__file__).with_name("globals.txt")
# .data.rel.ro is read-only after relocation: const tables of pointers, which nobody can write.
WRITABLE = re.compile(r"\.t?(data|bss)(?!\.rel\.ro)|\*COM\*")
# `address flags section size name`, where the flags are seven columns of letters and spaces.
SYMBOL = re.compile(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.\w+ )?(\S+)")


def allowed():
    """{(source, symbol): reason}"""
    rows = {}
    for line in ALLOWED.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            source, symbol, reason = line.split(None, 2)
            rows[source, symbol] = reason
    return rows


def writable(path):
    """Names of the writable objects of one object file, without the numbers of function statics."""
    listing = subprocess.run(["objdump", "-t", path], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        found = SYMBOL.fullmatch(line)
        if not found or "d" in found.group(1) or not WRITABLE.match(found.group(2)):
            continue
        if int(found.group(3), 16) > 0:
            yield re.sub(r"\.\d+$", "", found.group(4))


def source_of(path, build):
    """src/base/libbase.a.p/clock.c.o is src/base/clock.c; torimori.p/src_main.c.o is src/main.c."""
    parts = list(path.relative_to(build).parts)
    target = next(part for part in parts if part.endswith(".p"))
    folder = "/".join(parts[: parts.index(target)])
    name = parts[-1].removesuffix(".o")
    return f"{folder}/{name}" if folder else name.replace("_", "/", 1)


def objects(tree):
    """(source, object file) of everything that goes into the product."""
    if tree.build:
        for path in sorted((tree.build / "src").rglob("*.c.o")):
            yield source_of(path, tree.build), path
        return
    for name in tree.match(r".+\.c"):
        path = tree.root / (name.replace("/", "_") + ".o")
        subprocess.run(["gcc", "-fPIE", "-O1", "-c", "-o", path, tree.root / name], check=True)
        yield name, path


def faults(tree):
    permitted, seen = allowed(), set()
    for source, path in objects(tree):
        for symbol in writable(path):
            seen.add((source, symbol))
            if (source, symbol) not in permitted:
                yield f"{source}: {symbol} is writable for the whole process"
    if tree.build:
        for source, symbol in sorted(permitted.keys() - seen):
            yield f"globals.txt: {source} has no {symbol} any more"


CLEAN = {"a.c": 'static const char *const words[] = {"a", "b"};\n'
                "const char *word(int i);\nconst char *word(int i)\n{\n    return words[i];\n}\n"}
SAMPLES = {
    "a_counter": {"b.c": "int count(void);\nint count(void)\n{\n    static int n;\n    return ++n;\n}\n"},
    "initialised_data": {"b.c": "int limit = 5;\n"},
    "a_zeroed_array": {"b.c": "char page[4096];\n"},
    "thread_local_data": {"b.c": "_Thread_local int depth;\n"},
    "a_table_that_forgot_its_const": {"b.c": 'const char *names[] = {"a"};\n'},
}
