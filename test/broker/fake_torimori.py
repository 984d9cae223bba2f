"""Torimori's channel listener as far as the contract describes it, and no further: no passkeys, no
rules. Tests set what it answers, and can make it stumble."""

import json
import secrets
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGES = "http://torimori.localhost:8080"
NAME = "channel.torimori.localhost"


def certificates(folder: Path) -> None:
    """A CA, a server certificate and a channel certificate, by openssl."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test CA",
            "-days", "2")
    for name, host in (("server", NAME), ("channel", "mihon")):
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-copy_extensions", "copy", "-days", "2", "-out", f"{name}.pem")


class Fake:
    """The listener and all it remembers."""

    def __init__(self, folder: Path) -> None:
        self.interactions, self.operations, self.sessions = {}, {}, {}
        self.keys, self.calls, self.events, self.customers = {}, [], [], []
        self.decision = {"status": "step_up"}  # of the next operations
        self.redemption = None  # what redeeming answers instead of the truth
        self.stumbles = []  # (path ending, 503 or "drop" or "drop_after"), each used once
        self.lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(self))
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # What a customer would do on Torimori's pages ------------------------------------------------

    def login(self, interaction: str, customer: str, user: str, acr: str = "phr") -> str:
        """Prove a login; the address that the browser is sent back to."""
        session = {"session_id": secrets.token_urlsafe(18), "active": True, "customer": customer,
                   "user": user, "acr": acr, "amr": ["swk", "user", "mfa"]}
        self.sessions[session["session_id"]] = session
        return self.back(interaction, customer=customer, user=user, session=session)

    def confirm(self, interaction: str, status: str = "allowed", reason: str = "") -> str:
        operation = self.operations[self.interactions[interaction]["operation_id"]]
        operation["status"] = status
        if reason:
            operation["reason"] = reason
        return self.back(interaction, operation=operation)

    def back(self, interaction: str, **result) -> str:
        visit = self.interactions[interaction]
        visit["result"] = {"interaction_id": interaction, "purpose": visit["purpose"],
                           "status": "collected"} | result
        visit["code"] = secrets.token_urlsafe(24)
        return (f"{visit['return_uri']}?interaction={interaction}&code={visit['code']}"
                f"&state={visit['state']}")

    def refuse(self, interaction: str, error: str) -> str:
        visit = self.interactions[interaction]
        return (f"{visit['return_uri']}?interaction={interaction}&error={error}"
                f"&state={visit['state']}")

    # What the channel calls --------------------------------------------------------------------

    def answer(self, method: str, path: str, body, key: str):
        with self.lock:
            self.calls.append((method, path, body, key))
            parts = path.strip("/").split("/")[1:]
            if parts == ["interactions"]:
                return self.begin(body)
            if parts[0] == "interactions":
                return self.collect(self.interactions.get(parts[1]), body)
            if parts == ["sessions", "introspect"]:
                return 200, self.sessions.get(body["session_id"], {"active": False})
            if parts == ["sessions", "end"]:
                self.sessions.pop(body["session_id"], None)
                return 200, {"active": False}
            if parts == ["operations"]:
                return self.decide(body, key)
            if parts[0] == "operations":
                return self.look(self.operations.get(parts[1]), method)
            if parts == ["events"]:
                self.events += body["events"]
                return 202, {"accepted": len(body["events"])}
            if parts == ["customers"]:
                self.customers.append(body)
                return 201, {"customer": body["ref"]}
            return problem(404, "not_found")

    def begin(self, body):
        name = secrets.token_urlsafe(18)
        self.interactions[name] = dict(body)
        return 201, {"interaction_id": name, "url": f"{PAGES}/i/{name}", "expires_at": "later"}

    def collect(self, visit, body):
        if visit is None or visit.pop("code", None) != body["code"]:
            return problem(403, "code_wrong")
        return 200, visit["result"]

    def decide(self, body, key):
        if key in self.keys:
            known, answer = self.keys[key]
            return (201, answer) if known == body else problem(422, "idempotency_key_reused")
        operation = {"operation_id": secrets.token_urlsafe(18), "type": body["type"],
                     "important": True} | self.decision
        self.operations[operation["operation_id"]] = operation
        self.keys[key] = (body, dict(operation))
        return 201, operation

    def look(self, operation, method):
        if operation is None:
            return problem(404, "operation_unknown")
        if method == "GET":
            return 200, operation
        if self.redemption is not None:
            return self.redemption
        if operation["status"] != "allowed":
            return problem(409, "operation_state")
        operation["status"] = "redeemed"
        return 200, operation

    def stumble(self, path: str):
        """The way to stumble over this call, if one was asked for."""
        for row in self.stumbles:
            if path.endswith(row[0]):
                self.stumbles.remove(row)
                return row[1]
        return None

    def count(self, method: str, ending: str) -> int:
        return sum(call[0] == method and call[1].endswith(ending) for call in self.calls)


def problem(status: int, code: str):
    return status, {"type": "about:blank", "title": code, "status": status, "code": code}


def make_handler(fake: Fake):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.serve()

        def do_POST(self):
            self.serve()

        def serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            how = fake.stumble(self.path)
            if how == "drop":
                self.close_connection = True
                return
            status, answer = problem(503, "keyholder_away") if how == 503 else fake.answer(
                self.command, self.path, body, self.headers.get("Idempotency-Key", ""))
            if how == "drop_after":
                self.close_connection = True
                return
            data = json.dumps(answer).encode()
            self.send_response(status)
            kind = "application/problem+json" if status >= 400 else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            if status == 503:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    return Handler
