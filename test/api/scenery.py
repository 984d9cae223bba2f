"""The scene that transcripts are played on: a running Torimori with a few more channels."""

import ssl

import places  # noqa: F401

from bases import STORE

from scene import Line, Scene

# Slow connections wait beside each other, and are cut while the transcripts are played. Operations
# end before their visits do, so that a visit can meet one that has ended. What else runs out does so
# as late as may be: the files move the clock themselves, and no slow machine does it for them.
SETTINGS = {"limits__per_address": 1000, "limits__body_ms": 10_000, "operation__ttl_ms": 120_000,
            "operation__valid_ms": 120_000, "challenge_ttl_ms": 120_000}


class ApiScene(Scene):
    def __init__(self, store: str = STORE) -> None:
        super().__init__(store, **SETTINGS)
        self.others: dict[str, Line] = {}

    def begin(self) -> None:
        super().begin()
        self.others = {"asks": self.add_line("asks", "照会だけの窓口", "ask"),
                       "records": self.add_line("records", "台帳", "records"),
                       "unknown": self.stranger_line(), "nobody": self.bare_line()}

    def stranger_line(self) -> Line:
        """A key that is not registered."""
        self.stack._issue("unknown", "unknown", "clientAuth")
        return self.line("unknown")

    def bare_line(self) -> Line:
        """TLS without a key of its own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.stack.path("ca.pem"))
        return Line(self.stack.CHANNEL_NAME, ("127.0.0.1", self.stack.ports.channel), context)
