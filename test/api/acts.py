"""What has to be there before a request means anything: `! WORD …` in a transcript. Each act is one
method, done over the public ways as the demo does it."""

import re
import secrets
import signal
import time
from pathlib import Path
from typing import Any

from authenticator import Authenticator, b64u
from browser import Browser
import people
from office import must
from scene import User
from stage import send_signal, until

STAFF = {"kakari": 0, "kacho": 1}
PROOFING = {"kind": "document", "checked": "見本の免許証"}


class Acts:
    def __init__(self, player: Any) -> None:
        self.player, self.scene = player, player.scene
        self.begin()

    def begin(self) -> None:
        """A new file."""
        self.users: dict[str, User] = {}
        self.hidden: Path | None = None
        self.growing = ""
        self.stopped: set[str] = set()

    def end(self) -> None:
        """Whatever became of the file, the next one finds everything at work."""
        for role in sorted(self.stopped):
            self.do_continue(role)
            until(self.is_whole, 30)
        if self.hidden is not None:
            self.do_show(self.hidden.name)

    def do(self, words: list[str]) -> None:
        getattr(self, "do_" + words[0])(*words[1:])

    def keep(self, name: str, value: str) -> None:
        self.player.names.keep(name, value)

    def is_whole(self) -> bool:
        told = self.player.people["metrics"].fetch("GET", "/readyz", {}, None)
        return told.status == 200 and told.json()["important_operations"] == "decided"

    # People ----------------------------------------------------------------------------------

    def introduce(self, name: str, user: User) -> None:
        self.users[name] = user
        sender = self.player.browser(name, user.browser)
        sender.device = user.device
        self.keep(f"{name}.customer", user.customer)
        self.keep(f"{name}.name", people.person(int(user.customer[-6:])).name)
        self.keep(f"{name}.customer_id", self.scene.ids[user.customer])
        if user.session:
            self.keep(f"{name}.session", user.session)

    def do_newcomer(self, name: str, users: str = "1") -> None:
        """A customer with a passkey, logged in; `! newcomer mika 2` is a company of two users."""
        self.do_office()
        self.introduce(name, self.scene.newcomer(int(users)))

    def do_stranger(self, name: str, users: str = "1") -> None:
        """A customer whom Torimori knows, with no passkey yet."""
        self.do_office()
        self.introduce(name, self.scene.stranger(int(users)))

    def do_colleague(self, name: str, _of: str, other: str) -> None:
        self.introduce(name, self.users[other].colleague())

    def do_browser(self, name: str) -> None:
        self.player.browser(name, Browser())

    def do_deskbrowser(self, name: str) -> None:
        self.player.browser(name, Browser(), "operator")

    def do_office(self) -> None:
        """The two operators, enrolled once for all files, and no cool-off."""
        self.scene.staff_up()

    def do_operator(self, name: str) -> None:
        """kakari or kacho, freshly logged in."""
        self.do_office()
        operator = self.scene.office.staff[STAFF[name]]
        operator.login()
        sender = self.player.browser(name, operator.browser, "operator")
        sender.device = operator.device

    def do_device(self, name: str) -> None:
        """Another authenticator in the same hands."""
        self.player.people[name].device = Authenticator()

    def do_login(self, name: str) -> None:
        """Once more, through the channel."""
        self.users[name].login()
        self.keep(f"{name}.session", self.users[name].session)

    def do_enrol(self, name: str) -> None:
        """A further passkey by a further letter."""
        user = self.users[name]
        user.device = Authenticator()
        user.enrol()
        self.player.people[name].device = user.device

    # What people do --------------------------------------------------------------------------

    def do_visit(self, name: str, purpose: str, *words: str) -> None:
        """`! visit mika login as v` or `! visit mika confirm OPERATION as v`: begun by the channel,
        its page open in the browser."""
        user, more = self.users[name], {}
        if purpose == "confirm":
            more = {"operation_id": words[0]}
        if purpose == "enrol":
            more = {"customer": user.customer, "user": user.ref}
        url = user.visit(purpose, **more)
        self.keep(words[-1], url.rpartition("/")[2])

    def do_ask(self, name: str, kind: str, _as: str, kept: str) -> None:
        self.keep(kept, self.users[name].ask(kind)["operation_id"])

    def do_allowed(self, name: str, kind: str, _as: str, kept: str) -> None:
        """Asked for and proved."""
        self.keep(kept, self.users[name].allowed(kind)["operation_id"])

    def do_code(self, name: str, _as: str, kept: str) -> None:
        """The code of a letter after proofing and two signatures."""
        self.keep(kept, self.users[name].code())

    def do_proposal(self, kept: str, _for: str, name: str) -> None:
        """An approval that waits: an enrolment window for this customer, asked for by kakari."""
        user = self.users[name]
        asked = self.scene.office.staff[0].call("/v1/desk/proofings", PROOFING | {
            "customer": user.customer, "user": user.ref})
        self.keep(kept, must(asked)["approval_id"])

    def do_sign(self, name: str, approval: str) -> None:
        self.scene.office.staff[STAFF[name]].sign(approval)

    def do_lock(self, name: str) -> None:
        """By the desk."""
        self.scene.office.lock(self.users[name].customer)

    def do_unlock(self, name: str) -> None:
        self.scene.office.unlock(self.users[name].customer)

    def do_notice(self, name: str, _as: str, kept: str) -> None:
        """The newest notice of the inbox that can be disputed."""
        found = re.search(r"/v1/me/notices/([\w-]{24})/not-me", self.users[name].centre().text)
        assert found, f"{name} was told nothing"
        self.keep(kept, found.group(1))

    def do_passkey(self, name: str, _as: str, kept: str) -> None:
        """The credential id of the passkey in somebody's hands."""
        self.keep(kept, b64u(self.player.people[name].device.passkeys[0].id))

    def do_first(self, name: str, _as: str, kept: str) -> None:
        """The first passkey of the security centre's list, as Torimori names it."""
        found = re.search(r"/v1/me/credentials/([\w-]{24})/remove", self.users[name].centre().text)
        assert found, f"{name} has no two passkeys"
        self.keep(kept, found.group(1))

    def do_cooloff(self, hours: str) -> None:
        self.scene.set_cool_off(int(hours))

    # The machine -----------------------------------------------------------------------------

    def do_keep(self, value: str, _as: str, name: str) -> None:
        self.keep(name, value)

    def do_clock(self, seconds: str) -> None:
        self.scene.move_clock(int(seconds))

    def do_rows(self, least: str) -> None:
        """As many rows in the log; events are the cheapest."""
        user = self.scene.stranger()
        while self.size() < int(least):
            self.scene.channel.events([{
                "id": secrets.token_hex(8), "type": "order.filled", "customer": user.customer,
                "account": "A-1", "occurred_at": self.scene.now(),
                "fields": {"side": "buy", "symbol": "0001", "quantity": 100}} for _ in range(20)])
            time.sleep(0.05)

    def do_partial(self, _as: str, kept: str) -> None:
        """The path of the newest tile that is not full; the log may grow while it is asked for."""
        self.growing = kept
        self.again()

    def size(self) -> int:
        return int(self.scene.channel.once("GET", "/checkpoint").body.split(b"\n")[1])

    def do_plant(self, name: str) -> None:
        """A file of the log that it takes too many rows to have."""
        path = self.scene.stack.log / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(32))

    def do_hide(self, name: str) -> None:
        """A file of the log is not there, as before it was first written."""
        self.hidden = self.scene.stack.log / name
        self.again()

    def do_show(self, name: str) -> None:
        path, self.hidden = self.scene.stack.log / name, None
        if not path.exists():
            path.with_suffix(".hidden").rename(path)

    def again(self) -> None:
        """Before a request is tried once more: what was hidden may have been written anew, and the
        newest tile may be another one."""
        if self.growing:
            if self.size() % 256 == 0:
                self.do_rows(str(self.size() + 1))
            size = self.size()
            self.keep(self.growing, f"/tile/0/{size // 256:03}.p/{size % 256}")
        if self.hidden is not None and self.hidden.exists():
            self.hidden.rename(self.hidden.with_suffix(".hidden"))

    def do_stop(self, role: str) -> None:
        self.stopped.add(role)
        send_signal(self.scene, role, signal.SIGSTOP)

    def do_continue(self, role: str) -> None:
        send_signal(self.scene, role, signal.SIGCONT)
        self.stopped.discard(role)
