"""A PostgreSQL server of its own for tests: Debian's, which does not run as root, on a free port of the loopback."""

import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
import pytest

START_SECONDS = 60


class PostgresServer:
    """A server with an empty directory below the temporary one. `url` is of its first database; `create_database` makes
    others. Use it as a context."""

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        self._directory = Path(tempfile.mkdtemp(prefix="chatbot-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    @property
    def url(self) -> str:
        return self._url("postgres")

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def create_database(self) -> str:
        """Creates an empty database; returns its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._url(name)

    def execute(self, statement: str) -> None:
        """Executes a statement as the administrator."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def start(self) -> Self:
        """Starts it, and waits until it answers."""
        options = ["-p", str(self.port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"]
        if not self._durable:
            options += ["-c", "fsync=off"]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_postgres(), str(binaries() / "postgres"), "-D", str(self._directory / "data"), *options],
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self._directory,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self._directory / "log").read_text()
                time.sleep(0.05)
            else:
                return self

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ends it: with SIGINT at once and in order, with SIGQUIT as a crash does."""
        if self._process:
            os.kill(int((self._directory / "data" / "postmaster.pid").read_text().split()[0]), number)
            self._process.wait(START_SECONDS)
            self._process = None

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._directory, "postgres", "postgres")
        initdb = [str(binaries() / "initdb"), "-D", str(self._directory / "data"), "-U", "postgres", "-A", "trust"]
        subprocess.run([*_as_postgres(), *initdb, "-E", "UTF8", "--no-sync"], check=True, capture_output=True, cwd="/")
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)


@functools.cache
def binaries() -> Path:
    """The directory of the server's programs, which Debian does not put into the path. Skips the test without it."""
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[::-1]), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return Path(found).parent


def _as_postgres() -> list[str]:
    if os.geteuid() != 0:
        return []
    pwd.getpwnam("postgres")
    return ["runuser", "-u", "postgres", "--"]
