"""A TinyDB storage that cannot be caught half-written: every write is a new file put in the old one's place."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import orjson
from tinydb.storages import Storage

log = logging.getLogger(__name__)

Tables = dict[str, dict[str, Any]]


class AtomicStorage(Storage):
    """One JSON file. Assumes that nobody else writes it, so what was read once is kept.

    TinyDB's own JSONStorage writes in place: a kill or a full disk in the middle loses the whole file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tables: Tables | None = None
        self._depth = 0
        self._dirty = False

    def read(self) -> Tables | None:
        """The tables, or None where there is no file yet. Raises OSError.

        A damaged file is set aside under another name, never overwritten, and counts as none.
        """
        if self._tables is None and self._path.exists():
            try:
                self._tables = cast(Tables, orjson.loads(self._path.read_bytes()))
            except orjson.JSONDecodeError:
                aside = self._path.with_suffix(f".damaged-{time.time_ns()}")
                self._path.replace(aside)
                log.error(  # noqa: TRY400 - the trace would show what was said
                    "storage: %s could not be read and was set aside as %s", self._path.name, aside.name
                )
        return self._tables

    def write(self, data: Tables) -> None:
        """Keep `data` on disk, or raise OSError and leave the file as it was."""
        with self.one_write():
            self._tables, self._dirty = data, True

    @contextmanager
    def one_write(self) -> Iterator[None]:
        """Changes made inside reach the disk together at the end of the outermost, or, where it raises, not at all."""
        self._depth += 1
        try:
            yield
            if self._depth == 1 and self._dirty:
                _replace(self._path, orjson.dumps(self._tables))
        except BaseException:
            if self._depth == 1:
                self._tables = None  # what is on disk counts, not what did not get there
            raise
        finally:
            self._depth -= 1
            self._dirty = self._dirty and self._depth > 0

    def forget(self) -> None:
        """Remove the file, with what a killed process or a damaged file left beside it."""
        self._tables = None
        for path in self._path.parent.glob(f"{self._path.stem}.*"):
            path.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    """Put `content` in `path`'s place in one step; fsync before and after, so that a power cut keeps one of the two."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    if os.name == "nt":  # Windows has no directory handles to sync
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
