#!/usr/bin/env python3
"""Run a command with a private PostgreSQL cluster: with_postgres.py [--set NAME=VALUE]... COMMAND...

The cluster lives in a short folder below /tmp, listens on its socket alone and is stopped by its pid at
the end. Its address, as a superuser who stands for the owner, is in TORIMORI_TEST_PG. Where that is
already set the command gets that one; where the package is absent it runs without.
"""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

SETTINGS = {
    "listen_addresses": "", "shared_buffers": "64MB", "max_connections": "60", "log_min_messages": "fatal",
    "autovacuum": "off", "max_wal_size": "1GB",
}


def find_bin():
    for folder in sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def as_somebody(folder):
    """initdb refuses root, so the cluster is nobody's then."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]


def create(folder, bin_folder):
    made = subprocess.run(as_somebody(folder) + [
        bin_folder / "initdb", "-D", folder / "d", "-U", "torimori_owner", "--auth=trust", "--locale=C.UTF-8",
        "-E", "UTF8", "--no-sync"], cwd=folder, capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"with_postgres: initdb: {made.stderr}")


def launch(folder, bin_folder, settings):
    who, data = as_somebody(folder), folder / "d"
    options = [o for name, value in settings.items() for o in ("-c", f"{name}={value}")]
    log = open(folder / "log", "a")
    server = subprocess.Popen(who + [bin_folder / "postgres", "-D", data, "-k", folder] + options,
                              cwd=folder, stdout=log, stderr=log, start_new_session=True)
    ready = subprocess.run([bin_folder / "pg_isready", "-q", "-h", folder, "-t", "1"])
    while ready.returncode != 0:
        if server.poll() is not None:
            sys.exit(f"with_postgres: {(folder / 'log').read_text()}")
        ready = subprocess.run([bin_folder / "pg_isready", "-q", "-h", folder, "-t", "1"])
    return server


def start(folder, bin_folder, settings):
    create(folder, bin_folder)
    return launch(folder, bin_folder, settings)


def stop(server):
    server.send_signal(signal.SIGINT)  # fast shutdown: ends sessions, waits for nobody
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main(arguments):
    settings = dict(SETTINGS)
    while arguments and arguments[0] == "--set":
        name, _, value = arguments[1].partition("=")
        settings[name] = value
        arguments = arguments[2:]
    bin_folder = find_bin()
    if os.environ.get("TORIMORI_TEST_PG") or bin_folder is None:
        if bin_folder is None:
            print("with_postgres: PostgreSQL is absent, its tests are skipped", file=sys.stderr)
        os.execvp(arguments[0], arguments)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tpg", dir="/tmp"))
    server = start(folder, bin_folder, settings)
    try:
        url = f"postgresql://torimori_owner@/postgres?host={folder}"
        done = subprocess.run(arguments, env=os.environ | {"TORIMORI_TEST_PG": url}).returncode
    finally:
        stop(server)
        shutil.rmtree(folder, ignore_errors=True)
    return done if done >= 0 else 128 - done


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
