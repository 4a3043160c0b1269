"""AtomicStorage: kills, full disks and damaged files, done for real."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from tinydb import TinyDB, where

from chatbot.memory import storage as storages
from chatbot.memory.lines import Tables
from chatbot.memory.storage import DRAFT, AtomicStorage
from tests.running import ROOT

KILLS = 20

WRITERS = """
import os, random, signal, sys, time
from pathlib import Path
from tinydb import TinyDB
from chatbot.memory import storage
from chatbot.memory.storage import AtomicStorage
from chatbot.memory.tables import KeyedDB

def write_for_ever(path, acknowledge):
    db, table = TinyDB(storage=lambda: AtomicStorage(path)), KeyedDB(AtomicStorage(path)).keyed("_default")
    for number in range(1_000_000):
        document = {"number": number, "text": "x" * 2000}
        table.put({f"{number}": document}) if lines else db.insert(document)
        os.write(acknowledge, b".")

lines = sys.argv[1] == "lines"
storage.WHOLE_UP_TO = 10_000
for name in sys.argv[2:]:
    listen, acknowledge = os.pipe()
    writer = os.fork()
    if writer == 0:
        write_for_ever(Path(name), acknowledge)
    os.close(acknowledge)
    first = os.read(listen, 1)
    time.sleep(random.uniform(0, 0.1))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    print(len(first + os.read(listen, 65536)))
"""
"""Forks a writer for each file and kills it at any moment; prints how many writes it had acknowledged."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions" / "one.json"


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Inside, a write beyond that many bytes of a file fails part-way, as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def table(**documents: str) -> Tables:
    return {"table": {key: {"text": text} for key, text in documents.items()}}


def names(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


def test_what_was_written_is_read_back_by_the_next_process(path: Path) -> None:
    AtomicStorage(path).write(table(one="eins"))
    assert AtomicStorage(path).read() == table(one="eins")
    assert names(path) == ["one.json"]


def test_nothing_is_made_on_disk_before_the_first_write(path: Path) -> None:
    assert AtomicStorage(path).read() is None
    assert not path.parent.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["whole files", "lines"])
def test_a_process_killed_while_it_writes_loses_nothing_that_it_had_acknowledged(tmp_path: Path, kind: str) -> None:
    paths = [tmp_path / f"{number}.json" for number in range(KILLS)]
    command: list[str | Path] = [sys.executable, "-c", WRITERS, kind, *paths]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    acknowledged = [int(line) for line in killed.stdout.splitlines()]
    for path, count in zip(paths, acknowledged, strict=True):
        kept = [record["number"] for record in (AtomicStorage(path).read() or {})["_default"].values()]
        assert kept == list(range(len(kept)))
        assert len(kept) in {count, count + 1}
        _goes_on(path, len(kept))
    assert sum(acknowledged) > KILLS


def _goes_on(path: Path, kept: int) -> None:
    """The next process takes the file up where the killed one left it, and tidies up after it."""
    TinyDB(storage=lambda: AtomicStorage(path)).insert({"number": kept})
    assert len(TinyDB(storage=lambda: AtomicStorage(path))) == kept + 1
    assert not path.with_name(DRAFT).exists()


def test_writes_inside_one_write_reach_the_disk_together_at_its_end(path: Path) -> None:
    storage = AtomicStorage(path)
    with storage.one_write():
        storage.write(table(one="eins"))
        with storage.one_write():
            storage.write(table(one="eins", two="zwei"))
        assert storage.read() == table(one="eins", two="zwei")
        assert not path.exists()
    assert AtomicStorage(path).read() == table(one="eins", two="zwei")


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_an_exception_inside_one_write_undoes_all_of_it(path: Path, depth: int) -> None:
    storage = AtomicStorage(path)
    storage.write(table(one="eins"))

    def nested(level: int) -> None:
        with storage.one_write():
            storage.write(table(level=str(level)))
            if level == depth:
                raise KeyboardInterrupt
            nested(level + 1)

    with pytest.raises(KeyboardInterrupt):
        nested(1)
    assert storage.read() == AtomicStorage(path).read() == table(one="eins")


