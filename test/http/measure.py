"""measure.py SERVER: requests per second and CPU time per request of the test server's echo endpoint
(through its pipeline of two threads) and of /healthz (answered by the reactor), one reactor, kept-alive
connections, plain and TLS 1.3. CPU time is that of the whole server process, user and system."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HTTP_TEST_SERVER"] = sys.argv[1]

from served import CHANNEL, CUSTOMER, CUSTOMER_TLS, Server  # noqa: E402  (it reads the environment)
from tls import make_certificate  # noqa: E402

SCRIPT = """
wrk.method = "{method}"
wrk.headers["Host"] = "torimori.test"
wrk.headers["Origin"] = "{origin}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = {body}
"""


def cpu_us(process):
    """User and system time of the process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 // os.sysconf("SC_CLK_TCK")


def run(server, listener, path, body, folder):
    scheme = "https" if listener == CUSTOMER_TLS else "http"
    script = Path(folder, "wrk.lua")
    script.write_text(SCRIPT.format(method="POST" if body else "GET", origin=f"{scheme}://torimori.test",
                                    body=repr(body) if body else "nil"))
    before = cpu_us(server.process)
    done = subprocess.run(["wrk", "-t1", "-c32", "-d3s", "-s", script, f"{scheme}://127.0.0.1:{server.ports[listener]}{path}"],
                          capture_output=True, text=True, check=True).stdout
    used = cpu_us(server.process) - before
    assert "Non-2xx" not in done, done
    requests = int(re.search(r"(\d+) requests in", done)[1])
    rate = float(re.search(r"Requests/sec: +([\d.]+)", done)[1])
    return rate, used / requests


def main():
    body = '{"text":"' + "x" * 300 + '"}'
    with tempfile.TemporaryDirectory() as folder:
        cert, key = make_certificate(folder, "torimori.test")
        server = Server("--cert", cert, "--key", key)
        for name, listener, path, sent in (("healthz, plain", CUSTOMER, "/healthz", None),
                                           ("healthz, TLS 1.3", CUSTOMER_TLS, "/healthz", None),
                                           ("echo 300 bytes, plain", CUSTOMER, "/echo", body),
                                           ("echo 300 bytes, TLS 1.3", CUSTOMER_TLS, "/echo", body)):
            runs = sorted(run(server, listener, path, sent, folder) for _ in range(3))
            rate, cost = runs[1][0], sorted(cost for _, cost in runs)[1]
            print(f"{name:24} {rate:9.0f} requests/s   {cost:5.1f} us CPU per request")
        server.stop()


if __name__ == "__main__":
    main()
