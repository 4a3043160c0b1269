"""Times as they are stored: ISO 8601 in UTC with milliseconds. They sort as text."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """This moment."""
    return _format(datetime.now(UTC))


def from_epoch(seconds: float) -> str:
    """The time that many seconds after the epoch."""
    return _format(datetime.fromtimestamp(seconds, UTC))


def next_millisecond(time: str) -> str:
    """A millisecond after `time`; `time` itself at the end of the calendar, which an imported file may have."""
    try:
        return _format(datetime.fromisoformat(time) + timedelta(milliseconds=1))
    except OverflowError:
        return time


def _format(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
