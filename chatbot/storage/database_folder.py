"""DatabaseFolder: the files of one session in PostgreSQL, each as the rows that were written of it."""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from chatbot.errors import StorageError
from chatbot.storage.database import Connection, Database
from chatbot.storage.database_leases import DatabaseLeases
from chatbot.storage.database_processes import tell
from chatbot.storage.events import Event
from chatbot.storage.folder import Entry, Folder

READ_AT_ONCE = 50
"""Files of one query."""

STATE = sql.SQL(
    """
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
        (SELECT revision FROM chatbot_session WHERE session_id = {0}),
        (SELECT extract(epoch FROM visited_at)::float8 FROM chatbot_session WHERE session_id = {0}),
        ARRAY(SELECT ARRAY[conversation_id, token, process_id] FROM chatbot_lease WHERE session_id = {0})
    """
)
"""The server's clock, and the session's revision, last visit and leases."""

WRITTEN = """
    INSERT INTO chatbot_session (session_id, revision) VALUES (%s, %s)
    ON CONFLICT (session_id) DO UPDATE SET revision = excluded.revision, visited_at = now()
"""


@dataclass
class Transaction:
    """What the session's lock holds: a transaction with the revision that it found, and the one that it writes."""

    connection: Connection
    found: int
    writes: int
    visited_at: float
    has_written: bool = False
    is_cleared: bool = False


