"""DatabaseLeases: leases as rows, which end with the process that has them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import uuid4

from chatbot.errors import Busy
from chatbot.storage.database import Connection
from chatbot.storage.leases import Leases


class Lease(NamedTuple):
    """One conversation's: its token, which no lease had before, and the process that has it."""

    conversation_id: str
    token: str
    process_id: str


class DatabaseLeases(Leases):
    """The leases of one session. `read` is called when the session's lock is taken, and what it was given counts as
    long as the lock is held: nobody else changes them then, except that those of a process that is gone end.
    `connection` is asked for before each change."""

    def __init__(self, session_id: str, process_id: str, connection: Callable[[], Connection]) -> None:
        self._session_id = session_id
        self._process_id = process_id
        self._connection = connection
        self._leases: dict[str, Lease] = {}

    def read(self, rows: list[list[str]]) -> None:
        """Takes the rows as they are now."""
        self._leases = {row[0]: Lease(*row) for row in rows}

    def take(self, conversation_id: str) -> str:
        if conversation_id in self.of_others():
            raise Busy
        lease = self._leases[conversation_id] = Lease(conversation_id, uuid4().hex, self._process_id)
        self._connection().execute(
            """
            INSERT INTO chatbot_lease VALUES (%s, %s, %s, %s)
            ON CONFLICT (session_id, conversation_id) DO UPDATE SET token = excluded.token
            """,
            (self._session_id, *lease),
        )
        return lease.token

    def release(self, conversation_id: str) -> None:
        if self._leases.pop(conversation_id, None):
            self._connection().execute(
                "DELETE FROM chatbot_lease WHERE session_id = %s AND conversation_id = %s",
                (self._session_id, conversation_id),
            )

    def holds(self, token: object) -> bool:
        return any(each.token == token and each.process_id == self._process_id for each in self._leases.values())

    def is_live(self, token: object) -> bool:
        return any(each.token == token for each in self._leases.values())

    def of_others(self) -> Mapping[str, str]:
        others = (each for each in self._leases.values() if each.process_id != self._process_id)
        return {each.conversation_id: each.token for each in others}
