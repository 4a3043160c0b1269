"""TokenCounter: how many tokens the operator's keys paid for today, kept across restarts, and how many are reserved."""

import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chatbot.storage.atomic_json import AtomicJsonStorage, check_tables
from chatbot.storage.tinydb_storage import KeyedDB


class TokenCounter(ABC):
    """The day's tokens: spent, and reserved for running answers. Days are UTC's. Any number of threads may use it;
    methods block for about a millisecond and raise OSError or StorageError if they cannot count."""

    @abstractmethod
    def today(self) -> int:
        """The tokens that were spent today."""

    @abstractmethod
    def reserve(self, tokens: int, most: int) -> bool:
        """Reserves tokens unless `most` are spent or reserved already; returns whether it did. Whoever asks at the same
        time sees the reservation."""

    @abstractmethod
    def change_reserved(self, tokens: int) -> None:
        """Reserves so many more, or fewer."""

    @abstractmethod
    def spend(self, tokens: int, reserved: int) -> None:
        """Counts tokens, and releases the reservation. Tokens that could not be counted stay reserved."""


class FileTokenCounter(TokenCounter):
    """The day's count in the file at `path`; what is reserved is in memory."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._reserved = 0
        self._days = KeyedDB(AtomicJsonStorage(path, _check)).keyed("tokens")

    def today(self) -> int:
        with self._lock:
            return self._count(_today())

    def reserve(self, tokens: int, most: int) -> bool:
        with self._lock:
            if self.today() + self._reserved >= most:
                return False
            self._reserved += tokens
            return True

    def change_reserved(self, tokens: int) -> None:
        with self._lock:
            self._reserved += tokens

    def spend(self, tokens: int, reserved: int) -> None:
        uncounted = tokens
        try:
            self._add(tokens)
            uncounted = 0
        finally:
            self.change_reserved(uncounted - reserved)

    def _add(self, tokens: int) -> None:
        """Counts tokens, and removes the counts of earlier days. Later days stay: the clock may have been set back."""
        with self._lock:
            day = _today()
            self._days.put({day: {"count": self._count(day) + tokens}})
            self._days.drop([other for other in self._days.records if other < day])

    def _count(self, day: str) -> int:
        return int(self._days.records.get(day, {"count": 0})["count"])


def seconds_to_midnight() -> int:
    """Whole seconds until the day ends in UTC, at least one."""
    now = datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return max(1, round((midnight - now).total_seconds()))


def _check(content: Any) -> None:
    """Raises ValueError unless the content is a table of counts."""
    check_tables(content)
    if not all(type(count.get("count")) is int for counts in content.values() for count in counts.values()):
        raise ValueError("a count is no number")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
