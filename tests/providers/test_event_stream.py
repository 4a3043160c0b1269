"""Records of an event stream: the same wherever the bytes are cut, and never lost for what comes after them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.providers import event_stream
from chatbot.providers.event_stream import Record, UnreadableRecord, read_records

STREAM = (
    '\ufeffretry: 3000\n\n: comment\r\n\r\nid: 7\r\ndata: {"a": "ü🫖\u2028"}\r\n\r\nevent: error\ndata: plain words\n\n'
    'data:\n\ndata: {"b":\ndata: 2}\n\ndata: {"c": 3}\ndata: {"d": 4}\n\nevent: x\n\ndata: {"e": 5}\r\rdata: [DONE]'
).encode()
RECORDS = [
    Record("", {"a": "ü🫖\u2028"}),
    Record("error", "plain words"),
    *(Record("", {name: number}) for name, number in (("b", 2), ("c", 3), ("d", 4), ("e", 5))),
    Record("", is_end=True),
]


async def chunks_of(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def read(*pieces: bytes) -> list[Record]:
    """The records before the end of the stream or the first that is unreadable."""
    records: list[Record] = []

    async def collect() -> None:
        async for record in read_records(chunks_of(pieces)):
            records.append(record)

    try:
        asyncio.run(collect())
    except UnreadableRecord:
        records.append(Record("unreadable"))
    return records


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_records_do_not_depend_on_where_the_bytes_are_cut(positions: list[int]) -> None:
    ends = sorted(positions)
    pieces = [STREAM[start:end] for start, end in zip([0, *ends], [*ends, len(STREAM)], strict=True)]
    assert read(*pieces) == RECORDS


@pytest.mark.parametrize("bad", [b"data: {half\n\n", b'data: {"a": "\xff"}\n\n', b"data: " + b"[" * 100_000 + b"\n\n"])
def test_an_unreadable_record_spoils_none_before_it(bad: bytes) -> None:
    assert read(b'data: {"a": 1}\n\n' + bad) == [Record("", {"a": 1}), Record("unreadable")]


def test_half_a_record_at_the_end_is_dropped() -> None:
    assert read(b'data: {"a": 1}\n\ndata: {"b') == [Record("", {"a": 1})]


@pytest.mark.parametrize("value", [{"error": "x"}, [{"error": {"code": 400}}]])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_document_is_one_record(value: object, indent: int | None) -> None:
    assert read(json.dumps(value, indent=indent).encode()) == [Record("", value)]


@pytest.mark.parametrize("piece", [b"data: x", b"data: x\n", b"<p>\n"])
def test_a_stream_without_an_end_of_line_or_record_is_bounded(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MAX_RECORD_BYTES", 1000)
    assert read(*[piece] * 1000) == [Record("unreadable")]


def test_a_web_page_is_no_record() -> None:
    assert read(b"<!doctype html>\n<html>Sign in</html>\n") == []