def test_an_exception_caught_inside_one_write_costs_nothing_that_was_written(path: Path) -> None:
    storage = AtomicStorage(path)
    storage.write(table(one="eins"))
    with storage.one_write():
        storage.write(table(one="eins", two="zwei"))
        with pytest.raises(LookupError), storage.one_write():
            raise LookupError
    assert storage.read() == AtomicStorage(path).read() == table(one="eins", two="zwei")


def test_a_block_without_a_write_leaves_the_file_alone(path: Path) -> None:
    storage = AtomicStorage(path)
    storage.write(table(one="eins"))
    before = path.stat().st_ino
    with storage.one_write():
        storage.read()
    assert path.stat().st_ino == before


def test_a_full_disk_leaves_the_old_file_and_the_old_data_and_no_draft(path: Path) -> None:
    db = TinyDB(storage=lambda: AtomicStorage(path))
    db.insert({"text": "short"})
    before = path.read_bytes()
    with files_limited_to(1000), pytest.raises(OSError, match="File too large"):
        db.insert({"text": "long" * 1000})
    with files_limited_to(1000), pytest.raises(OSError, match="File too large"):
        db.update({"text": "long" * 1000}, where("text") == "short")
    assert path.read_bytes() == before
    assert [document["text"] for document in db] == ["short"]
    assert names(path) == ["one.json"]
    db.insert({"text": "long" * 1000})
    assert len(TinyDB(storage=lambda: AtomicStorage(path))) == 2


@pytest.fixture
def long(path: Path, monkeypatch: pytest.MonkeyPatch) -> AtomicStorage:
    """A storage whose file is long enough to get lines: some 2,000 bytes, with 100 as the limit."""
    monkeypatch.setattr(storages, "WHOLE_UP_TO", 100)
    made = AtomicStorage(path)
    made.write(table(one="eins" * 500, two="zwei"))
    return made


def test_a_change_of_a_long_file_is_a_line_added_to_it_and_read_back_in_its_place(
    path: Path, long: AtomicStorage
) -> None:
    before = path.read_bytes()
    long.change("table", {"two": {"text": "deux"}, "three": {"text": "drei\n"}})
    long.change("table", {"one": None})
    long.change("other", {"four": {"text": "vier"}})
    added = path.read_bytes().removeprefix(before)
    assert len(added) < 200
    assert added.count(b"\n") == 3
    kept = AtomicStorage(path).read()
    assert kept == long.read() == table(two="deux", three="drei\n") | {"other": {"four": {"text": "vier"}}}
    assert list((kept or {})["table"]) == ["two", "three"]


def test_changes_inside_one_write_are_one_line_or_none(path: Path, long: AtomicStorage) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), long.one_write():
        long.change("table", {"two": {"text": "deux"}})
        raise KeyboardInterrupt
    assert (path.read_bytes(), long.read()) == (before, AtomicStorage(path).read())
    with long.one_write():
        long.change("table", {"two": {"text": "deux"}})
        long.change("table", {"three": {"text": "drei"}})
    assert path.read_bytes().removeprefix(before).count(b"\n") == 1


def test_what_was_removed_and_comes_back_in_one_write_comes_last(path: Path, long: AtomicStorage) -> None:
    with long.one_write():
        long.change("table", {"one": None})
        long.change("table", {"one": {"text": "eins"}})
    assert list((AtomicStorage(path).read() or {})["table"]) == list((long.read() or {})["table"]) == ["two", "one"]


