"""DatabaseBackend: sessions, tokens and the secret in PostgreSQL."""

import secrets

from chatbot.storage.backend import SECRET_BYTES, Backend
from chatbot.storage.database import Database
from chatbot.storage.database_folder import DatabaseFolder
from chatbot.storage.database_processes import Processes, tell
from chatbot.storage.database_tokens import DatabaseTokenCounter
from chatbot.storage.events import Event, Listener
from chatbot.storage.folder import Folder
from chatbot.storage.token_counter import TokenCounter


class DatabaseBackend(Backend):
    """PostgreSQL at `url`. Raises SettingsError if it cannot be used."""

    is_shared = True

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self._processes = Processes(self.database)

    def folder(self, session_id: str) -> Folder:
        return DatabaseFolder(self.database, session_id)

    def inactive(self, since: float) -> list[str]:
        with self.database.connection() as connection:
            rows = connection.execute(
                """
                SELECT session_id FROM chatbot_session
                WHERE visited_at < to_timestamp(%(since)s) AND revision < %(since)s * 1000000
                """,
                {"since": since},
            )
            return [session_id for (session_id,) in rows]

    def delete_remains(self, since: float) -> int:
        """There are none: what does not belong together is never stored."""
        return 0

    def check(self) -> None:
        """Does nothing: the database itself refuses."""

    def token_counter(self) -> TokenCounter:
        return DatabaseTokenCounter(self.database)

    def secret(self) -> str:
        return self.database.setting("secret", lambda: secrets.token_hex(SECRET_BYTES))

    def replace_secret(self, secret: str) -> bool:
        """Replaces the secret unless there are sessions, whose tokens it has signed; returns whether it did."""
        with self.database.connection() as connection:
            done = connection.execute(
                """
                UPDATE chatbot_setting SET value = %s
                WHERE name = 'secret' AND NOT EXISTS (SELECT FROM chatbot_session)
                """,
                (secret,),
            )
        return done.rowcount == 1

    def listen(self, listener: Listener) -> None:
        self._processes.listeners.append(listener)

    def tell(self, event: Event) -> None:
        with self.database.connection() as connection:
            tell(connection, self.database.process_id, event)

    def close(self) -> None:
        self._processes.close()
        self.database.close()
