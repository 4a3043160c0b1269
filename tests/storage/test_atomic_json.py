"""AtomicJsonStorage with killed processes, full disks and damaged files."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB, where

from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.storage.folder import DRAFT
from tests.support.full_disk_file import limit_file_size, list_names, make_tables
from tests.support.running import ROOT

KILLS = 20

WRITERS = """
import os, random, signal, sys, time
from pathlib import Path
from tinydb import TinyDB
from chatbot.storage import atomic_json as storage
from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.storage.tinydb_storage import KeyedDB

def write_forever(path, acknowledge):
    db, table = TinyDB(storage=lambda: AtomicJsonStorage(path)), KeyedDB(AtomicJsonStorage(path)).keyed("_default")
    for number in range(1_000_000):
        document = {"number": number, "text": "x" * 2000}
        table.put({f"{number}": document}) if lines else db.insert(document)
        os.write(acknowledge, b".")

lines = sys.argv[1] == "lines"
storage.REWRITE_MAX_BYTES = 10_000
for name in sys.argv[2:]:
    listen, acknowledge = os.pipe()
    writer = os.fork()
    if writer == 0:
        write_forever(Path(name), acknowledge)
    os.close(acknowledge)
    first = os.read(listen, 1)
    time.sleep(random.uniform(0, 0.1))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    print(len(first + os.read(listen, 65536)))
"""
"""Forks a writer for each file and kills it at a random moment; prints how many writes the writer had acknowledged."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions" / "one.json"


def test_the_next_process_reads_what_was_written(path: Path) -> None:
    AtomicJsonStorage(path).write(make_tables(one="eins"))
    assert AtomicJsonStorage(path).read() == make_tables(one="eins")
    assert list_names(path) == ["one.json"]


def test_reading_creates_nothing_on_disk(path: Path) -> None:
    assert AtomicJsonStorage(path).read() is None
    assert not path.parent.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["whole files", "lines"])
def test_a_killed_process_loses_no_acknowledged_write(tmp_path: Path, kind: str) -> None:
    paths = [tmp_path / f"{number}.json" for number in range(KILLS)]
    command: list[str | Path] = [sys.executable, "-c", WRITERS, kind, *paths]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    acknowledged = [int(line) for line in killed.stdout.splitlines()]
    for path, count in zip(paths, acknowledged, strict=True):
        stored = [record["number"] for record in (AtomicJsonStorage(path).read() or {})["_default"].values()]
        assert stored == list(range(len(stored)))
        assert len(stored) in {count, count + 1}
        _check_next_write(path, len(stored))
    assert sum(acknowledged) > KILLS


def _check_next_write(path: Path, stored: int) -> None:
    """Checks that the next process can write to the file and leaves no draft."""
    TinyDB(storage=lambda: AtomicJsonStorage(path)).insert({"number": stored})
    assert len(TinyDB(storage=lambda: AtomicJsonStorage(path))) == stored + 1
    assert not path.with_name(DRAFT).exists()


def test_nested_transactions_reach_the_disk_when_the_outermost_ends(path: Path) -> None:
    storage = AtomicJsonStorage(path)
    with storage.transaction():
        storage.write(make_tables(one="eins"))
        with storage.transaction():
            storage.write(make_tables(one="eins", two="zwei"))
        assert storage.read() == make_tables(one="eins", two="zwei")
        assert not path.exists()
    assert AtomicJsonStorage(path).read() == make_tables(one="eins", two="zwei")


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_an_exception_undoes_the_whole_transaction(path: Path, depth: int) -> None:
    storage = AtomicJsonStorage(path)
    storage.write(make_tables(one="eins"))

    def nested(level: int) -> None:
        with storage.transaction():
            storage.write(make_tables(level=str(level)))
            if level == depth:
                raise KeyboardInterrupt
            nested(level + 1)

    with pytest.raises(KeyboardInterrupt):
        nested(1)
    assert storage.read() == AtomicJsonStorage(path).read() == make_tables(one="eins")


def test_an_exception_caught_inside_a_transaction_undoes_nothing(path: Path) -> None:
    storage = AtomicJsonStorage(path)
    storage.write(make_tables(one="eins"))
    with storage.transaction():
        storage.write(make_tables(one="eins", two="zwei"))
        with pytest.raises(LookupError), storage.transaction():
            raise LookupError
    assert storage.read() == AtomicJsonStorage(path).read() == make_tables(one="eins", two="zwei")


def test_a_transaction_without_a_write_leaves_the_file_unchanged(path: Path) -> None:
    storage = AtomicJsonStorage(path)
    storage.write(make_tables(one="eins"))
    before = path.stat().st_ino
    with storage.transaction():
        storage.read()
    assert path.stat().st_ino == before


def test_a_full_disk_leaves_the_old_file_and_no_draft(path: Path) -> None:
    db = TinyDB(storage=lambda: AtomicJsonStorage(path))
    db.insert({"text": "short"})
    before = path.read_bytes()
    with limit_file_size(1000), pytest.raises(OSError, match="File too large"):
        db.insert({"text": "long" * 1000})
    with limit_file_size(1000), pytest.raises(OSError, match="File too large"):
        db.update({"text": "long" * 1000}, where("text") == "short")
    assert path.read_bytes() == before
    assert [document["text"] for document in db] == ["short"]
    assert list_names(path) == ["one.json"]
    db.insert({"text": "long" * 1000})
    assert len(TinyDB(storage=lambda: AtomicJsonStorage(path))) == 2


def test_writing_to_a_directory_that_cannot_be_created_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    storage = AtomicJsonStorage(tmp_path / "file" / "one.json")
    with pytest.raises(OSError, match="file"):
        storage.write(make_tables(one="eins"))
    assert storage.read() is None


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b'{"table": {"1": {"te', bytes(4096), b'{"table": "\xff"}'),
        *(b"[]", b"null", b'"table"', b'{"table": []}', b'{"table": {"1": "text"}}'),
    ],
)
def test_damaged_files_are_set_aside_and_logged_without_their_content(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    storage = AtomicJsonStorage(path)
    assert storage.read() is None
    aside = next(path.parent.glob("one.damaged-*"))
    assert aside.read_bytes() == content
    assert aside.name in caplog.text
    assert "table" not in caplog.text
    storage.write(make_tables(one="eins"))
    assert list_names(path) == [aside.name, "one.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_apps_own_user_may_read_the_files(path: Path) -> None:
    before = os.umask(0)
    try:
        AtomicJsonStorage(path).write(make_tables(one="eins"))
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def refuse_tables(tables: Any) -> None:
    """A check that the files of these tests fail."""
    if "another table" not in tables:
        raise ValueError


def test_a_file_that_fails_the_check_is_damaged(path: Path) -> None:
    AtomicJsonStorage(path).write(make_tables(one="eins"))
    storage = AtomicJsonStorage(path, refuse_tables)
    assert (storage.read(), storage.is_damaged) == (None, True)
    assert list_names(path)[0].startswith("one.damaged-")


def test_delete_removes_only_the_file(path: Path) -> None:
    storage = AtomicJsonStorage(path)
    storage.write(make_tables(one="eins"))
    path.with_name("other.json").write_text("of another conversation")
    with storage.transaction():
        storage.write(make_tables(two="zwei"))
        storage.delete()
    assert storage.read() is None
    assert list_names(path) == ["other.json"]
    storage.delete()
