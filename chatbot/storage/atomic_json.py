"""A TinyDB storage that cannot be caught half-written: a write is a new file put in the old one's place, or, where that
is long, a line added to it."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import orjson
from tinydb.storages import Storage

from chatbot.storage.append_log import Tables, append, apply, parsed

log = logging.getLogger(__name__)

REWRITE_MAX_BYTES = 1 << 16
"""Bytes of a file that is written anew at every change: up to here that costs less than a millisecond, and the file is
plain JSON. A longer one gets lines, until they are as long as what they change."""

DRAFT = "draft"
"""The name under which a directory's next file is written. One for all of them: whoever writes there does so one file
at a time, and a killed process leaves at most one behind."""


def are_tables(content: Any) -> bool:
    """Whether `content` has the shape of a TinyDB file: tables by name, in each of them documents by id."""
    return isinstance(content, dict) and all(
        isinstance(table, dict) and all(isinstance(document, dict) for document in table.values())
        for table in content.values()
    )


class AtomicJsonStorage(Storage):
    """One JSON file. Assumes that nobody else writes it, so what was read once is kept.

    `is_sound` tells whether a file's content has the expected shape; where it has not, the file counts as damaged.
    TinyDB's own JSONStorage writes in place: a kill or a full disk in the middle loses the whole file.
    """

    def __init__(self, path: Path, is_sound: Callable[[Any], bool] = are_tables) -> None:
        self.path = path
        self.written = 0
        """How often something was written."""
        self.is_damaged = False
        """Whether the file was set aside."""
        self._is_sound = is_sound
        self._tables: Tables | None = None
        self._changes: dict[str, dict[str, Any]] = {}
        self._is_new = False  # not only changed: whatever is in it, it is to be written whole
        self._first = self._size = 0
        self._depth = 0

    @property
    def size(self) -> int:
        """Bytes of the file, as far as it is known."""
        return self._size

    @property
    def busy(self) -> bool:
        """Whether a `one_write` is under way."""
        return self._depth > 0

    def read(self) -> Tables | None:
        """The tables, or None where there is no file yet. Raises OSError.

        A damaged file is set aside under another name, never overwritten, and counts as none.
        """
        if self._tables is None:
            self._first = self._size = 0
            with suppress(FileNotFoundError, NotADirectoryError):
                self._tables = self._parsed(self.path.read_bytes())
        return self._tables

    def write(self, data: Tables) -> None:
        """Keep `data` on disk, or raise OSError and leave the file as it was."""
        with self.transaction():
            self._tables, self._is_new = data, True

    def change(self, table: str, documents: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Set those documents of the table, remove those that are None, and keep that on disk as `write` does."""
        if not documents:
            return
        with self.transaction():
            if (tables := self.read()) is None:
                tables = self._tables = {}
            known = self._changes.setdefault(table, {})
            self._is_new |= any(known.get(key, key) is None for key in documents)  # back again, but now the last
            known |= documents
            apply(tables, {table: documents})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Changes made inside reach the disk together at the end of the outermost, or, where it raises, not at all."""
        self._depth += 1
        try:
            yield
            if self._depth == 1 and (self._changes or self._is_new):
                self._keep()
                self.written += 1
        except BaseException:
            if self._depth == 1:
                self._tables = None  # what is on disk counts, not what did not get there
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._changes, self._is_new = {}, False

    def forget(self) -> None:
        """Remove the file, and what is not written yet."""
        self._tables, self._changes, self._is_new = None, {}, False
        if self.path.exists():
            self.path.unlink()
            sync_directory(self.path.parent)

    def set_aside(self) -> None:
        """Give the file another name, under which nothing reads it any more."""
        aside = self.path.with_suffix(f".damaged-{time.time_ns()}")
        self.path.replace(aside)
        self.is_damaged = True
        log.error("storage: %s could not be read and was set aside as %s", self.path.name, aside.name)

    def _keep(self) -> None:
        if self._is_new or self._size <= REWRITE_MAX_BYTES or self._size > 2 * self._first:
            content = orjson.dumps(self._tables) + b"\n"
            replace_file(self.path, content)
            self._first = self._size = len(content)
        else:
            line = orjson.dumps(self._changes) + b"\n"
            append(self.path, self._size, line)
            self._size += len(line)

    def _parsed(self, content: bytes) -> Tables | None:
        with suppress(ValueError, AttributeError, TypeError):  # its trace would show what was said
            tables, self._first, self._size = parsed(content)
            if self._is_sound(tables):
                return cast(Tables, tables)
        self.set_aside()
        return None


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in `path`'s place in one step; fsync before and after, so that a power cut keeps one of the two.
    Only the app's own user may read it. Raises OSError, and leaves what was there."""
    make_directory(path.parent)
    draft = path.with_name(DRAFT)
    try:
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    sync_directory(path.parent)


def make_directory(directory: Path) -> None:
    """Make the directory and those above it, for the app's own user, where they are not there."""
    if not directory.is_dir():
        make_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
        sync_directory(directory.parent)


def sync_directory(directory: Path) -> None:
    """See that what was made, renamed or removed in the directory is so after a power cut too. Raises OSError."""
    if os.name == "nt":  # Windows has no directory handles to sync
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
