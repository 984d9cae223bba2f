"""JSON Schema, as much of it as docs/openapi.json uses. Keywords it does not know are an error, so
that no rule of the document is passed over."""

import re
from typing import Any

KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "pattern",
         "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems",
         "format", "description", "contentEncoding", "maxProperties"}


def faults(schema: dict[str, Any], value: Any, where: str = "$") -> list[str]:
    """What is wrong with a value; empty when nothing is."""
    unknown = set(schema) - KNOWN
    if unknown:
        return [f"{where}: the schema has {sorted(unknown)}"]
    kind = KINDS[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return [f"{where}: {value!r} is no {schema['type']}"]
    if kind is dict:
        return of_object(schema, value, where)
    if kind is list:
        return of_list(schema, value, where)
    return of_value(schema, value, where)


def of_object(schema: dict[str, Any], value: dict[str, Any], where: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{where}: {name} is missing" for name in schema.get("required", ())
             if name not in value]
    for name, member in value.items():
        if name in known:
            found += faults(known[name], member, f"{where}.{name}")
        elif schema.get("additionalProperties") is False:
            found.append(f"{where}: {name} is not in the schema")
    return found


def of_list(schema: dict[str, Any], value: list[Any], where: str) -> list[str]:
    found = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{where}: {len(value)} items")
    for number, item in enumerate(value):
        found += faults(schema["items"], item, f"{where}[{number}]")
    return found


def of_value(schema: dict[str, Any], value: Any, where: str) -> list[str]:
    size = len(value) if isinstance(value, str) else value
    ends = ("minLength", "maxLength") if isinstance(value, str) else ("minimum", "maximum")
    wrong = ("enum" in schema and value not in schema["enum"]
             or "pattern" in schema and not re.search(schema["pattern"], value)
             or schema.get("format") == "date-time" and not TIME.fullmatch(value)
             or size < schema.get(ends[0], size) or size > schema.get(ends[1], size))
    return [f"{where}: {value!r} is not {schema}"] if wrong else []
