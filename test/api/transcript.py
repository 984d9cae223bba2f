"""Transcripts as files: what is sent, and what must come back.

    # A line of explanation.
    == A new passkey is let in by an old one
    ! newcomer mika                         an act: something has to be there first (acts.py)
    > mika POST /v1/me/credentials          who sends what; then header fields, then the body
    {"label":"spare"}
    < 201 application/json                  the answer: fields that matter, then the body
    {"next":"/i/<visit>"}

A body may be `@ assert …` or `@ create …`: then an authenticator makes it (bodies.py). Values that
differ from run to run stand as <name>, the same name for the same value throughout a file; a name
may be used in later requests.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WIDTH = 96
HEADER = re.compile(r"[A-Za-z][A-Za-z-]*: ")


@dataclass
class Line:
    """A title or a line of explanation, kept as it is."""

    text: str


@dataclass
class Act:
    text: str
    at: int

    @property
    def words(self) -> list[str]:
        return self.text.split()


@dataclass
class Request:
    who: str
    method: str
    path: str
    at: int
    headers: list[str] = field(default_factory=list)
    body: str = ""
    answer: str = ""  # as the file has it, without "< "


@dataclass
class Transcript:
    path: Path
    steps: list[Line | Act | Request]

    @property
    def requests(self) -> list[Request]:
        return [step for step in self.steps if isinstance(step, Request)]


class Malformed(Exception):
    """A transcript that cannot be read; says where."""


def read(path: Path) -> Transcript:
    steps: list[Line | Act | Request] = []
    answering = False
    for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith(("#", "== ")) or not line:
            steps.append(Line(line))
            answering = False
        elif line.startswith("! "):
            steps.append(Act(line[2:].partition("  #")[0].strip(), at))
        elif line.startswith("> "):
            steps.append(_request(line, path, at))
            answering = False
        elif line.startswith("< "):
            _last(steps, path, at).answer = line[2:]
            answering = True
        else:
            _more(_last(steps, path, at), line, answering)
    return Transcript(path, steps)


def _request(line: str, path: Path, at: int) -> Request:
    words = line[2:].split(" ", 2)
    if len(words) != 3:
        raise Malformed(f"{path.name}:{at}: a request is WHO METHOD PATH")
    return Request(*words, at=at)


def _last(steps: list[Line | Act | Request], path: Path, at: int) -> Request:
    if not steps or not isinstance(steps[-1], Request):
        raise Malformed(f"{path.name}:{at}: no request stands before this line")
    return steps[-1]


def _more(request: Request, line: str, answering: bool) -> None:
    if answering:
        request.answer += "\n" + line
    elif not request.body and HEADER.match(line):
        request.headers.append(line)
    else:
        request.body += ("\n" if request.body else "") + line


def write(transcript: Transcript) -> str:
    out: list[str] = []
    for step in transcript.steps:
        if isinstance(step, Line):
            out.append(step.text)
        elif isinstance(step, Act):
            out.append("! " + step.text)
        else:
            out.append(f"> {step.who} {step.method} {step.path}")
            out += step.headers
            out += [step.body] if step.body else []
            out += ["< " + step.answer] if step.answer else []
    return "\n".join(out) + "\n"


def pretty(value: Any, indent: int = 0) -> str:
    """JSON with short objects on one line and a member a line in long ones."""
    flat = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(flat) + indent <= WIDTH or not isinstance(value, (dict, list)):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, list):
        rows = [pretty(item, indent + 1) for item in value]
        return "[\n" + ",\n".join(pad + row for row in rows) + "\n" + " " * indent + "]"
    rows = [f"{json.dumps(name)}: {pretty(item, indent + 1)}" for name, item in value.items()]
    return "{\n" + ",\n".join(pad + row for row in rows) + "\n" + " " * indent + "}"


class Names:
    """The names that stand for values, in the order in which the values were first seen."""

    TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
    TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z0-9])([\w-]{24}|[\w-]{32}|[\w-]{40}|[\w-]{43}|[0-9a-f]{64})(?![\w-])")
    USED = re.compile(r"<([a-z][\w.-]*)>")

    def __init__(self, fixed: dict[str, str]) -> None:
        self.values: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.fixed = fixed  # name → a text that is replaced wherever it stands, such as an origin

    def keep(self, name: str, value: str) -> None:
        """From now on this value has this name."""
        self.names.pop(self.values.get(name, ""), None)
        self.values[name] = value
        self.names[value] = name

    def name(self, value: str, wanted: str) -> str:
        if value not in self.names:
            number, name = 1, wanted
            while name in self.values:
                number += 1
                name = f"{wanted}-{number}"
            self.keep(name, value)
        return f"<{self.names[value]}>"

    def fill(self, text: str) -> str:
        """A text of the file with the values in place of the names."""
        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in self.fixed:
                return self.fixed[name]
            if name not in self.values:
                raise Malformed(f"<{name}> has no value yet; known are {sorted(self.values)}")
            return self.values[name]
        return self.USED.sub(value, text)

    def text(self, value: str, member: str) -> str:
        """A text of an answer with names in place of the values."""
        if self.TIME.fullmatch(value):
            return "<time>"
        if value in self.names:
            return f"<{self.names[value]}>"
        for name, fixed in self.fixed.items():
            value = value.replace(fixed, f"<{name}>")
        for known, name in self.names.items():
            if name.endswith(".customer"):
                value = value.replace(known, f"<{name}>")

        def token(match: re.Match[str]) -> str:
            before = value[:match.start()]
            query = re.search(r"[?&]([a-z_]+)=$", before)
            wanted = query.group(1) if query else "visit" if before.endswith("/i/") else member
            return self.name(match.group(1), wanted)
        return self.TOKEN.sub(token, value)

    def json(self, value: Any, member: str = "value") -> Any:
        if isinstance(value, dict):
            return {name: self.json(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.json(item, member) for item in value]
        if member == "seq":
            return self.name(f"seq {value}", "seq")
        if member == "code":
            return self.name(value, "code")
        return self.text(value, member) if isinstance(value, str) else value
