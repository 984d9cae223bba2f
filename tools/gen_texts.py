"""Turn text/ja.txt and text/en.txt into C.

A text file holds lines `key = text with {placeholders}`; a line that begins with white space goes
on with the text before it; `#` begins a comment line. Both files hold the same keys, and each key
the same placeholders: anything else ends the build with file and key. Every error of
data/errors.def needs its text `error.<name>`.
"""
import re
import sys

KEY = re.compile(r"^([a-z][a-z0-9_.]*) = (.*)$")
HOLE = re.compile(r"\{([a-z_]+)\}")


def fail(message):
    sys.exit(f"texts: {message}")


def read(path):
    """The texts of one file, by key, in the order of the file."""
    texts, last = {}, None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace() and last:
            texts[last] += " " + line.strip()
            continue
        match = KEY.match(line)
        if not match:
            fail(f"{path}:{number}: not `key = text`")
        last = match.group(1)
        if last in texts:
            fail(f"{path}:{number}: {last} stands twice")
        texts[last] = match.group(2)
    return texts


def compare(ja, en, errors):
    for key in sorted(ja.keys() ^ en.keys()):
        fail(f"{key} is missing in {'en' if key in ja else 'ja'}.txt")
    for key in ja:
        if set(HOLE.findall(ja[key])) != set(HOLE.findall(en[key])):
            fail(f"{key}: the placeholders differ")
        if not ja[key] or not en[key]:
            fail(f"{key}: empty")
    for name in errors:
        if f"error.{name.lower()}" not in ja:
            fail(f"error.{name.lower()} is missing: data/errors.def names it")


def symbol(key):
    return "TORI_T_" + key.upper().replace(".", "_")


def c_string(text):
    out = []
    for byte in text.encode("utf-8"):
        plain = 32 <= byte < 127 and byte not in (34, 92, 63)
        out.append(chr(byte) if plain else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def header(keys):
    rows = "".join(f"    {symbol(k)},\n" for k in keys)
    return ("/* Generated from text/ja.txt and text/en.txt. */\n#ifndef TORI_TEXT_KEYS_H\n"
            f"#define TORI_TEXT_KEYS_H\n\nenum tori_text_key {{\n{rows}    TORI_T_COUNT\n}};\n\n#endif\n")


def table(keys, ja, en):
    rows = "".join(
        f"    {{TORI_STR_INIT({c_string(k)}),\n     {{TORI_STR_INIT({c_string(ja[k])}),\n"
        f"      TORI_STR_INIT({c_string(en[k])})}}}},\n" for k in keys)
    return ('/* Generated from text/ja.txt and text/en.txt. */\n#include "base/text_int.h"\n\n'
            f"const struct tori_text_row tori_text_table[TORI_T_COUNT] = {{\n{rows}}};\n")


def main(ja_path, en_path, errors_path, header_path, table_path):
    ja, en = read(ja_path), read(en_path)
    errors = re.findall(r"^E\(([A-Z_]+),", open(errors_path).read(), re.M)
    compare(ja, en, errors)
    keys = sorted(ja)  # sorted, because tori_text_find searches by halves
    symbols = [symbol(k) for k in keys]
    if len(set(symbols)) != len(symbols):
        fail("two keys give the same symbol")
    open(header_path, "w").write(header(keys))
    open(table_path, "w").write(table(keys, ja, en))


main(*sys.argv[1:])
