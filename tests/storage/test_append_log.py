"""Changes of a long file are appended as lines."""

import os
from pathlib import Path

import orjson
import pytest

from chatbot.storage import atomic_json
from chatbot.storage.atomic_json import AtomicJsonStorage
from tests.support.full_disk_file import limit_file_size, make_tables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions" / "one.json"


@pytest.fixture
def storage(path: Path, monkeypatch: pytest.MonkeyPatch) -> AtomicJsonStorage:
    """A storage whose file is long enough to get lines: about 2,000 bytes, with a limit of 100."""
    monkeypatch.setattr(atomic_json, "REWRITE_MAX_BYTES", 100)
    storage = AtomicJsonStorage(path)
    storage.write(make_tables(one="eins" * 500, two="zwei"))
    return storage


def test_changes_of_a_long_file_are_appended_as_lines(path: Path, storage: AtomicJsonStorage) -> None:
    before = path.read_bytes()
    storage.change("table", {"two": {"text": "deux"}, "three": {"text": "drei\n"}})
    storage.change("other", {"four": {"text": "vier"}})
    added = path.read_bytes().removeprefix(before)
    assert len(added) < 200
    assert added.count(b"\n") == 2
    tables = make_tables(one="eins" * 500, two="deux", three="drei\n") | {"other": {"four": {"text": "vier"}}}
    assert AtomicJsonStorage(path).read() == storage.read() == tables


def test_nothing_of_a_removed_document_stays_in_the_file(path: Path, storage: AtomicJsonStorage) -> None:
    storage.change("table", {"two": {"text": "deux"}})
    storage.change("table", {"two": None})
    assert b"zwei" not in path.read_bytes()
    assert b"deux" not in path.read_bytes()
    storage.change("table", {"one": {"text": "un" * 500}}, forget=True)
    assert b"eins" not in path.read_bytes()
    assert AtomicJsonStorage(path).read() == storage.read() == make_tables(one="un" * 500)


def test_a_transaction_is_one_line_or_none(path: Path, storage: AtomicJsonStorage) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), storage.transaction():
        storage.change("table", {"two": {"text": "deux"}})
        raise KeyboardInterrupt
    assert (path.read_bytes(), storage.read()) == (before, AtomicJsonStorage(path).read())
    with storage.transaction():
        storage.change("table", {"two": {"text": "deux"}})
        storage.change("table", {"three": {"text": "drei"}})
    assert path.read_bytes().removeprefix(before).count(b"\n") == 1


def test_a_document_removed_and_added_in_one_transaction_comes_last(path: Path, storage: AtomicJsonStorage) -> None:
    with storage.transaction():
        storage.change("table", {"one": None})
        storage.change("table", {"one": {"text": "eins"}})
    assert (
        list((AtomicJsonStorage(path).read() or {})["table"]) == list((storage.read() or {})["table"]) == ["two", "one"]
    )


@pytest.mark.parametrize("cut_off", [b'{"table":{"three":{"te', bytes(4096), b"\xff", bytes(60) + b'"}}}\n'])
def test_a_cut_off_line_is_ignored_and_then_overwritten(path: Path, storage: AtomicJsonStorage, cut_off: bytes) -> None:
    storage.change("table", {"two": {"text": "deux"}})
    before = path.read_bytes()
    path.write_bytes(before + cut_off)
    reopened = AtomicJsonStorage(path)
    assert reopened.read() == storage.read()
    assert path.read_bytes() == before + cut_off, "reading changed the file"
    reopened.change("table", {"three": {"text": "drei"}})
    assert path.read_bytes() == before + b'{"table":{"three":{"text":"drei"}}}\n'


def test_an_appended_line_updates_the_time_of_the_directory(path: Path, storage: AtomicJsonStorage) -> None:
    os.utime(path.parent, (0, 0))
    storage.change("table", {"two": {"text": "deux"}})
    assert path.parent.stat().st_mtime > 0


def test_a_full_disk_leaves_no_part_of_a_line(path: Path, storage: AtomicJsonStorage) -> None:
    before = path.read_bytes()
    with limit_file_size(len(before) + 50), pytest.raises(OSError, match="File too large"):
        storage.change("table", {"three": {"text": "drei" * 100}})
    assert path.read_bytes() == before
    assert storage.read() == AtomicJsonStorage(path).read()
    storage.change("table", {"three": {"text": "drei"}})
    assert AtomicJsonStorage(path).read() == storage.read()


def test_a_file_is_rewritten_once_its_lines_are_too_long(path: Path, storage: AtomicJsonStorage) -> None:
    for number in range(200):
        storage.change("table", {"two": {"text": f"{number} " + "x" * 100}})
        assert path.stat().st_size < 3 * 2100
    assert AtomicJsonStorage(path).read() == storage.read()


def test_a_file_with_an_invalid_line_is_damaged(path: Path, storage: AtomicJsonStorage) -> None:
    path.write_bytes(path.read_bytes() + b'["no change"]\n')
    damaged = AtomicJsonStorage(path)
    assert (damaged.read(), damaged.is_damaged) == (None, True)


def test_an_indented_file_is_read_and_rewritten(path: Path, storage: AtomicJsonStorage) -> None:
    path.write_bytes(orjson.dumps(storage.read(), option=orjson.OPT_INDENT_2) + b"\n")
    other = AtomicJsonStorage(path)
    other.change("table", {"two": {"text": "deux"}})
    assert AtomicJsonStorage(path).read() == other.read() == make_tables(one="eins" * 500, two="deux")
