"""SessionDirectory: the files of one session, behind one lock."""

import logging
import math
import os
import re
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chatbot.errors import NotFound, StorageError
from chatbot.storage.atomic_json import AtomicJsonStorage, sync_directory
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.quotas import Quotas
from chatbot.storage.temporary_chats import TemporaryChats
from chatbot.storage.timestamps import from_epoch, next_millisecond, now
from chatbot.types import Conversation

log = logging.getLogger(__name__)

MAX_CACHED_CONVERSATIONS = 16
"""Conversations whose messages stay in memory after use."""

VISIT_SECONDS = 3600
"""The precision of the session's last visit."""

CONVERSATION_ID = re.compile(r"(?!session$)[0-9a-z-]{1,64}", re.ASCII)
"""What can be a conversation's id, and so the name of its file on any system; `session.json` has all else of a
session."""

REMOVED = ".removed"
"""A session's directory gets this suffix in one step before its files are removed one by one, so that a killed process
leaves the whole session or nothing of it."""


class SessionDirectory:
    """One file a conversation, `session.json` for prompts, notes and switches, and `files/` for attachments, at `path`.

    The directory is listed once, and the list updated with every change: no other process may write here. `notify` is
    called after each write; `check` before each access, to raise OSError if there can be none. Any number of threads
    may use it inside `lock`, which turns OSErrors into StorageErrors.
    """

    def __init__(
        self,
        path: Path,
        notify: Callable[[], None],
        check: Callable[[], None],
        quotas: Quotas,
        temporary: TemporaryChats,
    ) -> None:
        self.path = path
        self.temporary = temporary
        self.notify = notify
        self.quotas = quotas
        self._check = check
        self._lock = threading.RLock()
        self._summaries: dict[str, Conversation | None] | None = None
        """By conversation; None for those that were not read since they changed."""
        self.changed: set[str] = set()
        """Conversations that were created, changed or deleted. Whoever has looked at them takes them out."""
        self._damaged: set[str] = set()
        self._cached: OrderedDict[str, ConversationFile] = OrderedDict()
        self.session_file: AtomicJsonStorage | None = None
        """`session.json`, once it was opened; session_file.py reads and writes it."""
        self._last_change = ""
        self._last_visit = -math.inf

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self._lock:
            try:
                self._check()
                yield
            except OSError as error:
                raise StorageError from error

    @contextmanager
    def read(self, conversation_id: str) -> Iterator[ConversationFile]:
        """Locks the session and yields the conversation. Raises NotFound and StorageError."""
        with self.lock():
            yield self.existing(conversation_id)

    @contextmanager
    def write(self, conversation_id: str) -> Iterator[ConversationFile]:
        """As `read`; changes made inside reach the disk together."""
        with self.read(conversation_id) as file, self.transaction(conversation_id):
            yield file

    @contextmanager
    def transaction(self, conversation_id: str) -> Iterator[ConversationFile]:
        """Changes of the conversation made inside reach the disk together, or not at all; it may be created inside."""
        with self.lock():
            file = self.open(conversation_id)
            writes = file.storage.writes
            try:
                with file.storage.transaction():
                    yield file
            finally:
                self.mark_changed(conversation_id)
                if file.storage.writes > writes:
                    self.notify()

    def open(self, conversation_id: str) -> ConversationFile:
        """The conversation's file, which may not exist yet. Raises NotFound for an impossible id."""
        if not CONVERSATION_ID.fullmatch(conversation_id):
            raise NotFound
        if temporary := self.temporary.get(self.path, conversation_id):
            return temporary
        self._listing()
        file = self._cached.get(conversation_id) or self._file(conversation_id)
        self._cached[conversation_id] = file
        self._cached.move_to_end(conversation_id)
        if len(self._cached) > MAX_CACHED_CONVERSATIONS:
            idle = [
                key for key, other in self._cached.items() if not other.storage.in_transaction and other is not file
            ]
            for key in idle[: len(self._cached) - MAX_CACHED_CONVERSATIONS]:
                del self._cached[key]
        return file

    def existing(self, conversation_id: str) -> ConversationFile:
        """The conversation's file. Raises NotFound, and StorageError if it is damaged or of another format."""
        if temporary := self.temporary.get(self.path, conversation_id):
            return temporary
        if conversation_id in self._listing():
            file = self.open(conversation_id)
            if self._exists(file):
                return file
        if conversation_id in self._damaged:
            raise StorageError("damaged")
        raise NotFound

    def peek(self, conversation_id: str) -> ConversationFile | None:
        """The conversation's file for one look, after which it takes no memory; None if there is none that can be
        read."""
        file = self._cached.get(conversation_id) or self._file(conversation_id)
        try:
            return file if self._exists(file) else None
        except StorageError:
            log.error("storage: %s is of another format and was left as it is", file.storage.path.name)  # noqa: TRY400
            return None

    def mark_changed(self, conversation_id: str) -> None:
        """The conversation was created, changed or deleted. Of a temporary one nothing is kept."""
        if self.temporary.get(self.path, conversation_id):
            return
        self.changed.add(conversation_id)
        self._listing()[conversation_id] = None

    def ids(self) -> list[str]:
        """The ids of all conversations."""
        return list(self._listing())

    def has_conversations(self, count: int) -> bool:
        """Whether there are at least so many. Only then are they counted exactly."""
        return len(self.ids()) >= count and sum(self.summary(each) is not None for each in self.ids()) >= count

    def summary(self, conversation_id: str) -> Conversation | None:
        """The conversation without its messages; None if there is none."""
        listing = self._listing()
        summary = listing.get(conversation_id)
        if summary is None and conversation_id in listing and (file := self.peek(conversation_id)):
            summary = listing[conversation_id] = file.summary()
        return summary

    def next_time(self, last: str = "") -> str:
        """The time of a change: later than all changes before it, even if the clock was set back. `last` is when the
        conversation last changed: if nothing else has changed since, the time may be the same."""
        newest = self._last_change or from_epoch(self.changed_at())
        self._last_change = max(now(), last if last >= newest else next_millisecond(newest))
        return self._last_change

    def size(self) -> int:
        """The bytes of all conversations, without attachments."""
        entries = os.scandir(self.path) if self.path.is_dir() else ()
        return sum(entry.stat().st_size for entry in entries if entry.is_file())

    def cached_size(self) -> int:
        """The bytes of the files whose messages are in memory. Any thread may ask, without the lock."""
        session_file = self.session_file
        conversations = sum(file.storage.size for file in list(self._cached.values()))
        return conversations + (session_file.size if session_file else 0)

    def changed_at(self) -> float:
        """When something was last written or visited here, in seconds since the epoch; 0 if nothing ever was."""
        return self.path.stat().st_mtime if self.path.exists() else 0.0

    def record_visit(self) -> None:
        """Sets `changed_at` to now, once an hour."""
        if time.monotonic() - self._last_visit > VISIT_SECONDS:
            self._last_visit = time.monotonic()
            with suppress(OSError):
                os.utime(self.path)

    def delete(self) -> None:
        """Removes the directory, whatever else has the session's name, and its temporary chats."""
        self.temporary.remove(self.path)
        self._cached.clear()
        self.session_file = None
        self.changed.update(self._summaries or ())
        self._summaries = None
        removed = self.path.with_name(f"{self.path.name}{REMOVED}")
        _remove_tree(removed)
        for path in self.path.parent.glob(f"{self.path.name}.*"):
            path.unlink(missing_ok=True)
        if self.path.exists():
            self.path.rename(removed)
            sync_directory(self.path.parent)
            _remove_tree(removed)

    def _exists(self, file: ConversationFile) -> bool:
        if file.exists:
            return True
        self._listing().pop(file.conversation_id, None)
        if file.storage.is_damaged:
            self._damaged.add(file.conversation_id)
        return False

    def _file(self, conversation_id: str) -> ConversationFile:
        return ConversationFile(self.path / f"{conversation_id}.json")

    def _listing(self) -> dict[str, Conversation | None]:
        if self._summaries is None:
            if self.path.with_name(f"{self.path.name}.json").exists():  # format 1 had one file for the whole session
                raise StorageError("other_format")
            names = [name.split(".", 1) for name in os.listdir(self.path)] if self.path.is_dir() else []
            files = [(stem, suffix) for stem, *suffix in names if CONVERSATION_ID.fullmatch(stem)]
            self._summaries = {stem: None for stem, suffix in files if suffix == ["json"]}
            self._damaged = {stem for stem, suffix in files if suffix and suffix[0].startswith("damaged-")}
        return self._summaries


def finish_deletions(sessions: Path) -> None:
    """Finishes the deletions that a killed process had begun. Raises OSError."""
    for path in sessions.glob(f"*{REMOVED}"):
        _remove_tree(path)


def _remove_tree(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)
