"""A database of a PostgreSQL cluster for a scene of its own: `TORIMORI_STORE=postgres` chooses it,
TORIMORI_TEST_PG says where the cluster is (test/with_postgres.py starts one)."""

import os
import secrets
import subprocess
import unittest
from pathlib import Path
from typing import Any

STORE = os.environ.get("TORIMORI_STORE", "sqlite")
APP = "torimori_app"


class Base:
    def __init__(self) -> None:
        self.cluster = os.environ.get("TORIMORI_TEST_PG", "")
        if not self.cluster:
            raise unittest.SkipTest("there is no PostgreSQL cluster")
        self.name = f"scene_{secrets.token_hex(6)}"

    def url(self, user: str = "") -> str:
        """The cluster's address is postgresql://OWNER@/postgres?host=FOLDER."""
        before, _, after = self.cluster.partition("@")
        where = after.partition("?")[2]
        return f"{f'postgresql://{user}' if user else before}@/{self.name}?{where}"

    def begin(self, stack: Any) -> None:
        """The owner makes the tables; the server may not."""
        self.sql(f"CREATE DATABASE {self.name}")
        subprocess.run([stack.torimori, "store", "migrate", self.url()], check=True)
        stack.store_url = self.url(APP)

    def deny(self) -> None:
        """Nobody gets in, and whoever is in is thrown out."""
        self.sql(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 f" WHERE datname = '{self.name}'")

    def allow(self) -> None:
        self.sql(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")

    def end(self) -> None:
        self.sql(f"DROP DATABASE {self.name} WITH (FORCE)")

    def sql(self, text: str) -> None:
        subprocess.run([client(), "-q", "-d", self.cluster, "-c", text], check=True,
                       capture_output=True)


def client() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"), reverse=True)
    if not found:
        raise unittest.SkipTest("psql is absent")
    return found[0]
