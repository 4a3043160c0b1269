"""DatabaseTokenCounter: the day's tokens in one row, and what each process has reserved of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql

from chatbot.storage.database import Database
from chatbot.storage.token_counter import TokenCounter

STATE = sql.SQL(
    """
    SELECT (now() AT TIME ZONE 'UTC')::date,
        coalesce((SELECT spent FROM chatbot_day WHERE day = (now() AT TIME ZONE 'UTC')::date), 0),
        (SELECT sum(reserved)::bigint FROM chatbot_process)
    """
).format()
"""Today, and the tokens that are spent and reserved."""


class DatabaseTokenCounter(TokenCounter):
    """The tokens of all processes, which count one after the other. A process that is gone reserves nothing any
    more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def today(self) -> int:
        with self._counting() as (_, _, spent, _):
            return int(spent)

    def reserve(self, tokens: int, most: int) -> bool:
        with self._counting() as (connection, _, spent, reserved):
            if spent + reserved >= most:
                return False
            self._reserve(connection, tokens)
        return True

    def change_reserved(self, tokens: int) -> None:
        with self._counting() as (connection, *_):
            self._reserve(connection, tokens)

    def spend(self, tokens: int, reserved: int) -> None:
        with self._counting() as (connection, today, *_):
            self._reserve(connection, -reserved)
            connection.execute("DELETE FROM chatbot_day WHERE day < %s", (today,))
            connection.execute(
                """
                INSERT INTO chatbot_day VALUES (%s, %s)
                ON CONFLICT (day) DO UPDATE SET spent = chatbot_day.spent + excluded.spent
                """,
                (today, tokens),
            )

    @contextmanager
    def _counting(self) -> Iterator[tuple[Any, ...]]:
        with self._database.transaction("tokens", STATE) as (connection, state):
            yield connection, *state

    def _reserve(self, connection: Any, tokens: int) -> None:
        connection.execute(
            "UPDATE chatbot_process SET reserved = greatest(0, reserved + %s) WHERE process_id = %s",
            (tokens, self._database.process_id),
        )
