"""A TinyDB storage that is never half-written: a write replaces the file in one step or, if it is long, appends a
line."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import orjson
from tinydb.storages import Storage

from chatbot.storage.append_log import Tables, apply_changes, parse
from chatbot.storage.folder import DiskFolder, Folder

log = logging.getLogger(__name__)

REWRITE_MAX_BYTES = 1 << 16
"""A file up to this size is rewritten at every change: that costs less than a millisecond, and the file is plain JSON.
A longer one gets lines, until they are as long as what they change."""


def check_tables(content: Any) -> None:
    """Raises ValueError unless `content` is shaped as a TinyDB file: tables by name, in each of them documents by
    id."""
    tables = content.values() if isinstance(content, dict) else [None]
    if not all(isinstance(table, dict) and all(isinstance(each, dict) for each in table.values()) for table in tables):
        raise ValueError("not a TinyDB file")


class AtomicJsonStorage(Storage):
    """One JSON file, at a path or in a folder, with one writer: what was read once is cached.

    `check` raises ValueError, KeyError, TypeError or AttributeError if the content is damaged; any other error of its
    own leaves the file as it is. TinyDB's JSONStorage writes in place: a kill or a full disk half-way loses the file.
    """

    def __init__(self, file: Path | tuple[Folder, str], check: Callable[[Any], None] = check_tables) -> None:
        self._folder, self.name = (DiskFolder(file.parent), file.name) if isinstance(file, Path) else file
        self.size = 0
        """Bytes of the file, once it was read or written."""
        self.writes = 0
        """How often something was written."""
        self.is_damaged = False
        """Whether the file was renamed because it is damaged."""
        self._check = check
        self._tables: Tables | None = None
        self._changes: dict[str, dict[str, Any]] = {}
        self._rewrite = False
        self._first_line_size = 0
        self._depth = 0

    @property
    def in_transaction(self) -> bool:
        return self._depth > 0

    def read(self) -> Tables | None:
        """Returns the tables, None if there is no file. Raises OSError, and what `check` raises.

        A damaged file is renamed, never overwritten, and counts as none.
        """
        if self._tables is None:
            self._first_line_size = self.size = 0
            content = self._folder.read(self.name)
            self._tables = None if content is None else self._parse(content)
        return self._tables

    def write(self, data: Tables) -> None:
        """Replaces all tables on disk, or raises OSError and leaves the file as it was."""
        with self.transaction():
            self._tables, self._rewrite = data, True

    def change(self, table: str, documents: Mapping[str, Mapping[str, Any] | None], *, forget: bool = False) -> None:
        """Sets documents of a table and removes those that are None, on disk as `write` does. The file is rewritten, so
        that nothing of the old documents stays in it, if one is removed or if `forget`."""
        if not documents:
            return
        with self.transaction():
            if (tables := self.read()) is None:
                tables = self._tables = {}
            self._rewrite |= forget or None in documents.values()
            self._changes.setdefault(table, {}).update(documents)
            apply_changes(tables, {table: documents})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Changes made inside reach the disk together when the outermost transaction ends; if it raises, none does."""
        self._depth += 1
        try:
            yield
            if self._depth == 1 and (self._changes or self._rewrite):
                self._save()
                self.writes += 1
        except BaseException:
            if self._depth == 1:
                self._tables = None  # read again what is on disk
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._changes, self._rewrite = {}, False

    def delete(self) -> None:
        """Removes the file, and what is not written yet."""
        self._tables, self._changes, self._rewrite = None, {}, False
        self._folder.delete(self.name)

    def _save(self) -> None:
        is_rewritten = self._rewrite or not self._folder.appends
        if is_rewritten or self.size <= REWRITE_MAX_BYTES or self.size > 2 * self._first_line_size:
            content = orjson.dumps(self._tables) + b"\n"
            self._folder.replace(self.name, content)
            self._first_line_size = self.size = len(content)
        else:
            line = orjson.dumps(self._changes) + b"\n"
            self._folder.append(self.name, self.size, line)
            self.size += len(line)

    def _parse(self, content: bytes) -> Tables | None:
        with suppress(ValueError, AttributeError, TypeError, KeyError):  # a traceback would quote messages
            tables, self._first_line_size, self.size = parse(content)
            self._check(tables)
            return cast(Tables, tables)
        self._set_aside()
        return None

    def _set_aside(self) -> None:
        aside = f"{self.name.removesuffix('.json')}.damaged-{time.time_ns()}"
        self._folder.rename(self.name, aside)
        self.is_damaged = True
        log.error("storage: %s could not be read and was set aside as %s", self.name, aside)
