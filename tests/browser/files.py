"""Builds files to import: conversations of any age and length."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

from tests.support.stored_files import Json, file, message


def dated(title: str, days: int, *messages: Json) -> Json:
    """A conversation that was last changed that many days ago."""
    time = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    return file(*messages, title=title, created_at=time, updated_at=time)


def talk(count: int, **texts: str) -> list[Json]:
    """That many messages, by user and assistant in turn; `texts` sets the content of some, by id: m1=…"""
    return [
        message(
            f"m{number}",
            f"m{number - 1}" if number > 1 else "",
            role="user" if number % 2 else "assistant",
            content=texts.get(f"m{number}", f"Message {number}"),
        )
        for number in range(1, count + 1)
    ]


def answers(title: str, *known: Json) -> Json:
    """A conversation with one question for each answer; `known` are the fields of each answer."""
    usual: Json = {"provider": "openai", "model": "gpt-6-luna", "usage": {"input_tokens": 1200, "output_tokens": 212}}
    said = talk(2 * len(known))
    return file(*[each | usual | known[at // 2] if at % 2 else each for at, each in enumerate(said)], title=title)


def archive(*files: Json) -> bytes:
    """The conversations in one zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for number, each in enumerate(files):
            made.writestr(f"{number}.json", json.dumps(each))
    return content.getvalue()
