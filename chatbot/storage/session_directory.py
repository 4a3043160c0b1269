"""SessionDirectory: the files of one session, behind one lock."""

import logging
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext

from chatbot.errors import NotFound, StorageError
from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.folder import DiskFolder, Folder
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


class SessionDirectory:
    """One file a conversation, `session.json` for prompts, notes and switches, and `files/` for attachments.

    What was read is cached: the folder says what somebody else has changed. `notify` is called after each write;
    `check` before each access, to raise OSError if there can be none. Any number of threads may use it inside `lock`,
    which turns OSErrors into StorageErrors.
    """

    def __init__(
        self,
        folder: Folder,
        notify: Callable[[], None],
        check: Callable[[], None],
        quotas: Quotas,
        temporary: TemporaryChats,
    ) -> None:
        self.folder = folder
        self.temporary = temporary
        self.quotas = quotas
        self._notify = notify
        self._check = check
        self._lock = threading.RLock()
        self._depth = 0
        self._has_changed = False
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
        """Locks the session. A database stores what is done inside the outermost lock at its end, together or not at
        all."""
        with self._lock:
            try:
                self._check()
                with nullcontext() if self._depth else self._outermost():
                    self._depth += 1
                    try:
                        yield
                    finally:
                        self._depth -= 1
            except OSError as error:
                raise StorageError from error

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        try:
            with self.folder.lock() as changed_by_others:
                self._forget(changed_by_others)
                yield
        finally:
            if self._has_changed:
                self._has_changed = False
                self._notify()

    def notify(self) -> None:
        """Something was written. Whoever watches hears of it when the lock is released."""
        with self._lock:
            self._has_changed = True
            if not self._depth:
                self._has_changed = False
                self._notify()

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
        if temporary := self.temporary.get(self.folder, conversation_id):
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
        if temporary := self.temporary.get(self.folder, conversation_id):
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
            log.error("storage: %s is of another format and was left as it is", file.storage.name)  # noqa: TRY400
            return None

    def mark_changed(self, conversation_id: str) -> None:
        """The conversation was created, changed or deleted. Of a temporary one nothing is kept."""
        if self.temporary.get(self.folder, conversation_id):
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
        with self.lock():
            return self.folder.size()

    def cached_size(self) -> int:
        """The bytes of the files whose messages are in memory. Any thread may ask, without the lock."""
        session_file = self.session_file
        conversations = sum(file.storage.size for file in list(self._cached.values()))
        return conversations + (session_file.size if session_file else 0)

    def changed_at(self) -> float:
        """When something was last written or visited here, in seconds since the epoch; 0 if nothing ever was."""
        return self.folder.changed_at()

    def record_visit(self) -> None:
        """Sets `changed_at` to now, once an hour."""
        if time.monotonic() - self._last_visit > VISIT_SECONDS:
            self._last_visit = time.monotonic()
            self.folder.record_visit()

    def delete(self) -> None:
        """Removes the directory, whatever else has the session's name, and its temporary chats."""
        self.temporary.remove(self.folder)
        self._forget(None)
        self.folder.clear()

    def _forget(self, changed_by_others: Collection[str] | None) -> None:
        """Drops what was read of these files; of all files if None."""
        if changed_by_others is None:
            self._cached.clear()
            self.changed.update(self._summaries or ())
            self._summaries = self.session_file = None
            self._last_change = ""
        for name in changed_by_others or ():
            conversation_id = name.removesuffix(".json")
            if name == "session.json":
                self.session_file = None
            elif CONVERSATION_ID.fullmatch(conversation_id):
                self._cached.pop(conversation_id, None)
                self.mark_changed(conversation_id)

    def _exists(self, file: ConversationFile) -> bool:
        if file.exists:
            return True
        self._listing().pop(file.conversation_id, None)
        if file.storage.is_damaged:
            self._damaged.add(file.conversation_id)
        return False

    def _file(self, conversation_id: str) -> ConversationFile:
        return ConversationFile(self.folder, conversation_id)

    def _listing(self) -> dict[str, Conversation | None]:
        if self._summaries is None:
            if isinstance(self.folder, DiskFolder):
                _refuse_first_format(self.folder)
            names = [name.split(".", 1) for name in self.folder.names()]
            files = [(stem, suffix) for stem, *suffix in names if CONVERSATION_ID.fullmatch(stem)]
            self._summaries = {stem: None for stem, suffix in files if suffix == ["json"]}
            self._damaged = {stem for stem, suffix in files if suffix and suffix[0].startswith("damaged-")}
        return self._summaries


def _refuse_first_format(folder: DiskFolder) -> None:
    """Raises StorageError if the session is of format 1, which had one file for a whole session."""
    if folder.path.with_name(f"{folder.path.name}.json").exists():
        raise StorageError("other_format")
