"""All state belongs to a customer: a table whose key does not begin with customer_id is listed in
docs/architecture.md with its reason, and nothing is listed there that is gone."""

import re
import tomllib

ROWS, PAGE = "src/model/rows.toml", "docs/architecture.md"
TITLE = "## Tables that do not begin with a customer\n"
ROW = re.compile(r"^\| `(\w+)` \| `([\w, ]+)` \| (\S.*) \|$", re.MULTILINE)


def listed(text):
    """{table: its key} of the page, whose rows all have a reason."""
    _, _, after = text.partition(TITLE)
    section = after.partition("\n## ")[0]
    return {table: key.split(", ") for table, key, _ in ROW.findall(section)}


def faults(tree):
    tables = tomllib.loads(tree.text(ROWS))
    keys = {name: row["key"] for name, row in tables.items() if row["key"][0] != "customer_id"}
    reasons = listed(tree.text(PAGE)) if PAGE in tree.files() else {}
    for name in sorted(keys.keys() | reasons.keys()):
        if name not in reasons:
            yield f"{ROWS}: {name} does not begin with a customer, and {PAGE} gives no reason"
        elif name not in keys:
            yield f"{PAGE}: {name} is no such table"
        elif keys[name] != reasons[name]:
            yield f"{PAGE}: the key of {name} is {', '.join(keys[name])}"


CLEAN = {ROWS: '[user]\nkey = ["customer_id", "id"]\n[lease]\nkey = ["name"]\n',
         PAGE: TITLE + "\n| table | key | reason |\n|---|---|---|\n| `lease` | `name` | it is above all |\n"}
SAMPLES = {
    "a_table_without_a_reason": {ROWS: '[lease]\nkey = ["name"]\n[log]\nkey = ["seq"]\n'},
    "a_reason_without_a_table": {ROWS: '[user]\nkey = ["customer_id"]\n'},
    "another_key": {ROWS: '[lease]\nkey = ["name", "owner"]\n'},
    "an_empty_reason": {PAGE: TITLE + "\n| `lease` | `name` |  |\n"},
}
