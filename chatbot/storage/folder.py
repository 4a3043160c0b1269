"""Folder: the files of one session by name, whatever keeps them: a directory here, PostgreSQL in database_folder.py."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chatbot.storage.append_log import append_line
from chatbot.storage.leases import Leases

DRAFT = "draft"
"""The name under which a directory's next file is written. There is one for all files: a directory has one writer at a
time, and a killed process leaves at most one draft."""

REMOVED = ".removed"
"""A session's directory gets this suffix in one step before its files are removed one by one, so that a killed process
leaves the whole session or nothing of it."""


class Entry(NamedTuple):
    """A file: its name, its bytes, and when it was written, in seconds since the epoch."""

    name: str
    size: int
    written_at: float


class Folder(ABC):
    """Files by relative name, such as `session.json` and `files/<conversation>/<hash>`. `key` is the session's, and
    `leases` say who writes its running answers.

    Methods raise OSError or StorageError if what keeps the files refuses. The caller holds `lock`.
    """

    key: Hashable
    leases: Leases
    appends: bool = True
    """Whether `append` works; else files have to be replaced."""

    @abstractmethod
    def lock(self) -> AbstractContextManager[Collection[str] | None]:
        """Inside, nobody else changes the files. Yields the names of those that somebody else has changed since the
        last time; None if any may have been: nothing that was read of them earlier counts then."""

    @abstractmethod
    def names(self) -> list[str]:
        """The names of the files that are in no subfolder."""

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """The content, None if there is no such file."""

    @abstractmethod
    def read_all(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of those files that there are."""

    def read_ahead(self, names: Collection[str]) -> AbstractContextManager[None]:
        """Inside, these files are about to be read, one after the other."""
        del names
        return nullcontext()

    @abstractmethod
    def replace(self, name: str, content: bytes) -> None:
        """Creates or replaces the file in one step."""

    @abstractmethod
    def append(self, name: str, size: int, line: bytes) -> None:
        """Writes `line` behind the file's first `size` bytes; what was behind them is gone."""

    @abstractmethod
    def copy(self, name: str, other: str) -> None:
        """Gives the file a second name, unless there is a file of that name."""

    @abstractmethod
    def rename(self, name: str, other: str) -> None:
        """Renames the file."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Removes the file, if there is one."""

    @abstractmethod
    def entries(self, subfolder: str) -> list[Entry]:
        """The files below a subfolder."""

    @abstractmethod
    def size(self) -> int:
        """The bytes of the files that are in no subfolder."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is anything."""

    @abstractmethod
    def sessions(self) -> int:
        """How many sessions there are, this one and others."""

    @abstractmethod
    def changed_at(self) -> float:
        """When something was last written or visited, in seconds since the epoch; 0 if nothing ever was."""

    @abstractmethod
    def record_visit(self) -> None:
        """Sets `changed_at` to now. Any thread may call it, without the lock and without waiting."""

    @abstractmethod
    def clear(self) -> None:
        """Removes everything."""


@dataclass(frozen=True)
class DiskFolder(Folder):
    """A session's directory. One process owns it, so nobody else changes it."""

    path: Path
    leases: Leases = field(default_factory=Leases)
    appends: bool = True

    @property
    def key(self) -> Path:  # type: ignore[override]
        return self.path

    def lock(self) -> AbstractContextManager[Collection[str] | None]:
        """Does nothing: the caller's own lock does."""
        return nullcontext(())

    def names(self) -> list[str]:
        return os.listdir(self.path) if self.path.is_dir() else []

    def read(self, name: str) -> bytes | None:
        with suppress(FileNotFoundError, NotADirectoryError):
            return (self.path / name).read_bytes()
        return None

    def read_all(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for name in names:
            if (content := self.read(name)) is not None:
                yield name, content

    def replace(self, name: str, content: bytes) -> None:
        replace_file(self.path / name, content)

    def append(self, name: str, size: int, line: bytes) -> None:
        append_line(self.path / name, size, line)

    def copy(self, name: str, other: str) -> None:
        source, target = self.path / name, self.path / other
        create_directory(target.parent)
        if source.exists() and not target.exists():
            try:
                os.link(source, target)
            except OSError:  # not every file system has hard links
                replace_file(target, source.read_bytes())
            sync_directory(target.parent)

    def rename(self, name: str, other: str) -> None:
        (self.path / name).replace(self.path / other)

    def delete(self, name: str) -> None:
        path = self.path / name
        if path.exists():
            path.unlink()
            with suppress(OSError):  # it may be a draft of this very file, which a killed process left
                path.with_name(DRAFT).unlink()
            sync_directory(path.parent)
            if path.parent != self.path:
                with suppress(OSError):  # there are other files
                    path.parent.rmdir()

    def entries(self, subfolder: str) -> list[Entry]:
        return [
            Entry(path.relative_to(self.path).as_posix(), (facts := path.stat()).st_size, facts.st_mtime)
            for path in (self.path / subfolder).rglob("*")
            if path.is_file()
        ]

    def size(self) -> int:
        entries = os.scandir(self.path) if self.path.is_dir() else ()
        return sum(entry.stat().st_size for entry in entries if entry.is_file())

    def exists(self) -> bool:
        return self.path.exists()

    def sessions(self) -> int:
        return len(os.listdir(self.path.parent)) if self.path.parent.exists() else 0

    def changed_at(self) -> float:
        return self.path.stat().st_mtime if self.path.exists() else 0.0

    def record_visit(self) -> None:
        with suppress(OSError):
            os.utime(self.path)

    def clear(self) -> None:
        """Removes the directory, whatever else has the session's name."""
        removed = self.path.with_name(f"{self.path.name}{REMOVED}")
        remove_tree(removed)
        for path in self.path.parent.glob(f"{self.path.name}.*"):
            path.unlink(missing_ok=True)
        if self.path.exists():
            self.path.rename(removed)
            sync_directory(self.path.parent)
            remove_tree(removed)


def replace_file(path: Path, content: bytes) -> None:
    """Replaces the file in one step, with fsync before and after: a power failure leaves the old content or the new.
    Only the app's own user may read it. Raises OSError, and leaves what was there."""
    create_directory(path.parent)
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


def create_directory(directory: Path) -> None:
    """Creates the directory and its parents, for the app's own user."""
    if not directory.is_dir():
        create_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
        sync_directory(directory.parent)


def sync_directory(directory: Path) -> None:
    """Makes files that were created, renamed or removed in the directory so after a power failure too. Raises
    OSError."""
    if os.name == "nt":  # Windows has no directory handles to sync
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def finish_deletions(sessions: Path) -> None:
    """Finishes the deletions that a killed process had begun. Raises OSError."""
    for path in sessions.glob(f"*{REMOVED}"):
        remove_tree(path)


def remove_tree(directory: Path) -> None:
    """Removes a directory with all that is in it, if there is one."""
    if directory.exists():
        shutil.rmtree(directory)
