"""Times as the store writes them: ISO 8601, UTC, milliseconds. They sort as text."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """This moment."""
    return _written(datetime.now(UTC))


def at(seconds: float) -> str:
    """The moment so many seconds after the epoch."""
    return _written(datetime.fromtimestamp(seconds, UTC))


def later(time: str) -> str:
    """A millisecond after `time`; `time` itself at the end of the calendar, to which an import may have been dated."""
    try:
        return _written(datetime.fromisoformat(time) + timedelta(milliseconds=1))
    except OverflowError:
        return time


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
