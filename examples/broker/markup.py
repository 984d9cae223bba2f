"""HTML by function calls: every text is escaped unless it was made here."""

from html import escape
from pathlib import Path
from typing import Any

VOID = {"input", "link", "meta", "br"}


class Markup(str):
    """Text that is HTML already."""


def h(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """An element. `class_` and `for_` lose their underscore, other ones turn into hyphens; True is
    a bare attribute, None and False none at all."""
    head = name
    for attribute, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = attribute.rstrip("_").replace("_", "-")
        head += f" {attribute}" if value is True else f' {attribute}="{escape(str(value))}"'
    if name in VOID:
        return Markup(f"<{head}>")
    return Markup(f"<{head}>{join(*children)}</{name}>")


def join(*children: Any) -> Markup:
    """Children in a row; lists are opened, None is nothing, texts are escaped."""
    out = []
    for child in children:
        if isinstance(child, Markup):
            out.append(child)
        elif isinstance(child, (list, tuple)):
            out.append(join(*child))
        elif child is not None and child is not False:
            out.append(escape(str(child)))
    return Markup("".join(out))


def read_words(path: Path) -> dict[str, str]:
    """A file of `key = text` lines."""
    lines = path.read_text("utf-8").splitlines()
    rows = (line.split(" = ", 1) for line in lines if line and not line.startswith("#"))
    return {key: text for key, text in rows}


WORDS = {lang: read_words(Path(__file__).with_name("words") / f"{lang}.txt")
         for lang in ("ja", "en")}


def words(lang: str, key: str, **values: Any) -> str:
    return WORDS[lang][key].format(**values)


def known(lang: str, key: str) -> bool:
    return key in WORDS[lang]
