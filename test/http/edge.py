"""Every endpoint of the product at its edge, made from docs/openapi.json: doors, methods, bodies,
origins, headers. Behind the edge nothing runs, so whatever gets through is answered `busy`."""

import hashlib
import json
import re
import unittest
from pathlib import Path

from served import CHANNEL, CUSTOMER, METRICS, OPERATOR, Server, ask, request

ROOT = Path(__file__).resolve().parents[2]
LISTENERS = {"customer": (CUSTOMER, "torimori.test"), "operator": (OPERATOR, "desk.test"),
             "channel": (CHANNEL, "channel.test"), "metrics": (METRICS, "metrics.test")}
BROWSERS = ("customer", "operator")
HOUSE = {"/healthz", "/readyz", "/metrics", "/web/{name}"}  # answered by the reactor itself
METHODS = ("GET", "POST", "PUT", "DELETE")

COMMON = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
          "cross-origin-resource-policy": "same-origin"}
PAGE = {**COMMON, "cross-origin-opener-policy": "same-origin",
        "content-security-policy":
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
            "trusted-types 'none'"}
OTHER = {**COMMON, "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}


def endpoints():
    """(path, method, row of the document)"""
    document = json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))
    for path, rows in document["paths"].items():
        for method, row in rows.items():
            yield path.partition("#")[0], method.upper(), row


def filled(path):
    return re.sub(r"\{\w+\}", "AAAAAAAAAAAAAAAAAAAAAAAA", path)


