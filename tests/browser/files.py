"""Files to import: conversations of any age and length."""

from datetime import UTC, datetime, timedelta

from tests.kept import Json, file, message


def dated(title: str, days: int, *messages: Json) -> Json:
    """A conversation that was last changed so many days ago."""
    time = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    return file(*messages, title=title, created_at=time, updated_at=time)


def talk(count: int, **texts: str) -> list[Json]:
    """So many messages in turn; `texts` are what some of them say, by id: m1=…"""
    return [
        message(
            f"m{number}",
            f"m{number - 1}" if number > 1 else "",
            role="user" if number % 2 else "assistant",
            content=texts.get(f"m{number}", f"Message {number}"),
        )
        for number in range(1, count + 1)
    ]
