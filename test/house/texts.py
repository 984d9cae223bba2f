"""C holds no sentence meant for people, and no text is kept that nobody shows. (That keys and
placeholders agree in both languages is checked while building.)"""

import re

KEY = r"^([a-z][a-z0-9_.]*) = "
# Five words or more that end as a sentence does. Usage lines of commands are written for the
# terminal of whoever keeps the machine, in English only; so is the page that settings.c prints.
SENTENCE = re.compile(r"[A-Za-z][a-z']*(?:[ ,;:]+[A-Za-z0-9'%{}]+){4,}[.!?](?:\s|$)")
USAGE = r"src/(cmd/.+|main\.c|supervisor\.c|base/settings\.c)"
OTHER_SCRIPT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uff00-\uffef]")
# Keys that are put together at run time: what stands before the part that varies.
PREFIXES = r"\"((?:[a-z][a-z0-9_]*\.)+)(?:%|\{|\")"
ESCAPED_UTF8 = re.compile(r"\\x[eE](?:3\\x8[1-9a-fA-F]|[4-9]\\x)|\\34[4-7]\\|\\u[3-9][0-9a-fA-F]{3}")


def strings(tree, path):
    """(line, text) of every string; neighbours that the compiler joins are joined."""
    last_end, joined = None, []
    text = tree.text(path)
    for line, literal in tree.tokens(path, '"'):
        at = text.find(literal, 0 if last_end is None else last_end)
        if joined and not text[last_end:at].strip():
            joined[-1] = (joined[-1][0], joined[-1][1] + literal[1:-1])
        else:
            joined.append((line, literal[1:-1]))
        last_end = at + len(literal)
    return joined


def symbol(key):
    return "TORI_T_" + key.upper().replace(".", "_")


def unused(tree, used):
    """Keys of the text files that no code, data, template or page names."""
    errors = {f"error.{name.lower()}" for name in re.findall(r"^E\((\w+),", used.get("data/errors.def", ""),
                                                             re.MULTILINE)}
    everything = "\n".join(used.values())
    prefixes = tuple(set(re.findall(PREFIXES, everything)))
    words = set(re.findall(r"TORI_T_\w+", everything)) | \
        set(re.findall(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+", everything))
    for line, found in tree.find("text/ja.txt", KEY):
        key = found.group(1)
        if key in errors or key in words or symbol(key) in words or key.startswith(prefixes):
            continue
        yield f"text/ja.txt:{line}: nothing shows {key}"


def faults(tree):
    used = {path: tree.text(path) for path in tree.match(
        r"(src|web|data|examples)/.+\.(c|h|def|toml|txt|html|js|mjs|build|py)")}
    if "text/ja.txt" in tree.files():
        yield from unused(tree, used)
    for path in tree.match(r"src/.+\.[ch]"):
        for line, text in strings(tree, path):
            if OTHER_SCRIPT.search(text) or ESCAPED_UTF8.search(text):
                yield f"{path}:{line}: Japanese belongs into text/ja.txt"
            elif SENTENCE.search(text) and not re.fullmatch(USAGE, path):
                yield f"{path}:{line}: this sentence belongs into text/: {text[:60]}"


CLEAN = {
    "text/ja.txt": "error.locked = x\npage.title = y\nrisk.reason.far = z\n",
    "data/errors.def": "E(LOCKED, 403)\n",
    "src/http/a.c": 'use(TORI_T_PAGE_TITLE, "Cache-Control: no-store", "risk.reason.%s");\n',
}
SAMPLES = {
    "a_text_that_nobody_shows": {"text/ja.txt": "page.gone = x\n"},
    "an_english_sentence": {"src/http/b.c": 'say("Please try it "\n    "once more later.");\n'},
    "a_japanese_literal": {"src/http/b.c": 'say("ログイン");\n'},
    "an_escaped_japanese_literal": {"src/http/b.c": 'say("\\xe3\\x81\\x82");\n'},
}
