"""What docs/openapi.json promises, beside what really came back.

Every answer is noted with its endpoint. `gaps` then says which endpoint never showed a success and
which documented error was never seen; `unreached.toml` lists the few that need a broken part, with
the reason and the test that shows them.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import schema
from browser import Page

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Endpoint:
    name: str
    method: str
    path: str
    listeners: frozenset[str]
    row: dict[str, Any]

    @property
    def codes(self) -> set[str]:
        """All documented errors."""
        return {code for status, answer in self.row["responses"].items() if status != "2XX"
                for code in answer["description"].split(", ")}

    def status_codes(self, status: int) -> set[str]:
        answer = self.row["responses"].get(str(status))
        return set(answer["description"].split(", ")) if answer else set()

    @property
    def content(self) -> dict[str, Any]:
        return self.row["responses"]["2XX"]["content"]

    @property
    def page(self) -> bool:
        return "text/html" in self.content

    @property
    def body(self) -> dict[str, Any] | None:
        asked = self.row.get("requestBody")
        return asked["content"]["application/json"]["schema"] if asked else None

    def takes(self, listener: str, method: str, path: str) -> bool:
        pattern = re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(self.path))
        return (listener in self.listeners and method == self.method
                and re.fullmatch(pattern, path) is not None)


class Documents:
    """The document and all that was seen of it so far."""

    def __init__(self) -> None:
        document = json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))
        self.endpoints = [
            Endpoint(row["operationId"], method.upper(), path.partition("#")[0],
                     frozenset(row["x-listeners"]), row)
            for path, rows in document["paths"].items() for method, row in rows.items()]
        self.sentences = sentences()
        self.seen: dict[str, set[str]] = {one.name: set() for one in self.endpoints}
        self.validated = 0

    def find(self, listener: str, method: str, path: str) -> Endpoint | None:
        path = path.partition("?")[0]
        return next((one for one in self.endpoints if one.takes(listener, method, path)), None)

    def note(self, listener: str, method: str, path: str, answer: Page, code: str) -> list[str]:
        """Remembers an answer; what it does that the document does not say."""
        endpoint = self.find(listener, method, path)
        if endpoint is None:
            known = answer.status in (404, 405)
            return [] if known else [f"{method} {path} is nobody's, yet answers {answer.status}"]
        if answer.status < 400:
            self.seen[endpoint.name].add("success")
            return self.success(endpoint, answer)
        if not code:  # a page that says it in its own words
            documented = endpoint.status_codes(answer.status)
            code = documented.pop() if len(documented) == 1 else "nothing that can be told"
        self.seen[endpoint.name].add(code)
        if code not in endpoint.status_codes(answer.status):
            return [f"{endpoint.name} does not document {answer.status} {code}"]
        return []

    def success(self, endpoint: Endpoint, answer: Page) -> list[str]:
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if not answer.body or "*/*" in endpoint.content:
            return []
        if kind not in endpoint.content:
            return [f"{endpoint.name} answers {kind}"]
        rules = endpoint.content[kind].get("schema")
        if rules is None:
            return [] if kind == "text/html" else [f"{endpoint.name} has no schema for its answer"]
        self.validated += 1
        return [f"{endpoint.name}: {fault}" for fault in schema.faults(rules, answer.json())]

    def gaps(self) -> list[str]:
        """What was promised and not shown, and excuses that are none."""
        excuses = read_excuses()
        found = []
        for one in self.endpoints:
            for code in sorted(({"success"} | one.codes) - self.seen[one.name]):
                if not any(excuse.covers(one.name, code) for excuse in excuses):
                    found.append(f"{one.name}: {code} was never seen")
        for excuse in excuses:
            found += excuse.faults(self)
        return found


@dataclass
class Excuse:
    """Codes that cannot be had from outside while everything works."""

    code: str
    endpoints: list[str]  # empty: all of them
    why: str
    test: str

    def covers(self, endpoint: str, code: str) -> bool:
        return code == self.code and (not self.endpoints or endpoint in self.endpoints)

    def faults(self, documents: Documents) -> list[str]:
        chosen = [one for one in documents.endpoints
                  if not self.endpoints or one.name in self.endpoints]
        found = [f"the excuse for {self.code} names {name}, which does not document it"
                 for name in self.endpoints
                 if not any(one.name == name and self.code in one.codes for one in chosen)]
        missed = [one for one in chosen
                  if self.code in one.codes and self.code not in documents.seen[one.name]]
        if not missed:
            found.append(f"the excuse for {self.code} excuses nothing")
        if len(self.why.split()) < 5:
            found.append(f"the excuse for {self.code} gives no reason")
        if not test_exists(self.test):
            found.append(f"the excuse for {self.code} names {self.test}, which is no test")
        return found


def read_excuses() -> list[Excuse]:
    rows = tomllib.loads((HERE / "unreached.toml").read_text("utf-8"))["unreached"]
    return [Excuse(row["code"], row.get("endpoints", []), row["why"], row["test"]) for row in rows]


def test_exists(name: str) -> bool:
    """suite/program:case, as the results of a run name it."""
    place, _, case = name.partition(":")
    suite, _, program = place.partition("/")
    folder = ROOT / "test" / suite
    if not case or not any(folder.glob(program + ".*")):
        return False
    definition = re.compile(rf"\bdef test_(\d+_)?{case}\(|^static void {case}\(", re.MULTILINE)
    return any(definition.search(path.read_text("utf-8")) for path in folder.glob("*.*")
               if path.suffix in (".py", ".c"))


def sentences() -> dict[str, str]:
    """What errors are called in Japanese: {code: title}."""
    rows = re.findall(r"^error\.(\w+)\s*=\s*(.*?)\s*$", (ROOT / "text/ja.txt").read_text("utf-8"),
                      re.MULTILINE)
    return {name.lower(): text for name, text in rows}