@pytest.mark.parametrize("cut_off", [b'{"table":{"three":{"te', bytes(4096), b"\xff", bytes(60) + b'"}}}\n'])
def test_a_line_that_was_cut_off_counts_for_nothing_and_the_next_takes_its_place(
    path: Path, long: AtomicStorage, cut_off: bytes
) -> None:
    long.change("table", {"two": {"text": "deux"}})
    before = path.read_bytes()
    path.write_bytes(before + cut_off)
    kept = AtomicStorage(path)
    assert kept.read() == long.read()
    assert path.read_bytes() == before + cut_off, "who only reads changes nothing"
    kept.change("table", {"three": {"text": "drei"}})
    assert path.read_bytes() == before + b'{"table":{"three":{"text":"drei"}}}\n'


def test_a_line_that_is_added_tells_when_something_was_written_here(path: Path, long: AtomicStorage) -> None:
    os.utime(path.parent, (0, 0))
    long.change("table", {"two": {"text": "deux"}})
    assert path.parent.stat().st_mtime > 0


def test_a_full_disk_leaves_no_part_of_a_line(path: Path, long: AtomicStorage) -> None:
    before = path.read_bytes()
    with files_limited_to(len(before) + 50), pytest.raises(OSError, match="File too large"):
        long.change("table", {"three": {"text": "drei" * 100}})
    assert path.read_bytes() == before
    assert long.read() == AtomicStorage(path).read()
    long.change("table", {"three": {"text": "drei"}})
    assert AtomicStorage(path).read() == long.read()


def test_a_file_whose_lines_have_become_as_long_as_what_they_change_is_written_anew(
    path: Path, long: AtomicStorage
) -> None:
    for number in range(200):
        long.change("table", {"two": {"text": f"{number} " + "x" * 100}})
        assert path.stat().st_size < 3 * 2100
    assert AtomicStorage(path).read() == long.read()


def test_a_line_that_is_no_change_is_damage(path: Path, long: AtomicStorage) -> None:
    path.write_bytes(path.read_bytes() + b'["no change"]\n')
    damaged = AtomicStorage(path)
    assert (damaged.read(), damaged.is_damaged) == (None, True)


def test_a_file_that_somebody_laid_out_is_read_and_written_anew(path: Path, long: AtomicStorage) -> None:
    path.write_bytes(orjson.dumps(long.read(), option=orjson.OPT_INDENT_2) + b"\n")
    other = AtomicStorage(path)
    other.change("table", {"two": {"text": "deux"}})
    assert AtomicStorage(path).read() == other.read() == table(one="eins" * 500, two="deux")


def test_a_directory_that_cannot_be_made_raises_and_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    storage = AtomicStorage(tmp_path / "file" / "one.json")
    with pytest.raises(OSError, match="file"):
        storage.write(table(one="eins"))
    assert storage.read() is None


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b'{"table": {"1": {"te', bytes(4096), b'{"table": "\xff"}'),
        *(b"[]", b"null", b'"table"', b'{"table": []}', b'{"table": {"1": "text"}}'),
    ],
)
def test_a_damaged_file_is_set_aside_and_told_without_its_content(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    storage = AtomicStorage(path)
    assert storage.read() is None
    aside = next(path.parent.glob("one.damaged-*"))
    assert aside.read_bytes() == content
    assert aside.name in caplog.text
    assert "table" not in caplog.text
    storage.write(table(one="eins"))
    assert names(path) == [aside.name, "one.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_apps_own_user_may_read_what_it_writes(path: Path) -> None:
    before = os.umask(0)
    try:
        AtomicStorage(path).write(table(one="eins"))
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_what_a_storage_takes_for_damaged_can_be_told_to_it(path: Path) -> None:
    AtomicStorage(path).write(table(one="eins"))
    storage = AtomicStorage(path, lambda tables: "another table" in tables)
    assert (storage.read(), storage.is_damaged) == (None, True)
    assert names(path)[0].startswith("one.damaged-")


def test_forget_removes_the_file_and_no_other(path: Path) -> None:
    storage = AtomicStorage(path)
    storage.write(table(one="eins"))
    path.with_name("other.json").write_text("of another conversation")
    with storage.one_write():
        storage.write(table(two="zwei"))
        storage.forget()
    assert storage.read() is None
    assert names(path) == ["other.json"]
    storage.forget()
