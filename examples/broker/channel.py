"""The broker's side of Torimori's channel API (docs/integration.md): one function a call.

Three rules of the contract live here: an answer that is not understood means no, a 503 is asked
again under the same key, and nothing that failed is taken for success.
"""

import http.client
import json
import queue
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

TRIES = 3
LONGEST_WAIT_S = 2.0
TIMEOUT_S = 30
OUTCOMES = {"allowed", "step_up", "held", "denied", "expired", "lapsed", "redeemed"}
BROKEN = (http.client.HTTPException, OSError)


class Away(Exception):
    """Torimori gives no answer now. Whatever was asked must wait."""

    def __init__(self, code: str, retry_after: int = 5) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Refused(Exception):
    """Torimori said no to the request itself."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.title = str(problem.get("title", ""))
        super().__init__(f"{status} {self.code}")


@dataclass
class Operation:
    """An operation as Torimori sees it. `outcome` is `denied` for everything not understood."""

    id: str
    outcome: str
    reason: str
    raw: dict[str, Any]


def read_operation(body: dict[str, Any]) -> Operation:
    """An outcome or effect that we do not know means deny. New ones will come."""
    outcome, reason = body.get("status"), str(body.get("reason") or "")
    if outcome not in OUTCOMES or body.get("effects"):
        outcome, reason = "denied", "unknown_outcome"
    return Operation(str(body.get("operation_id", "")), str(outcome), reason, body)


def tls_context(ca: str, certificate: str, key: str) -> ssl.SSLContext:
    """Trusts one CA and nothing else, and shows the certificate this channel is known by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(ca)
    context.load_cert_chain(certificate, key)
    return context


class Connection(http.client.HTTPSConnection):
    """Connects to an address while asking for, and checking, a name. (`*.localhost` is not known to
    the resolver.)"""

    def __init__(self, name: str, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(name, address[1], timeout=TIMEOUT_S, context=context)
        self.address = address
        self.tls = context

    def connect(self) -> None:
        raw = socket.create_connection(self.address, TIMEOUT_S)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self.tls.wrap_socket(raw, server_hostname=self.host)


class Channel:
    """A pool of kept-alive connections, and the calls."""

    tries = TRIES

    def __init__(self, name: str, address: tuple[str, int], context: ssl.SSLContext) -> None:
        self.name, self.address, self.context = name, address, context
        self.idle: queue.LifoQueue[Connection] = queue.LifoQueue()

    # The calls -------------------------------------------------------------------------------

    def add_customer(self, record: dict[str, Any]) -> bool:
        """Tell Torimori about a customer; False if it knew him."""
        try:
            self.call("POST", "/v1/customers", record)
        except Refused as refused:
            if refused.code != "already_exists":
                raise
            return False
        return True

    def interaction(self, purpose: str, return_uri: str, state: str, locale: str,
                    **more: str) -> dict[str, Any]:
        return self.call("POST", "/v1/interactions", {
            "purpose": purpose, "return_uri": return_uri, "state": state, "locale": locale} | more)

    def result(self, interaction: str, code: str) -> dict[str, Any]:
        return self.call("POST", f"/v1/interactions/{interaction}/result", {"code": code})

    def introspect(self, session: str) -> dict[str, Any]:
        """The session, or None in everything but name: only `active` being true means alive."""
        answer = self.call("POST", "/v1/sessions/introspect", {"session_id": session})
        return answer if answer.get("active") is True else {"active": False}

    def end_session(self, session: str) -> None:
        self.call("POST", "/v1/sessions/end", {"session_id": session})

    def ask(self, operation: dict[str, Any], key: str) -> Operation:
        return read_operation(self.call("POST", "/v1/operations", operation, key))

    def operation(self, operation_id: str) -> Operation:
        return read_operation(self.call("GET", f"/v1/operations/{operation_id}"))

    def redeem(self, operation_id: str) -> Operation:
        return read_operation(self.call("POST", f"/v1/operations/{operation_id}/redeem", {}))

    def events(self, events: list[dict[str, Any]]) -> None:
        self.call("POST", "/v1/events", {"events": events})

    # The wire --------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> dict[str, Any]:
        """One request, asked again with the same key while the answer is 429, 503 or missing."""
        headers = {"Accept": "application/json"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body, ensure_ascii=False).encode()
        if key:
            headers["Idempotency-Key"] = key
        away = Away("unreachable")
        for attempt in range(self.tries):
            try:
                status, answer, retry_after = self._once(method, path, data, headers)
            except BROKEN:
                self._drop_idle()  # when one is stale, the server has restarted: all of them are
                time.sleep(0.05 * attempt)
                continue
            if status in (429, 503):
                away = Away(str(answer.get("code", "busy")), retry_after)
                if attempt + 1 < self.tries:
                    time.sleep(min(retry_after, LONGEST_WAIT_S))
                continue
            return checked(status, answer)
        raise away

    def _once(self, method: str, path: str, data: bytes | None,
              headers: dict[str, str]) -> tuple[int, dict[str, Any], int]:
        connection = self._take()
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            body = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self.idle.put(connection)
        retry_after = answer.headers.get("Retry-After", "1")
        return answer.status, parsed(body), int(retry_after) if retry_after.isdigit() else 1

    def _take(self) -> Connection:
        try:
            return self.idle.get_nowait()
        except queue.Empty:
            return Connection(self.name, self.address, self.context)

    def _drop_idle(self) -> None:
        while True:
            try:
                self.idle.get_nowait().close()
            except queue.Empty:
                return


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object; anything else is an empty one, which nothing takes for a yes."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def checked(status: int, answer: dict[str, Any]) -> dict[str, Any]:
    if 200 <= status < 300:
        return answer
    raise Refused(status, answer)