class Edge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--product", 1)
        cls.rows = list(endpoints())

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end cleanly"

    def ask(self, listener, method, path, fields=(), body=b""):
        port, host = LISTENERS[listener]
        found = ask(self.server, request(method, filled(path), host, fields, body, length=False), port)
        self.assertEqual(len(found), 1)
        return found[0]

    def honest(self, listener, method, row, body=b"{}"):
        """The fields of a request that the edge lets through."""
        fields = ["Idempotency-Key: k"] if any(p["in"] == "header" for p in row.get("parameters", ())) else []
        if listener in BROWSERS and method != "GET":
            fields.append(f"Origin: http://{LISTENERS[listener][1]}")
        if "requestBody" in row:
            fields += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return fields

    def each(self, kind=lambda path, method, row: True):
        """(path, method, row, listener) of what `kind` chooses, on each of its listeners here."""
        chosen = [(path, method, row, listener) for path, method, row in self.rows
                  if path not in HOUSE and kind(path, method, row)
                  for listener in row["x-listeners"] if listener in LISTENERS]
        self.assertTrue(chosen, "no endpoint is of this kind: the test would show nothing")
        for path, method, row, listener in chosen:
            self.where = f"{listener} {method} {path}"
            yield path, method, row, listener

    def check(self, found, status, code):
        got, headers, body = found
        self.assertEqual(got, status, self.where)
        if headers["content-type"] == "application/problem+json":
            self.assertEqual(json.loads(body)["code"], code)

    def test_an_honest_request_gets_through(self):
        for path, method, row, listener in self.each():
            body = b"{}" if "requestBody" in row else b""
            found = self.ask(listener, method, path, self.honest(listener, method, row), body)
            self.check(found, 503, "busy")
            self.assertEqual(found[1]["retry-after"], "1")

    def test_headers_are_those_of_the_table(self):
        for path, method, row, listener in self.each():
            body = b"{}" if "requestBody" in row else b""
            _, headers, _ = self.ask(listener, method, path, self.honest(listener, method, row), body)
            page = "text/html" in row["responses"]["2XX"]["content"]
            self.assertEqual(headers["content-type"],
                             "text/html; charset=utf-8" if page else "application/problem+json")
            for name, value in (PAGE if page else OTHER).items():
                self.assertEqual(headers.get(name), value, f"{self.where}: {name}")
            self.assertEqual(headers["cache-control"], "no-store")

    def test_every_endpoint_has_its_doors_and_no_others(self):
        for path, method, row in self.rows:
            elsewhere = {listener for p, m, other in self.rows if p == path and m == method
                         for listener in other["x-listeners"]}
            for listener in LISTENERS.keys() - elsewhere:
                with self.subTest(f"{listener} {method} {path}"):
                    self.assertIn(self.ask(listener, method, path, self.honest(listener, method, row))[0], (404, 405))

    def test_other_methods_are_refused(self):
        for path, method, row, listener in self.each():
            there = {m for p, m, other in self.rows if p == path and listener in other["x-listeners"]}
            for other in set(METHODS) - there:
                found = self.ask(listener, other, path, [f"Origin: http://{LISTENERS[listener][1]}"])
                if re.search(r"\{|/v1/", path) and found[0] != 405:
                    continue  # another row's pattern takes this path
                self.check(found, 405, "method_not_allowed")
                self.assertIn(method, found[1]["allow"])

    def test_a_body_is_json_and_within_its_cap(self):
        for path, method, row, listener in self.each(lambda p, m, row: "requestBody" in row):
            honest = self.honest(listener, method, row)
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"):
                fields = [f if not f.startswith("Content-Type") else f"Content-Type: {kind}" for f in honest]
                self.check(self.ask(listener, method, path, fields, b"{}"), 415, "bad_media_type")
            fields = [f if not f.startswith("Content-Length") else "Content-Length: 65537" for f in honest]
            self.check(self.ask(listener, method, path, fields), 413, "too_large")

    def test_a_body_where_none_is_wanted(self):
        for path, method, row, listener in self.each(lambda p, m, row: "requestBody" not in row):
            fields = self.honest(listener, method, row) + ["Content-Length: 2"]
            self.check(self.ask(listener, method, path, fields, b"{}"), 400, "bad_request")

    def test_a_change_by_a_browser_comes_from_our_own_page(self):
        changes = lambda p, m, row: m != "GET"
        for path, method, row, listener in self.each(changes):
            if listener not in BROWSERS:
                continue
            body = b"{}" if "requestBody" in row else b""
            honest = self.honest(listener, method, row)
            without = [field for field in honest if not field.startswith("Origin")]
            for fields in (without, without + ["Origin: null"], without + ["Origin: http://evil.test"],
                           without + [f"Origin: https://{LISTENERS[listener][1]}"],
                           honest + ["Sec-Fetch-Site: cross-site"], honest + ["Sec-Fetch-Site: same-site"]):
                self.check(self.ask(listener, method, path, fields, body), 403, "cross_site")

    def test_an_idempotency_key_where_one_is_needed(self):
        needs = lambda p, m, row: any(one["in"] == "header" for one in row.get("parameters", ()))
        for path, method, row, listener in self.each(needs):
            fields = [f for f in self.honest(listener, method, row) if not f.startswith("Idempotency")]
            self.check(self.ask(listener, method, path, fields, b"{}"), 400, "idempotency_key_missing")

    def test_an_endpoint_belongs_to_someone(self):
        """What changes something or answers for a person asks who it is."""
        for path, method, row in self.rows:
            if method != "GET" and not row["security"]:
                self.assertNotIn("channel", row["x-listeners"], path)
            for scheme in row["security"]:
                if "channel" in scheme:
                    self.assertEqual(row["x-listeners"], ["channel"], path)
                if "adminSocket" in scheme:
                    self.assertEqual(row["x-listeners"], ["admin"], path)
                if "session" in scheme or "visit" in scheme:
                    self.assertLessEqual(set(row["x-listeners"]), set(BROWSERS), path)

    def test_files_of_the_pages(self):
        for file in sorted((ROOT / "web").glob("*.*")):
            if file.name in ("meson.build", "README.md"):
                continue
            with self.subTest(file.name):
                content = file.read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                status, headers, body = self.ask("customer", "GET", f"/web/{file.name}")
                self.assertEqual((status, body, headers["cache-control"]), (200, content, "no-cache"))
                self.assertEqual(headers["etag"], f'"{digest[:32]}"')
                known = [f'If-None-Match: W/"other", {headers["etag"]}']
                status, headers, body = self.ask("customer", "GET", f"/web/{file.name}", known)
                self.assertEqual((status, body), (304, b""))
                self.assertNotIn("content-length", headers)
                hashed = f"/web/{file.stem}.{digest[:10]}{file.suffix}"
                status, headers, body = self.ask("operator", "GET", hashed)
                self.assertEqual((status, body), (200, content))
                self.assertEqual(headers["cache-control"], "public, max-age=31536000, immutable")
                self.assertEqual(self.ask("customer", "GET", hashed[:-1])[0], 404)
