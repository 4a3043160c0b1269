"""A file that can grow: its first line holds all tables, each line after it what was changed since.

So a change of a long conversation costs what the change is long, not what the conversation is. A line counts once all
of it is there: of one that a kill, a power cut or a full disk cut off, nothing is read, and the next takes its place.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Tables = dict[str, dict[str, Any]]

ChangeFeed = Mapping[str, Mapping[str, Any]]
"""Documents by table and id; None for one that is removed."""


class ParsedLog(NamedTuple):
    """What a file holds: its tables, and how many bytes of it the first line has, and all whole lines together. Both
    are 0 where no line can be added, as in a file that somebody else laid out."""

    tables: Any
    first: int
    size: int


def parsed(content: bytes) -> ParsedLog:
    """A file's content. Raises ValueError, AttributeError or TypeError where it is no such file."""
    first, end, rest = content.partition(b"\n")
    if not end:
        return ParsedLog(orjson.loads(content), 0, 0)
    try:
        tables = orjson.loads(first)
    except orjson.JSONDecodeError:
        return ParsedLog(orjson.loads(content), 0, 0)
    *lines, cut_off = rest.split(b"\n")
    if lines and b"\0" in lines[-1]:  # not in JSON: its end was on the disk before its start when the power failed
        cut_off = b"\n".join([lines.pop(), cut_off])
    for line in lines:
        apply(tables, orjson.loads(line))
    return ParsedLog(tables, len(first) + 1, len(content) - len(cut_off))


def apply(tables: Tables, changes: ChangeFeed) -> None:
    """Make the changes in `tables`: what is new comes last, what is there keeps its place."""
    for name, documents in changes.items():
        table = tables.setdefault(name, {})
        for key, document in documents.items():
            if document is None:
                table.pop(key, None)
            else:
                table[key] = document


def append(path: Path, size: int, line: bytes) -> None:
    """Put `line` behind the file's first `size` bytes, synced; or raise OSError and leave these as they were."""
    with open(path, "r+b", buffering=0) as file:
        try:
            file.truncate(size)
            file.seek(size)
            rest = memoryview(line)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
            os.utime(path.parent)  # as where a file is replaced: SessionDirectory.changed_at goes by it
        except BaseException:
            with suppress(OSError):
                file.truncate(size)
            raise
