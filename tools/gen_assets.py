"""Turn the files of web/ into a C table: content, media type, strong ETag, and a name with the hash.

gen_assets.py OUTPUT FILE...
"""
import hashlib
import os
import sys

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon"}


def rows(number, path):
    content = open(path, "rb").read()
    name = os.path.basename(path)
    stem, ending = os.path.splitext(name)
    if ending not in TYPES:
        sys.exit(f"assets: {path}: no media type for {ending}")
    digest = hashlib.sha256(content).hexdigest()
    numbers = ",".join(str(byte) for byte in content) or "0"
    data = f"static const unsigned char content_{number}[] = {{{numbers}}};\n"
    row = (f'    {{"{name}", "{stem}.{digest[:10]}{ending}", "{TYPES[ending]}", "\\"{digest[:32]}\\"",\n'
           f"     {{content_{number}, {len(content)}}}}},\n")
    return data, row


def main(output, *paths):
    made = [rows(number, path) for number, path in enumerate(paths)]
    table = "".join(row for _, row in made)
    with open(output, "w", encoding="utf-8") as out:
        out.write('/* Generated from web/. */\n#include "http/assets.h"\n\n')
        out.write("".join(data for data, _ in made))
        out.write(f"\nconst struct tori_asset tori_assets[] = {{\n{table}    {{0}},\n}};\n")
        out.write(f"const size_t tori_asset_count = {len(made)};\n")


main(*sys.argv[1:])
