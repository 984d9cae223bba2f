"""A function fits a screen, a file a sitting: 80 lines, 500 lines, 100 columns, 5 parameters, three
levels of nesting (HACKING.md §5). Tests may be longer and hand over more: tables are their nature."""

import re
import subprocess

FUNCTION, COLUMNS, NESTING = 80, 100, 3
FILE, PARAMETERS = 500, 5
# Callbacks whose parameters a foreign library fixes.
FOREIGN = {"choose_alpn": "SSL_CTX_set_alpn_select_cb"}
TEST_FILE, TEST_PARAMETERS = 1000, 8


def functions(tree, names):
    """(file, name, first line, last line, number of parameters) of every function."""
    listing = subprocess.run(
        ["ctags", "-f", "-", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--fields=neS",
         "--sort=no", "-L", "-"],
        input="\n".join(names), cwd=tree.root, capture_output=True, text=True, check=True).stdout
    for row in listing.splitlines():
        name, path, *rest = row.split("\t")
        fields = dict(field.split(":", 1) for field in rest if re.match(r"(line|end|signature):", field))
        if "end" in fields:
            yield (path, name, int(fields["line"]), int(fields["end"]),
                   parameters(fields.get("signature", "()")))


def parameters(signature):
    """How many parameters a signature has; a function pointer among them counts once."""
    depth = count = 0
    for char in signature[1:-1]:
        depth += (char == "(") - (char == ")")
        count += char == "," and depth == 0
    return count + (signature[1:-1].strip() not in ("", "void"))


def nesting(code, first, last):
    """The deepest block of a function; braces of initialisers and literals are none."""
    depth = deepest = 0
    stack = []
    body = "\n".join(code.splitlines()[first - 1:last])
    for found in re.finditer(r"[{}]", body):
        if found.group() == "}":
            depth -= stack.pop() if stack else 0
            continue
        before = body[:found.start()].rstrip(" ")
        block = bool(re.search(r"(\) |\)\n\s*|else |do |: |;\n\s*|\n)$", body[:found.start()])) and \
            not before.endswith(("=", ",", "{", "return"))
        stack.append(block)
        depth += block
        deepest = max(deepest, depth)
    return deepest - 1


def faults(tree):
    names = tree.match(r"(src|test|examples)/.+\.[ch]")
    for path in names:
        lines = tree.text(path).splitlines()
        most = TEST_FILE if path.startswith("test/") else FILE
        if len(lines) > most:
            yield f"{path}: {len(lines)} lines, {most} are allowed"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                yield f"{path}:{number}: {len(line)} columns, {COLUMNS} are allowed"
    for path, name, first, last, count in functions(tree, names):
        if last - first + 1 > FUNCTION:
            yield f"{path}:{first}: {name} has {last - first + 1} lines, {FUNCTION} are allowed"
        most = TEST_PARAMETERS if path.startswith("test/") else PARAMETERS
        if count > most and name not in FOREIGN:
            yield f"{path}:{first}: {name} has {count} parameters, {most} are allowed"
        deep = nesting(tree.code(path), first, last)
        if deep > NESTING:
            yield f"{path}:{first}: {name} is nested {deep} deep, {NESTING} are allowed"


def sample(body, head="void f(int a)"):
    return {"src/base/b.c": f"{head}\n{{\n{body}}}\n"}


CLEAN = {"src/base/a.c": """\
int f(int a, void (*g)(int, int), int c, int d, int e)
{
    struct p q = {1, {2, {3, {4, {5}}}}};
    for (;;) {
        if (a) {
            while (c) {
                use((struct p){1});
            }
        }
    }
}
"""}
SAMPLES = {
    "a_function_of_81_lines": sample("    a++;\n" * 78),
    "a_file_of_501_lines": {"src/base/b.h": "/* x */\n" * 501},
    "six_parameters": sample("", "void f(int a, int b, int c, int d, int e, int g)"),
    "four_levels": sample("    if (a) {\n        if (a) {\n            for (;;) {\n                switch (a) {\n"
                          "                }\n            }\n        }\n    }\n"),
    "a_line_of_101_columns": sample(f"    /* {'x' * 91} */\n"),
}
