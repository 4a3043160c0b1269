"""Database: the connections to PostgreSQL, the tables, and transactions that end with all or nothing stored."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool

from chatbot.errors import SettingsError, StorageError

log = logging.getLogger(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]

MAX_CONNECTIONS = 10
"""Of one process. Each is in use for the milliseconds of one transaction."""
CONNECT_SECONDS = 5
WAIT_SECONDS = 5
"""How long a transaction waits for a connection: about as long as a server takes to start again."""

MIGRATIONS = (
    """
    CREATE TABLE chatbot_session (
        session_id text COLLATE "C" PRIMARY KEY,
        revision bigint NOT NULL,
        visited_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX chatbot_session_visited ON chatbot_session (visited_at);
    CREATE TABLE chatbot_piece (
        session_id text COLLATE "C",
        name text COLLATE "C",
        position bigint,
        revision bigint NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (session_id, name, position)
    );
    CREATE TABLE chatbot_setting (name text PRIMARY KEY, value text NOT NULL);
    CREATE TABLE chatbot_day (day date PRIMARY KEY, spent bigint NOT NULL DEFAULT 0);
    CREATE TABLE chatbot_process (
        process_id text PRIMARY KEY,
        renewed_at timestamptz NOT NULL DEFAULT now(),
        reserved bigint NOT NULL DEFAULT 0
    );
    CREATE TABLE chatbot_lease (
        session_id text COLLATE "C",
        conversation_id text COLLATE "C",
        token text NOT NULL,
        process_id text NOT NULL REFERENCES chatbot_process ON DELETE CASCADE,
        PRIMARY KEY (session_id, conversation_id)
    );
    CREATE INDEX chatbot_lease_process ON chatbot_lease (process_id);
    """,
)
"""Each brings the tables from one version to the next. A file is the pieces of its name, joined in the order of their
positions, as a long conversation's file is appended to; `revision` is when the session was changed, in microseconds."""

SESSION_SETTINGS = """
    SET lock_timeout = '5s';
    SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '15s';
    SET timezone = 'UTC';
"""
"""The server ends the transaction of a process that was stopped in the middle of one."""

TCP = {"connect_timeout": CONNECT_SECONDS, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3}
"""Unless the URL says otherwise; a server that vanished from the network is noticed within 20 s."""


class Database:
    """PostgreSQL at `url`; its tables are created or brought up to date. Any number of threads may use it.

    Raises SettingsError if it cannot be used. Methods raise StorageError if it refuses; a lost connection is made anew.
    """

    def __init__(self, url: str) -> None:
        self.process_id = uuid4().hex
        self._url = url
        try:
            given = psycopg.conninfo.conninfo_to_dict(url)
            self._options: dict[str, Any] = {"autocommit": True, "application_name": "chatbot"} | _missing(given)
            with self.connect() as connection:
                _migrate(connection)
        except psycopg.Error as error:
            raise SettingsError(
                f"CHATBOT_DATABASE_URL=(hidden): expected a PostgreSQL to use; {_reason(error)}"
            ) from None
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            kwargs=self._options,
            min_size=1,
            max_size=MAX_CONNECTIONS,
            configure=_configure,
            name="database",
            open=True,
        )

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()

    def connect(self) -> Connection:
        """A connection of its own, which its user closes. Raises psycopg.Error."""
        return psycopg.connect(self._url, **self._options)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection, on which each statement is a transaction."""
        with _refusals():
            connection, _ = self._first(sql.SQL("SELECT 1"))
            try:
                yield connection
            finally:
                self._pool.putconn(connection)

    @contextmanager
    def transaction(self, session_id: str, query: sql.Composed) -> Iterator[tuple[Connection, tuple[Any, ...]]]:
        """A transaction that nobody else has for the session at the same time, and the row of `query` in it."""
        begin = sql.SQL("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended({}, 0)); {}").format(session_id, query)
        with _refusals():
            connection, row = self._first(begin)
            try:
                yield connection, row
                commit(connection)
            except BaseException:
                with suppress(psycopg.Error):
                    connection.rollback()
                raise
            finally:
                self._pool.putconn(connection)

    def _first(self, statements: sql.SQL | sql.Composed) -> tuple[Connection, tuple[Any, ...]]:
        """Executes statements on a connection, and returns it with the last one's row. Tries one connection after the
        other: those from before a restart of the server are dead."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            connection = self._pool.getconn(max(0.1, deadline - time.monotonic()))
            try:
                cursor = connection.execute(statements)
                while cursor.nextset():
                    pass
                return connection, cursor.fetchone() or ()
            except BaseException as error:
                with suppress(psycopg.Error):
                    connection.rollback()
                is_dead = connection.closed
                self._pool.putconn(connection)
                if not is_dead or not isinstance(error, psycopg.Error) or time.monotonic() > deadline:
                    raise

    def setting(self, name: str, create: Callable[[], str]) -> str:
        """A value that all processes share; the first that asks creates it."""
        with self.connection() as connection:
            connection.execute(
                "INSERT INTO chatbot_setting VALUES (%s, %s) ON CONFLICT (name) DO NOTHING", (name, create())
            )
            (value,) = connection.execute("SELECT value FROM chatbot_setting WHERE name = %s", (name,)).fetchone() or (
                "",
            )
        return str(value)


def commit(connection: Connection) -> None:
    """Stores the transaction. Raises psycopg.Error if the server did not, as after a statement that failed."""
    if connection.execute("COMMIT").statusmessage != "COMMIT":
        raise psycopg.OperationalError("rolled back")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        log.error("database: %s %s", type(error).__name__, error.sqlstate or "")  # noqa: TRY400 - it may quote messages
        raise StorageError("database") from None


def _configure(connection: Connection) -> None:
    connection.execute(SESSION_SETTINGS)


def _missing(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in TCP.items() if name not in given}


def _reason(error: psycopg.Error) -> str:
    """What the server or the network said, on one line; a URL is never in it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("connection failed: ")


def _migrate(connection: psycopg.Connection[Any]) -> None:
    """Creates the tables, or brings them to this version; one process at a time does."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('chatbot tables', 0))")
        exists = connection.execute("SELECT to_regclass('chatbot_version') IS NOT NULL").fetchone()
        if not (exists and exists[0]):
            connection.execute("CREATE TABLE chatbot_version (version int NOT NULL)")
            connection.execute("INSERT INTO chatbot_version VALUES (0)")
        (version,) = connection.execute("SELECT version FROM chatbot_version").fetchone() or (0,)
        if version > len(MIGRATIONS):
            raise SettingsError(
                "CHATBOT_DATABASE_URL: the tables are of a newer version of this app; they were left as they are"
            )
        for migration in MIGRATIONS[version:]:
            connection.execute(migration)
        if version < len(MIGRATIONS):
            connection.execute("UPDATE chatbot_version SET version = %s", (len(MIGRATIONS),))
