"""Turn the messages in src/domain/notify/template into C, and refuse those that a thief could imitate.

A template holds a head, then one part for each language. The head says
    trigger = what makes us send it
    channels = inbox, mail, letter
    mutable = yes or no: may the customer turn it off (NOTIFY-06)
    param NAME = KIND [words] [optional]
where KIND is text, time, int, money, tail (an account number, of which the end is kept), code (letters
only) or word, followed by the words it may be. A part begins with [ja] or [en], then
    subject = …
    NAME.WORD = how that word is called here
and, after an empty line, the body. A body line with an optional parameter is left out when it is absent.
{firm} may stand everywhere. mail.txt, the frame of every mail, has only the two parts.

Ends the build, with file and reason, for anything that looks like a link (NOTIFY-07), a missing
language, an unknown or unused placeholder, a message that must not be muted and says it may be.
"""
import re
import sys
import unicodedata
from pathlib import Path

LANGS = ("ja", "en")
CHANNELS = {"inbox": "TORI_NOTIFY_INBOX", "mail": "TORI_NOTIFY_MAIL", "letter": "TORI_NOTIFY_LETTER"}
KINDS = {"text", "time", "int", "money", "tail", "code", "word"}
MAY_BE_MUTED = {"login", "order", "order_filled"}  # NOTIFY-06: never money going out, never credentials
HOLE = re.compile(r"\{([^{}]*)\}")
WORD = re.compile(r"[a-z][a-z0-9_]*")
SUBJECT_MAX, BODY_MAX, LINE_MAX = 120, 4000, 900

# What mail programs and eager readers turn into something to tap. src/domain/notify/link.c has the same
# rules for values; test/data/links.txt holds both to them.
LINKS = (
    ("a scheme", re.compile(r"[a-z][a-z0-9+.-]*:/?/|//[a-z0-9]", re.I)),
    ("a scheme", re.compile(r"(?<![a-z0-9])(https?|hxxps?|ftp|mailto|tel|sms|intent|data|javascript):", re.I)),
    ("www", re.compile(r"(?<![a-z0-9])www(?![a-z0-9])", re.I)),
    ("a domain", re.compile(r"[^\W_][.｡][^\W\d_]{2}|[^\W_][.｡]xn--|[a-z0-9]。[a-z]{2}", re.I)),
    ("an address", re.compile(r"\d+\.\d+\.\d+\.\d+")),
    ("a mail address", re.compile(r"[^\s@]@[^\s@]")),
    ("HTML", re.compile(r"<[a-z/!?]|&#?[a-z0-9]+;", re.I)),
)


def link_in(text):
    """What in the text could become a link, or None."""
    folded = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    return next((name for name, pattern in LINKS if pattern.search(folded)), None)


class Bad(Exception):
    """A template that must not be built."""


def demand(condition, reason):
    if not condition:
        raise Bad(reason)


def sections(text):
    """{"": head, "ja": part, "en": part} of a file, comment lines of the head left out."""
    parts = {"": []}
    name = ""
    for line in text.splitlines():
        found = re.fullmatch(r"\[(\w+)\]", line)
        if found:
            name = found.group(1)
            demand(name in LANGS, f"[{name}] is no language of ours")
            demand(name not in parts, f"[{name}] stands twice")
            parts[name] = []
        elif name or not line.startswith("#"):
            parts[name].append(line.rstrip())
    for lang in LANGS:
        demand(lang in parts, f"[{lang}] is missing")
    return parts


