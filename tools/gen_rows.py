"""Turn src/model/rows.toml into C: one struct and one column table for each table, the typed doors
to the rows of an aggregate, and the statements that the store prepares.

The statements are written here, at build time, from the same columns: nobody writes a row by hand,
and no SQL is put together while the server runs.
"""
import sys
import tomllib

C_TYPE = {
    "int": "int64_t", "time": "tori_time", "flag": "bool", "id": "struct tori_id", "hash": "struct tori_hash",
    "handle": "struct tori_user_handle", "bytes": "struct tori_bytes", "text": "struct tori_str",
}
AGGREGATE = ("customer", "firm")


def struct(name, table):
    lines = [f"/* {table['doc']} */", f"struct tori_{name} {{"]
    lines += [f"    {C_TYPE[kind]} {column};" for column, kind in table["columns"].items()]
    return "\n".join(lines + ["};"])


def doors(name, table):
    """Prototypes of the typed doors of one table."""
    lines = [f"TORI_RESULT tori_{name}_insert(struct tori_ctx *cx, const struct tori_{name} *row);"]
    if table["scope"] not in AGGREGATE:
        return "\n".join(lines)
    lines = [
        f"size_t tori_{name}_count(const struct tori_aggregate *agg);",
        f"const struct tori_{name} *tori_{name}_at(const struct tori_aggregate *agg, size_t i);",
        f"TORI_RESULT tori_{name}_put(struct tori_ctx *cx, struct tori_aggregate *agg,\n"
        f"    const struct tori_{name} *row);",
        f"TORI_RESULT tori_{name}_drop(struct tori_ctx *cx, struct tori_aggregate *agg,\n"
        f"    const struct tori_{name} *row);",
    ]
    if table["key"] == ["customer_id", "id"]:
        lines.append(f"const struct tori_{name} *tori_{name}_find(const struct tori_aggregate *agg,\n"
                     f"    const struct tori_id *id);")
    return "\n".join(lines)


def header(tables):
    names = list(tables)
    parts = ["/* Generated from src/model/rows.toml. */", "#ifndef TORI_MODEL_ROWS_H",
             "#define TORI_MODEL_ROWS_H", '#include "base/ctx.h"', "struct tori_aggregate;"]
    parts += [struct(n, t) for n, t in tables.items()]
    rows = "".join(f"    TORI_TABLE_{n.upper()},\n" for n in names)
    parts.append(f"enum tori_table {{\n{rows}    TORI_TABLE_COUNT\n}};")
    parts += [doors(n, t) for n, t in tables.items()]
    return "\n\n".join(parts + ["#endif\n"])


def sql(table_name, table):
    name = f'"{table_name}"'  # quoted, for user is a word of SQL
    columns, key = list(table["columns"]), table["key"]
    holes = ", ".join(f"${i + 1}" for i in range(len(columns)))
    # A column in SET makes SQLite write every index on it anew, whether its value changed or not.
    rest = [c for c in columns if c not in key and c != "created_at"]
    position = {c: i + 1 for i, c in enumerate(columns)}
    where = " AND ".join(f"{c} = ${position[c]}" for c in key)
    insert = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({holes})"
    update = delete = select = None
    if table["scope"] != "evidence":
        update = f"UPDATE {name} SET {', '.join(f'{c} = ${position[c]}' for c in rest)} WHERE {where}" if rest else None
        delete = f"DELETE FROM {name} WHERE {' AND '.join(f'{c} = ${i + 1}' for i, c in enumerate(key))}"
    if table["scope"] in AGGREGATE:
        live = f" AND ({table['live']})" if "live" in table else ""
        order = ", ".join(key)
        select = f"SELECT {', '.join(columns)} FROM {name} WHERE customer_id = $1{live} ORDER BY {order}"
    else:
        select = f"SELECT {', '.join(columns)} FROM {name} WHERE " + " AND ".join(
            f"{c} = ${i + 1}" for i, c in enumerate(key))
    return select, insert, update, delete


def c_text(text):
    return "NULL" if text is None else '"' + text.replace('"', '\\"') + '"'


def columns_c(name, table):
    rows = "".join(
        f'    {{"{c}", TORI_COLUMN_{kind.upper()}, offsetof(struct tori_{name}, {c}), '
        f'{"true" if c in table["key"] else "false"}}},\n' for c, kind in table["columns"].items())
    return f"static const struct tori_column {name}_columns[] = {{\n{rows}}};"


def def_c(name, table):
    select, insert, update, delete = sql(name, table)
    return (f'    [TORI_TABLE_{name.upper()}] = {{\n        .name = "{name}",\n'
            f"        .column = {name}_columns,\n        .count = {len(table['columns'])},\n"
            f"        .key_count = {len(table['key'])},\n        .row_size = sizeof(struct tori_{name}),\n"
            f"        .scope = TORI_SCOPE_{table['scope'].upper()},\n"
            f"        .select = {c_text(select)},\n        .insert = {c_text(insert)},\n"
            f"        .update = {c_text(update)},\n        .remove = {c_text(delete)},\n    }},\n")


def doors_c(name, table):
    upper = name.upper()
    if table["scope"] not in AGGREGATE:
        return (f"struct tori_result tori_{name}_insert(struct tori_ctx *cx, const struct tori_{name} *row)\n"
                f"{{\n    return tori_change_add(cx, TORI_INSERT, TORI_TABLE_{upper}, row);\n}}")
    text = f"""size_t tori_{name}_count(const struct tori_aggregate *agg)
{{
    return agg->set[TORI_TABLE_{upper}].count;
}}

const struct tori_{name} *tori_{name}_at(const struct tori_aggregate *agg, size_t i)
{{
    return agg->set[TORI_TABLE_{upper}].row[i];
}}

struct tori_result tori_{name}_put(struct tori_ctx *cx, struct tori_aggregate *agg,
    const struct tori_{name} *row)
{{
    return tori_aggregate_put(cx, agg, TORI_TABLE_{upper}, row);
}}

struct tori_result tori_{name}_drop(struct tori_ctx *cx, struct tori_aggregate *agg,
    const struct tori_{name} *row)
{{
    return tori_aggregate_drop(cx, agg, TORI_TABLE_{upper}, row);
}}"""
    if table["key"] == ["customer_id", "id"]:
        text += f"""

const struct tori_{name} *tori_{name}_find(const struct tori_aggregate *agg, const struct tori_id *id)
{{
    const struct tori_{name} like = {{.id = *id}};
    return tori_aggregate_find(agg, TORI_TABLE_{upper}, &like);
}}"""
    return text


def source(tables):
    parts = ["/* Generated from src/model/rows.toml. */", '#include "model/aggregate.h"',
             '#include "model/changes.h"', '#include "model/table.h"']
    parts += [columns_c(n, t) for n, t in tables.items()]
    rows = "".join(def_c(n, t) for n, t in tables.items())
    parts.append(f"const struct tori_table_def tori_tables[TORI_TABLE_COUNT] = {{\n{rows}}};")
    parts += [doors_c(n, t) for n, t in tables.items()]
    return "\n\n".join(parts) + "\n"


def main(toml_path, header_path, source_path):
    tables = tomllib.load(open(toml_path, "rb"))
    for name, table in tables.items():
        if list(table["columns"])[:len(table["key"])] != table["key"]:
            sys.exit(f"rows: {name}: the key must be the first columns")
    open(header_path, "w").write(header(tables))
    open(source_path, "w").write(source(tables))


main(*sys.argv[1:])
