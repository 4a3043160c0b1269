"""Spending: how many tokens the operator's keys paid for today, also across restarts."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chatbot.storage.atomic_json import AtomicJsonStorage, are_tables
from chatbot.storage.tinydb_storage import KeyedDB


class TokenCounter:
    """The day's count, kept in the file at `path`. Days are UTC's. For any number of threads; methods block for about a
    millisecond of disk work and raise OSError where the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._days = KeyedDB(AtomicJsonStorage(path, _are_counts)).keyed("tokens")

    def today(self) -> int:
        """The tokens of today."""
        with self._lock:
            return self._counted(_day())

    def add(self, tokens: int) -> None:
        """Count tokens that were just paid for. Earlier days are forgotten; a later one is not, to which the clock
        may get once more."""
        with self._lock:
            day = _day()
            total = self._counted(day) + tokens
            self._days.put({day: {"count": total}})
            self._days.drop([other for other in self._days.records if other < day])

    def _counted(self, day: str) -> int:
        return int(self._days.records.get(day, {"count": 0})["count"])


def seconds_to_midnight() -> int:
    """How long today lasts, in whole seconds, at least one."""
    now = datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return max(1, round((midnight - now).total_seconds()))


def _are_counts(content: Any) -> bool:
    return are_tables(content) and all(
        type(count.get("count")) is int for counts in content.values() for count in counts.values()
    )


def _day() -> str:
    return datetime.now(UTC).date().isoformat()