def read_head(lines):
    head, params = {}, {}
    for line in filter(None, lines):
        key, equals, value = (piece.strip() for piece in line.partition("="))
        demand(equals and value, f"not `key = value`: {line}")
        demand(key not in head and key.removeprefix("param ") not in params, f"{key} stands twice")
        if not key.startswith("param "):
            demand(key in ("trigger", "channels", "mutable"), f"unknown key {key}")
            head[key] = value
            continue
        name, (kind, *rest) = key.removeprefix("param ").strip(), value.split()
        optional = rest[-1:] == ["optional"]
        words = rest[:-1] if optional else rest
        demand(WORD.fullmatch(name) and name != "firm", f"bad name of a parameter: {name}")
        demand(kind in KINDS, f"{name}: unknown kind {kind}")
        demand(bool(words) == (kind == "word") and all(map(WORD.fullmatch, words)), f"{name}: bad words")
        params[name] = (kind, words, optional)
    for key in ("trigger", "channels", "mutable"):
        demand(key in head, f"{key} is missing")
    return head, params


def check_head(name, head, params):
    channels = head["channels"].split()
    demand(channels and set(channels) <= CHANNELS.keys(), f"bad channels: {head['channels']}")
    demand(head["mutable"] in ("yes", "no"), "mutable is yes or no")
    demand(head["mutable"] == "no" or name in MAY_BE_MUTED, "must not be muted (NOTIFY-06)")
    secret = any(kind == "code" for kind, _, _ in params.values())
    demand(not secret or channels == ["letter"], "a code goes by letter alone")


def read_part(lines, params):
    """(subject, {(param, word): text}, body) of one language."""
    subject, words = None, {}
    at = 0
    for at, line in enumerate(lines):
        if not line:
            break
        key, equals, value = (piece.strip() for piece in line.partition("="))
        demand(equals and value, f"not `key = text`: {line}")
        if key == "subject":
            subject = value
            continue
        name, _, word = key.partition(".")
        demand(word in params.get(name, (None, (), None))[1], f"{key} is no word of a parameter")
        words[name, word] = value
    body = "\n".join(lines[at:]).strip("\n")
    demand(subject and body, "subject or body is missing")
    for name, (_, names, _) in params.items():
        for word in names:
            demand((name, word) in words, f"{name}.{word} is missing")
    return subject, words, body


def check_part(subject, words, body, params):
    for text in (subject, body, *words.values()):
        link = link_in(HOLE.sub("x", text))
        demand(not link, f"{link} in {text.splitlines()[0]!r}: a notice carries no link (NOTIFY-07)")
        demand(not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text),
               "control characters")
        demand(unicodedata.normalize("NFC", text) == text, "not in NFC")
        demand(not re.search(r"[{}]", HOLE.sub("", text)), "a brace without its other half")
    demand(len(subject) <= SUBJECT_MAX and len(body) <= BODY_MAX, "too long")
    demand(not any(HOLE.search(text) for text in words.values()), "a placeholder in a word")
    known = params.keys() | {"firm"}
    for hole in HOLE.findall(subject + body):
        demand(hole in known, f"unknown placeholder {{{hole}}}")
    for name, (_, _, optional) in params.items():
        demand(name in HOLE.findall(body), f"{{{name}}} is not used in the body")
        demand(not optional or name not in HOLE.findall(subject), f"{{{name}}} may be absent: not in a subject")
    for line in body.splitlines():
        holes = HOLE.findall(line)
        demand(len(line.encode()) <= LINE_MAX, "a line is too long for mail")
        demand(len(holes) < 2 or not any(h in params and params[h][2] for h in holes),
               f"an optional placeholder stands alone in its line: {line}")


def read_template(path):
    parts = sections(path.read_text("utf-8"))
    head, params = read_head(parts[""])
    check_head(path.stem, head, params)
    texts = {}
    for lang in LANGS:
        texts[lang] = read_part(parts[lang], params)
        check_part(*texts[lang], params)
    return path.stem, head, params, texts


def read_frame(path):
    params = {"subject": ("text", (), False), "body": ("text", (), False)}
    parts = sections(path.read_text("utf-8"))
    texts = {}
    for lang in LANGS:
        subject, words, body = texts[lang] = read_part(parts[lang], params)
        demand(HOLE.findall(subject) == ["firm", "subject"], "the subject is made of {firm} and {subject}")
        demand("\n{body}\n" in f"\n{body}\n", "{body} has no line of its own")
        check_part(subject.replace("{subject}", ""), words, body + "{subject}", params)
    return texts


