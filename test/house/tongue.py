"""What C allows and this house does not: line comments, banners, jumps other than forward to `out`, typedefs of
structs, commented-out code."""

import re

GOTO = r"\bgoto\s+(\w+)\s*;"
TYPEDEF = r"\btypedef\s+(?:struct|union)\s+\w*\s*(?:\{|\w+\s*;)"
DEAD = re.compile(r"/\*[\s*]*(?:(?:if|for|while|return|TORI_TRY)\b[^\n]*[;{]|\w+(?:->\w+|\.\w+)* = [^\n]*;|\w+\([^\n]*\);)\s*\*/")


def faults(tree):
    for path in tree.match(r"(src|test)/.+\.[ch]"):
        code = tree.code(path)
        for line, text in tree.tokens(path, "/"):
            if text.startswith("//"):
                yield f"{path}:{line}: /* */ only"
            elif re.match(r"/\*\s*[-=*#~]{3,}", text):
                yield f"{path}:{line}: no banners; a file that needs them is two files"
            elif DEAD.fullmatch(text):
                yield f"{path}:{line}: commented-out code: {text[:60]}"
        for line, found in tree.find(path, GOTO, code):
            forward = re.search(r"^out:", code[found.end():], re.MULTILINE)
            if found.group(1) != "out" or not forward:
                yield f"{path}:{line}: goto goes forward to out: only"
        for line, _ in tree.find(path, TYPEDEF, code):
            yield f"{path}:{line}: structs keep their name, without a typedef"


CLEAN = {"src/base/a.c": """\
/* Waits; see x = 1 in the manual. */
typedef int f(struct a *b);
int f(int a)
{
    const char *s = "http://x // goto y;";
    if (a)
        goto out;
    g(s);
out:
    return a;
}
"""}
SAMPLES = {
    "a_line_comment": {"src/base/b.c": "int a; // a number\n"},
    "a_banner": {"src/base/b.c": "/* --- the end ------ */\n"},
    "a_jump_backwards": {"src/base/b.c": "void f(void)\n{\nout:\n    goto out;\n}\n"},
    "a_jump_elsewhere": {"src/base/b.c": "void f(void)\n{\n    goto fail;\nfail:\n    return;\n}\n"},
    "a_typedef_of_a_struct": {"src/base/b.c": "typedef struct a a;\n"},
    "commented_out_code": {"src/base/b.c": "/* return tori_fail(cx); */\n"},
}