class DatabaseFolder(Folder):
    """The files of a session. Inside `lock` there is one transaction: all that is written there is stored together.

    Processes share the session: its revision says whether another one has written, and each file's which it was.
    """

    def __init__(self, database: Database, session_id: str) -> None:
        self.key = self.session_id = session_id
        self._database = database
        self._state = STATE.format(session_id)
        self._open: Transaction | None = None
        self._revision: int | None = None
        """Of the session when `_files` was read; 0 if it did not exist, None if nothing is known."""
        self._files: dict[str, int] = {}
        """The revision of each file."""
        self._is_visited = threading.Event()
        self._leases = self.leases = DatabaseLeases(session_id, database.process_id, self._connection_to_change)

    @contextmanager
    def lock(self) -> Iterator[Collection[str] | None]:
        known = self._revision
        self._revision = None  # unless all goes well
        with self._database.transaction(self.session_id, self._state) as (connection, row):
            clock, revision, visited_at, leases = row
            self._leases.read(leases)
            found = revision or 0
            self._open = here = Transaction(connection, found, max(clock, found + 1), visited_at or 0.0)
            try:
                yield () if known == found else self._read_names(known)
                if here.has_written:
                    self._mark(here)
            finally:
                self._open = None
        self._revision = 0 if here.is_cleared else here.writes if here.has_written else found
        if self._is_visited.is_set():
            self._is_visited.clear()
            self._store_visit()

    def names(self) -> list[str]:
        return [name for name in self._files if "/" not in name]

    def read(self, name: str) -> bytes | None:
        return next((content for _, content in self.read_all([name])), None)

    def read_all(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        wanted = [name for name in names if name in self._files]
        for start in range(0, len(wanted), READ_AT_ONCE):
            yield from self._execute(
                """
                SELECT name, string_agg(content, ''::bytea ORDER BY position) FROM chatbot_piece
                WHERE session_id = %s AND name = ANY(%s) GROUP BY name
                """,
                self.key,
                wanted[start : start + READ_AT_ONCE],
            )

    def replace(self, name: str, content: bytes) -> None:
        self._write(name, 0, content)

    def append(self, name: str, size: int, line: bytes) -> None:
        self._write(name, size, line)

    def copy(self, name: str, other: str) -> None:
        if name in self._files and other not in self._files:
            self._execute(
                """
                INSERT INTO chatbot_piece SELECT session_id, %s, position, %s, content FROM chatbot_piece
                WHERE session_id = %s AND name = %s
                """,
                other,
                self._writing(other),
                self.key,
                name,
            )

    def rename(self, name: str, other: str) -> None:
        self._execute(
            "UPDATE chatbot_piece SET name = %s, revision = %s WHERE session_id = %s AND name = %s",
            other,
            self._writing(other),
            self.key,
            name,
        )
        self._files.pop(name, None)

    def delete(self, name: str) -> None:
        if name in self._files:
            self._writing(name)
            del self._files[name]
            self._execute("DELETE FROM chatbot_piece WHERE session_id = %s AND name = %s", self.key, name)

    def entries(self, subfolder: str) -> list[Entry]:
        rows = self._execute(
            """
            SELECT name, sum(octet_length(content))::bigint, min(revision) / 1000000.0::float8 FROM chatbot_piece
            WHERE session_id = %s AND starts_with(name, %s) GROUP BY name
            """,
            self.key,
            f"{subfolder}/",
        )
        return [Entry(*row) for row in rows]

    def size(self) -> int:
        ((size,),) = self._execute(
            """
            SELECT coalesce(sum(octet_length(content)), 0)::bigint FROM chatbot_piece
            WHERE session_id = %s AND strpos(name, '/') = 0
            """,
            self.key,
        )
        return int(size)

    def exists(self) -> bool:
        return self._now.found > 0 or self._now.has_written

    def sessions(self) -> int:
        ((count,),) = self._execute("SELECT count(*) FROM chatbot_session")
        return int(count)

    def changed_at(self) -> float:
        return max(self._now.visited_at, self._now.found / 1_000_000)

    def record_visit(self) -> None:
        self._is_visited.set()

    def clear(self) -> None:
        for table in ("chatbot_piece", "chatbot_lease", "chatbot_session"):
            self._execute(f"DELETE FROM {table} WHERE session_id = %s", self.key)  # noqa: S608 - our own names
        self._files.clear()
        self._now.has_written = self._now.is_cleared = True

    @property
    def _now(self) -> Transaction:
        if self._open is None:
            raise RuntimeError("the session is not locked")
        return self._open

    def _connection_to_change(self) -> Connection:
        self._now.has_written = True
        return self._now.connection

    def _execute(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self._now.connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []

    def _write(self, name: str, position: int, content: bytes) -> None:
        """Puts the content behind the file's first `position` bytes, in place of what is there."""
        revision = self._writing(name)
        with self._now.connection.pipeline():
            self._now.connection.execute(
                "DELETE FROM chatbot_piece WHERE session_id = %s AND name = %s AND position > %s",
                (self.key, name, position),
            )
            self._now.connection.execute(
                """
                INSERT INTO chatbot_piece VALUES (%s, %s, %s, %s, %s) ON CONFLICT (session_id, name, position)
                DO UPDATE SET revision = excluded.revision, content = excluded.content
                """,
                (self.key, name, position, revision, content),
            )

    def _writing(self, name: str) -> int:
        """The revision under which the file is being written."""
        self._now.has_written, self._now.is_cleared = True, False
        self._files[name] = self._now.writes
        return self._now.writes

    def _mark(self, here: Transaction) -> None:
        with here.connection.pipeline():
            if not here.is_cleared:
                here.connection.execute(WRITTEN, (self.key, here.writes))
            tell(here.connection, self._database.process_id, Event("changed", self.session_id))

    def _read_names(self, known: int | None) -> Collection[str] | None:
        """Reads the names and revisions of all files; returns which have changed, None if nothing was known."""
        rows = self._execute(
            "SELECT name, max(revision) FROM chatbot_piece WHERE session_id = %s GROUP BY name", self.key
        )
        before, self._files = self._files, dict(rows)
        if known is None:
            return None
        return {name for name, _ in before.items() ^ self._files.items()}

    def _store_visit(self) -> None:
        """Counts a visit, which may be lost."""
        with suppress(StorageError), self._database.connection() as connection:
            connection.execute("UPDATE chatbot_session SET visited_at = now() WHERE session_id = %s", (self.key,))
