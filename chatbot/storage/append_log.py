"""A file that grows: its first line holds all tables, each line after it a change.

A change to a long conversation costs what the change is long, not what the conversation is. A line counts once it is
complete: a line that was cut off by a kill, a power failure or a full disk is ignored, and the next one overwrites it.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Tables = dict[str, dict[str, Any]]

Changes = Mapping[str, Mapping[str, Any]]
"""Documents by table and id; None for a removed one."""


class ParsedLog(NamedTuple):
    """What a file holds: its tables, and how many bytes the first line and all complete lines have. Both are 0 if no
    line can be appended, as in a file that was laid out by hand."""

    tables: Any
    first_line_size: int
    size: int


def parse(content: bytes) -> ParsedLog:
    """Parses a file. Raises ValueError, AttributeError or TypeError if it is no such file."""
    first, newline, rest = content.partition(b"\n")
    if not newline:
        return ParsedLog(orjson.loads(content), 0, 0)
    try:
        tables = orjson.loads(first)
    except orjson.JSONDecodeError:
        return ParsedLog(orjson.loads(content), 0, 0)
    *lines, incomplete = rest.split(b"\n")
    if lines and b"\0" in lines[-1]:  # NUL bytes: blocks reached the disk out of order when the power failed
        incomplete = b"\n".join([lines.pop(), incomplete])
    for line in lines:
        apply_changes(tables, orjson.loads(line))
    return ParsedLog(tables, len(first) + 1, len(content) - len(incomplete))


def apply_changes(tables: Tables, changes: Changes) -> None:
    """Makes the changes in `tables`: new documents come last, others keep their place."""
    for name, documents in changes.items():
        table = tables.setdefault(name, {})
        for key, document in documents.items():
            if document is None:
                table.pop(key, None)
            else:
                table[key] = document


def append_line(path: Path, size: int, line: bytes) -> None:
    """Writes `line` behind the file's first `size` bytes and syncs it; or raises OSError and leaves those as they
    were."""
    with open(path, "r+b", buffering=0) as file:
        try:
            file.truncate(size)
            file.seek(size)
            rest = memoryview(line)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
            os.utime(path.parent)  # as a replaced file does: the directory's time is the session's last change
        except BaseException:
            with suppress(OSError):
                file.truncate(size)
            raise
