"""TokenCounter: how many tokens the operator's keys paid for today, kept across restarts."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chatbot.storage.atomic_json import AtomicJsonStorage, check_tables
from chatbot.storage.tinydb_storage import KeyedDB


class TokenCounter:
    """The day's count in the file at `path`. Days are UTC's. Any number of threads may use it; methods block for about
    a millisecond and raise OSError if the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._days = KeyedDB(AtomicJsonStorage(path, _check)).keyed("tokens")

    def today(self) -> int:
        """The tokens of today."""
        with self._lock:
            return self._count(_today())

    def add(self, tokens: int) -> None:
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
