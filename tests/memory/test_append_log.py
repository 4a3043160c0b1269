"""Lines: a change of a long file is a line at its end, and comes back in its place."""

import os
from pathlib import Path

import orjson
import pytest

from chatbot.storage import atomic_json as storages
from chatbot.storage.atomic_json import AtomicJsonStorage
from tests.memory.full_disk_file import files_limited_to, table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions" / "one.json"


@pytest.fixture
def long(path: Path, monkeypatch: pytest.MonkeyPatch) -> AtomicJsonStorage:
    """A storage whose file is long enough to get lines: some 2,000 bytes, with 100 as the limit."""
    monkeypatch.setattr(storages, "REWRITE_MAX_BYTES", 100)
    made = AtomicJsonStorage(path)
    made.write(table(one="eins" * 500, two="zwei"))
    return made


def test_a_change_of_a_long_file_is_a_line_added_to_it_and_read_back_in_its_place(
    path: Path, long: AtomicJsonStorage
) -> None:
    before = path.read_bytes()
    long.change("table", {"two": {"text": "deux"}, "three": {"text": "drei\n"}})
    long.change("table", {"one": None})
    long.change("other", {"four": {"text": "vier"}})
    added = path.read_bytes().removeprefix(before)
    assert len(added) < 200
    assert added.count(b"\n") == 3
    kept = AtomicJsonStorage(path).read()
    assert kept == long.read() == table(two="deux", three="drei\n") | {"other": {"four": {"text": "vier"}}}
    assert list((kept or {})["table"]) == ["two", "three"]


def test_changes_inside_one_write_are_one_line_or_none(path: Path, long: AtomicJsonStorage) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), long.transaction():
        long.change("table", {"two": {"text": "deux"}})
        raise KeyboardInterrupt
    assert (path.read_bytes(), long.read()) == (before, AtomicJsonStorage(path).read())
    with long.transaction():
        long.change("table", {"two": {"text": "deux"}})
        long.change("table", {"three": {"text": "drei"}})
    assert path.read_bytes().removeprefix(before).count(b"\n") == 1


def test_what_was_removed_and_comes_back_in_one_write_comes_last(path: Path, long: AtomicJsonStorage) -> None:
    with long.transaction():
        long.change("table", {"one": None})
        long.change("table", {"one": {"text": "eins"}})
    assert list((AtomicJsonStorage(path).read() or {})["table"]) == list((long.read() or {})["table"]) == ["two", "one"]


@pytest.mark.parametrize("cut_off", [b'{"table":{"three":{"te', bytes(4096), b"\xff", bytes(60) + b'"}}}\n'])
def test_a_line_that_was_cut_off_counts_for_nothing_and_the_next_takes_its_place(
    path: Path, long: AtomicJsonStorage, cut_off: bytes
) -> None:
    long.change("table", {"two": {"text": "deux"}})
    before = path.read_bytes()
    path.write_bytes(before + cut_off)
    kept = AtomicJsonStorage(path)
    assert kept.read() == long.read()
    assert path.read_bytes() == before + cut_off, "who only reads changes nothing"
    kept.change("table", {"three": {"text": "drei"}})
    assert path.read_bytes() == before + b'{"table":{"three":{"text":"drei"}}}\n'


def test_a_line_that_is_added_tells_when_something_was_written_here(path: Path, long: AtomicJsonStorage) -> None:
    os.utime(path.parent, (0, 0))
    long.change("table", {"two": {"text": "deux"}})
    assert path.parent.stat().st_mtime > 0


def test_a_full_disk_leaves_no_part_of_a_line(path: Path, long: AtomicJsonStorage) -> None:
    before = path.read_bytes()
    with files_limited_to(len(before) + 50), pytest.raises(OSError, match="File too large"):
        long.change("table", {"three": {"text": "drei" * 100}})
    assert path.read_bytes() == before
    assert long.read() == AtomicJsonStorage(path).read()
    long.change("table", {"three": {"text": "drei"}})
    assert AtomicJsonStorage(path).read() == long.read()


def test_a_file_whose_lines_have_become_as_long_as_what_they_change_is_written_anew(
    path: Path, long: AtomicJsonStorage
) -> None:
    for number in range(200):
        long.change("table", {"two": {"text": f"{number} " + "x" * 100}})
        assert path.stat().st_size < 3 * 2100
    assert AtomicJsonStorage(path).read() == long.read()


def test_a_line_that_is_no_change_is_damage(path: Path, long: AtomicJsonStorage) -> None:
    path.write_bytes(path.read_bytes() + b'["no change"]\n')
    damaged = AtomicJsonStorage(path)
    assert (damaged.read(), damaged.is_damaged) == (None, True)


def test_a_file_that_somebody_laid_out_is_read_and_written_anew(path: Path, long: AtomicJsonStorage) -> None:
    path.write_bytes(orjson.dumps(long.read(), option=orjson.OPT_INDENT_2) + b"\n")
    other = AtomicJsonStorage(path)
    other.change("table", {"two": {"text": "deux"}})
    assert AtomicJsonStorage(path).read() == other.read() == table(one="eins" * 500, two="deux")
