"""Processes: which processes share the database, and what they tell each other."""

import json
import logging
import threading
import time
from typing import Any

import psycopg

from chatbot.errors import StorageError
from chatbot.storage.database import Connection, Database
from chatbot.storage.events import Event, Listener

log = logging.getLogger(__name__)

CHANNEL = "chatbot"
RENEW_SECONDS = 2.0
"""How often a process says that it is there."""
GONE_SECONDS = 10.0
"""After so long without a word, a process is gone: its leases and reservations end."""
RECONNECT_SECONDS = 0.5

RENEW = "UPDATE chatbot_process SET renewed_at = clock_timestamp() WHERE process_id = %s"

REMOVE_GONE = """
    WITH gone AS (
        DELETE FROM chatbot_process WHERE renewed_at < clock_timestamp() - make_interval(secs => %s)
        RETURNING process_id
    )
    SELECT DISTINCT session_id FROM chatbot_lease JOIN gone USING (process_id)
"""


class Processes:
    """This process among those that share the database. `listeners` are called in a thread of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.listeners: list[Listener] = []
        self._is_closing = threading.Event()
        self._steady_since = self._renewed = 0.0
        self._thread = threading.Thread(target=self._run, name="processes", daemon=True)
        with database.connection() as connection:
            self._register(connection)
        self._thread.start()

    def close(self) -> None:
        """Ends the leases that are left, and the thread. Another process need not wait then."""
        self._is_closing.set()
        try:
            with self._database.connection() as connection:
                connection.execute("DELETE FROM chatbot_process WHERE process_id = %s", (self._database.process_id,))
        except StorageError:  # the others will notice
            return

    def _register(self, connection: Connection) -> None:
        connection.execute(
            "INSERT INTO chatbot_process (process_id) VALUES (%s) ON CONFLICT (process_id) DO NOTHING",
            (self._database.process_id,),
        )

    def _run(self) -> None:
        while not self._is_closing.is_set():
            try:
                with self._database.connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._call(Event("changed"))  # whatever was missed meanwhile
                    while not self._is_closing.is_set():
                        self._renew(connection)
                        for notice in connection.notifies(timeout=RENEW_SECONDS):
                            self._receive(notice.payload)
            except psycopg.Error as error:
                if not self._is_closing.wait(RECONNECT_SECONDS):
                    log.warning("database: %s, connecting again", type(error).__name__)

    def _renew(self, connection: Connection) -> None:
        """Says that this process is there. Whoever was not heard of since this one has been is gone: after an outage
        of the database all get their time."""
        if connection.execute(RENEW, (self._database.process_id,)).rowcount == 0 and not self._is_closing.is_set():
            log.error("database: this process did not answer for a while, so its answers count as interrupted")
            self._register(connection)
            self._call(Event("lost"))
        now = time.monotonic()
        if now - self._renewed > 2 * RENEW_SECONDS:
            self._steady_since = now
        self._renewed = now
        if now - self._steady_since > GONE_SECONDS:
            for (session_id,) in connection.execute(REMOVE_GONE, (GONE_SECONDS,)).fetchall():
                tell(connection, "", Event("changed", session_id))

    def _receive(self, payload: str) -> None:
        process_id, *event = json.loads(payload)
        if process_id != self._database.process_id:
            self._call(Event(*event))

    def _call(self, event: Event) -> None:
        for listener in self.listeners:
            try:
                listener(event)
            except Exception as unexpected:
                log.error("database: %s in a listener", type(unexpected).__name__)  # noqa: TRY400 - it may quote texts


def tell(connection: psycopg.Connection[Any], process_id: str, event: Event) -> None:
    """Tells all processes but `process_id`, as soon as the transaction is stored."""
    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, json.dumps([process_id, *event])))