def c_string(text):
    out = []
    for byte in text.encode("utf-8"):
        plain = 32 <= byte < 127 and byte not in (34, 92, 63)
        out.append(chr(byte) if plain else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def c_texts(texts, index):
    return ", ".join(f"TORI_STR_INIT({c_string(texts[lang][index])})" for lang in LANGS)


def c_params(name, params, texts):
    out = ""
    for param, (_, words, _) in params.items():
        rows = "".join(
            f'    {{"{word}", {{' + ", ".join(
                f"TORI_STR_INIT({c_string(texts[lang][1][param, word])})" for lang in LANGS) + "}},\n"
            for word in words)
        if rows:
            out += (f"static const struct tori_template_word {name}_{param}[] = {{\n{rows}"
                    "    {NULL, {{NULL, 0}, {NULL, 0}}},\n};\n")
    rows = "".join(
        f'    {{"{param}", TORI_NOTIFY_{kind.upper()}, {"true" if optional else "false"}, '
        f"{f'{name}_{param}' if words else 'NULL'}}},\n" for param, (kind, words, optional) in params.items())
    return (f"{out}static const struct tori_template_param {name}_params[] = {{\n{rows}"
            "    {NULL, TORI_NOTIFY_TEXT, false, NULL},\n};\n")


def c_template(name, head, params, texts):
    channels = " | ".join(CHANNELS[channel] for channel in head["channels"].split())
    return (f'    {{"{name}",\n     {c_string(head["trigger"])},\n     {channels}, '
            f'{"true" if head["mutable"] == "yes" else "false"}, {name}_params,\n'
            f"     {{{c_texts(texts, 0)}}},\n     {{{c_texts(texts, 2)}}}}},\n")


PAGE = """\
# What customers are told

<!-- Generated by `tools/gen_templates.py --page`. Do not edit. -->

Every message that Torimori sends to customers, as it stands in `src/domain/notify/template`. *Mutable* says whether a
customer may turn it off (NOTIFY-06). Lines with a value that is not known are left out. Mails are framed by
`src/domain/notify/mail.txt`, which ends each with how to react without a link.
"""


def page_of(name, head, params, texts):
    rows = [f"{param} ({', '.join((kind, *words))}{', may be absent' if optional else ''})"
            for param, (kind, words, optional) in params.items()]
    page = (f"\n## {name}\n\nSent when {head['trigger']}. Channels: {', '.join(head['channels'].split())}. "
            f"Mutable: {head['mutable']}.\n\nParameters: {', '.join(rows)}.\n")
    for lang in LANGS:
        subject, _, body = texts[lang]
        page += f"\n```text\n{subject}\n\n{body}\n```\n"
    return page


def print_page(folder):
    print(PAGE + "".join(page_of(*read_template(path)) for path in sorted(Path(folder).glob("*.txt"))), end="")


def main(out, frame_path, *paths):
    templates = []
    for path in map(Path, (frame_path, *paths)):
        try:
            demand(WORD.fullmatch(path.stem), "bad name")
            if path == Path(frame_path):
                frame = read_frame(path)
            else:
                templates.append(read_template(path))
        except Bad as why:
            sys.exit(f"templates: {path.name}: {why}")
    text = '/* Generated from the templates of src/domain/notify. */\n#include "domain/notify/notify_int.h"\n\n'
    text += "".join(c_params(name, params, texts) for name, _, params, texts in templates)
    text += "const struct tori_template tori_templates[] = {\n"
    text += "".join(c_template(*template) for template in templates)
    text += f"}};\nconst size_t tori_template_count = {len(templates)};\n"
    text += (f"const struct tori_str tori_mail_subject[] = {{{c_texts(frame, 0)}}};\n"
             f"const struct tori_str tori_mail_body[] = {{{c_texts(frame, 2)}}};\n")
    Path(out).write_text(text, "utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "--page":
        print_page(sys.argv[2])
    else:
        main(*sys.argv[1:])
