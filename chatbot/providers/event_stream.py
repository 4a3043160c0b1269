"""Server-sent events as JSON records, read from bytes as the standard says and as servers really write them.

The SDKs' readers fail at records without data and lose the first one after a byte order mark, so the bytes are read
here. Taken beyond the standard: records that no blank line separates, several JSON values in one record, one a line
without `data:`, `data:` written twice, a line `error: {…}` (llama.cpp), a last record without its blank line, an event
`done` for the end, and one JSON document in place of a stream.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

MAX_RECORD_BYTES = 32_000_000
"""The longest record. Longer than any answer; it bounds what a server that never ends a line can make us hold."""

MAX_INTEGER_DIGITS = 19
"""Of a number in JSON. Python refuses one of 4,301 digits, and an answer must not be lost for a nonsensical count."""


KEEP_ALIVE = frozenset({"ping", "heartbeat", "keepalive", "keep-alive", "keep_alive"})
"""Events that say nothing but that the connection is open. Their data may be a word, or a time."""


END_EVENTS = frozenset({"done", "end", "close", "complete", "eof"})

QUOTES = "\"' \t\n"
"""What some servers put around the mark of the end."""

BETWEEN_VALUES = re.compile(r"(\s|data:)*")
"""What may stand between two JSON values of a record, and before the first."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the name of its event, empty if it has none, and its JSON; a list if there are several values.
    `is_end`: it says that the stream is over, as OpenAI's `[DONE]` does."""

    event: str
    data: Any = None
    is_end: bool = False


class UnreadableRecord(Exception):
    """A record that is no JSON."""


async def read_records(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Record]:
    """Yields the records in `chunks`, each as soon as it is whole. Raises UnreadableRecord, and what `chunks` raises;
    records before that were yielded."""
    lines, decoder = _LineSplitter(), _RecordDecoder()
    async for chunk in chunks:
        for line in lines.split(chunk):
            for record in decoder.decode(line):
                yield record
    for record in decoder.decode_rest(lines.rest()):
        yield record


class _LineSplitter:
    """Splits bytes into lines, which end with a line feed, a carriage return or both. Lines are split before they are
    decoded, so that a bad byte spoils its own record only."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._is_start = True

    def split(self, chunk: bytes) -> list[bytes]:
        """Returns the lines that are complete with `chunk`."""
        self._parts.append(chunk)
        self._size += len(chunk)
        if self._size > MAX_RECORD_BYTES:
            raise UnreadableRecord
        if b"\n" not in chunk and b"\r" not in chunk and not self._parts[0].endswith(b"\r"):
            return []
        *lines, last = self._joined().splitlines(keepends=True)
        # A carriage return at the end may be the first half of a line end.
        rest = b"" if last.endswith(b"\n") else last
        self._parts, self._size = [rest], len(rest)
        return [line.rstrip(b"\r\n") for line in (lines if rest else [*lines, last])]

    def rest(self) -> list[bytes]:
        """Returns what is left at the end of the stream: a line without an end."""
        return self._joined().splitlines()

    def _joined(self) -> bytes:
        joined = b"".join(self._parts)
        if self._is_start:
            joined, self._is_start = joined.removeprefix(BYTE_ORDER_MARK), False
        return joined


class _RecordDecoder:
    """Makes records of lines."""

    def __init__(self) -> None:
        self._event = b""
        self._data: list[bytes] = []
        self._other: list[bytes] = []
        """Lines that are no field: maybe a JSON document."""
        self._held = 0
        """Bytes of lines that are not in a record yet."""

    def decode(self, line: bytes) -> Iterator[Record]:
        """Yields what is complete with `line`."""
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        self._held += len(line)
        if self._held > MAX_RECORD_BYTES:
            raise UnreadableRecord
        if not line:
            yield from self._dispatch()
        elif name == b"data":
            # A server that writes no blank lines: the record before is whole if it is JSON.
            if self._data and _is_whole(b"\n".join(self._data)):
                yield from self._dispatch()
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._event = value.strip()
        elif name == b"error":
            yield from self._dispatch()
            yield Record("error", _parse_or_text(value))
        elif name not in (b"", b"id", b"retry"):
            yield from self._read_other(line)

    def decode_rest(self, lines: Iterable[bytes]) -> Iterator[Record]:
        """Yields what the end of the stream completes. Half a record is dropped: the stream was cut off."""
        for line in filter(None, lines):
            yield from self.decode(line)
        data, other = b"\n".join(self._data), b"\n".join(self._other)
        for each in (data, other):
            if each and _is_whole(each):
                yield _record(self._event, each)

    def _dispatch(self) -> Iterator[Record]:
        event, data = self._event, b"\n".join(self._data)
        self._event, self._data, self._held = b"", [], sum(map(len, self._other))
        if data.strip() or event.lower().decode("utf-8", "replace") in END_EVENTS:
            yield _record(event, data)

    def _read_other(self, line: bytes) -> Iterator[Record]:
        if not self._other and line.startswith(b"{") and _is_whole(line):
            yield _record(b"", line)
        else:
            self._other.append(line)


def _record(event: bytes, data: bytes) -> Record:
    name = event.decode("utf-8", "replace")
    if name in KEEP_ALIVE:
        return Record(name)
    if name == "error":
        return Record(name, _parse_or_text(data))
    is_end = name.lower() in END_EVENTS
    try:
        text, is_marked = _split_end_mark(data.decode("utf-8"))
        return Record(name, _parse(text) if text else None, is_marked or is_end)
    except (ValueError, RecursionError):
        raise UnreadableRecord from None


def _split_end_mark(text: str) -> tuple[str, bool]:
    """The text without OpenAI's `[DONE]` at its end, and whether that was there."""
    rest = text.rstrip(QUOTES)
    if rest[-6:].lower() == "[done]":
        return rest[:-6].strip(QUOTES), True
    is_word = rest.lstrip(QUOTES).lower() == "done"
    return ("", True) if is_word else (text.strip(), False)


def _is_whole(data: bytes) -> bool:
    try:
        _record(b"", data)
    except UnreadableRecord:
        return False
    return True


def _parse_or_text(data: bytes) -> Any:
    text = data.decode("utf-8", "replace")
    try:
        return _parse(text)
    except (ValueError, RecursionError):
        return text


def _parse(text: str) -> Any:
    """The JSON value in a text, or a list of the values if there are several. Some gateways put a record into a JSON
    string."""
    values, position = [], 0
    while (position := _after_gap(text, position)) < len(text):
        value, position = _JSON.raw_decode(text, position)
        values.append(_parse(value) if isinstance(value, str) and value.startswith("{") else value)
    return values[0] if len(values) == 1 else values


def _after_gap(text: str, position: int) -> int:
    gap = BETWEEN_VALUES.match(text, position)
    return gap.end() if gap else position


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float("inf")


_JSON = json.JSONDecoder(parse_int=_integer, strict=False)
