"""Embed src/store/query and src/store/migration: sql.h names them, sql.c holds them, once for each engine.

A query is NAME.sql, or NAME.sqlite.sql and NAME.pg.sql where the engines differ; its first line says
who prepares it: `-- first: …` (before the schema is known), `-- both: …`, `-- reader: …`, `-- writer: …`,
`-- never: …` (scripts of several statements).
A migration is NNNN_name.sql, with NNNN.sqlite.sql and NNNN.pg.sql for what only one engine has. It runs
as one transaction, which ends by noting its number, name and hash in the table `migration`.
"""
import hashlib
import pathlib
import re
import sys

ENGINES = ("sqlite", "pg")
TOKENS = {
    "sqlite": {"id": "BLOB", "int": "INTEGER", "bytes": "BLOB", "strict": "STRICT, WITHOUT ROWID",
               "appended": "STRICT"},
    "pg": {"id": "bytea", "int": "bigint", "bytes": "bytea", "strict": "", "appended": ""},
}
BEGIN = {"sqlite": "BEGIN IMMEDIATE", "pg": "BEGIN"}
USES = ("never", "first", "both", "reader", "writer")


def for_engine(text, engine):
    def word(match):
        if match[1] not in TOKENS[engine]:
            sys.exit(f"sql: unknown token @{match[1]}")
        return TOKENS[engine][match[1]]
    text = re.sub(r"^\s*--.*\n", "", text, flags=re.M)
    text = re.sub(r"@(\w+)", word, text)
    return text.strip()


def read_queries(files):
    queries = {}
    for path in files:
        name, *engine = path.name.removesuffix(".sql").split(".")
        text = path.read_text()
        use = re.match(r"-- (\w+): ", text)
        if not use or use[1] not in USES:
            sys.exit(f"sql: {path.name}: the first line must say who prepares it")
        for e in engine or ENGINES:
            body = for_engine(text, e)
            if ";" in body.rstrip(";") and use[1] != "never":
                sys.exit(f"sql: {path.name}: more than one statement")
            queries.setdefault(name, {"use": "TORI_USE_" + use[1].upper()})[e] = body
    return dict(sorted(queries.items()))


def read_migrations(files):
    common = {p.name[:4]: p for p in files if re.fullmatch(r"\d{4}_\w+\.sql", p.name)}
    extra = {(p.name[:4], e): p for p in files for e in ENGINES if p.name == f"{p.name[:4]}.{e}.sql"}
    if len(common) + len(extra) != len(files) or any(number not in common for number, _ in extra):
        sys.exit("sql: a migration is NNNN_name.sql, NNNN.pg.sql or NNNN.sqlite.sql")
    migrations = []
    for i, number in enumerate(sorted(common)):
        if int(number) != i + 1:
            sys.exit(f"sql: migration {number} is out of order")
        migrations.append(migration(number, common[number], extra))
    return migrations


def migration(number, path, extra):
    parts = {e: path.read_text() + (extra[number, e].read_text() if (number, e) in extra else "") for e in ENGINES}
    name = path.stem[5:]
    texts, digests = {}, {}
    for e in ENGINES:
        body = for_engine(parts[e], e)
        digests[e] = hashlib.sha256(body.encode()).hexdigest()
        texts[e] = (f"{BEGIN[e]};\n{body}\nINSERT INTO migration (number, name, hash) "
                    f"VALUES ({int(number)}, '{name}', '{digests[e]}');\nCOMMIT;")
    return {"number": int(number), "name": name, "hash": digests, "text": texts}


def c_text(text):
    if text is None:
        return "NULL"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    quoted = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return "\n        ".join(f'"{line}\\n"' for line in quoted)


def pair(values):
    return ", ".join(f"{c_text(values.get(e))}" for e in ENGINES)


def header(queries, migrations):
    names = "".join(f"    TORI_QUERY_{n.upper()},\n" for n in queries)
    return f"""/* Generated from src/store/query and src/store/migration. */
#ifndef TORI_STORE_SQL_H
#define TORI_STORE_SQL_H

#include <stdint.h>

enum tori_engine_kind {{ TORI_ENGINE_SQLITE, TORI_ENGINE_PG, TORI_ENGINES }};

/* Who prepares a query. */
enum tori_use {{ TORI_USE_NEVER, TORI_USE_FIRST, TORI_USE_BOTH, TORI_USE_READER, TORI_USE_WRITER }};

enum tori_query {{
{names}    TORI_QUERY_COUNT
}};

struct tori_query_def {{
    const char *name;
    enum tori_use use;
    const char *text[TORI_ENGINES]; /* NULL: not for this engine */
}};
extern const struct tori_query_def tori_queries[TORI_QUERY_COUNT];

struct tori_migration {{
    int64_t number;
    const char *name;
    const char *hash[TORI_ENGINES];
    const char *text[TORI_ENGINES];
}};
enum {{ TORI_MIGRATIONS = {len(migrations)} }};
extern const struct tori_migration tori_migrations[TORI_MIGRATIONS];

#endif
"""


def source(queries, migrations):
    rows = "".join(f'    {{"{n}", {q["use"]}, {{{pair(q)}}}}},\n' for n, q in queries.items())
    steps = "".join(f'    {{{m["number"]}, "{m["name"]}", {{"{m["hash"]["sqlite"]}", "{m["hash"]["pg"]}"}},\n'
                    f'     {{{pair(m["text"])}}}}},\n' for m in migrations)
    return (f'/* Generated from src/store/query and src/store/migration. */\n#include <stddef.h>\n\n'
            f'#include "sql.h"\n\n#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n'
            f"const struct tori_query_def tori_queries[TORI_QUERY_COUNT] = {{\n{rows}}};\n\n"
            f"const struct tori_migration tori_migrations[TORI_MIGRATIONS] = {{\n{steps}}};\n")


def main(header_path, source_path, *files):
    paths = [pathlib.Path(f) for f in files]
    queries = read_queries([p for p in paths if p.parent.name == "query"])
    migrations = read_migrations([p for p in paths if p.parent.name == "migration"])
    pathlib.Path(header_path).write_text(header(queries, migrations))
    pathlib.Path(source_path).write_text(source(queries, migrations))


main(*sys.argv[1:])
