"""Temporary chats: conversations in memory only, for as long as somebody uses them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable

import orjson

from chatbot.storage.append_log import Tables
from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.folder import Folder

TEMPORARY_SECONDS = 15 * 60
"""How long a temporary chat stays without being used: long enough for a reload, or for reading a long answer."""
MAX_TEMPORARY_CHATS = 200
"""In the process; of one session a tenth. Those that were used longest ago go first."""
MAX_TEMPORARY_BYTES = 64 * 1024 * 1024


class TemporaryStorage(AtomicJsonStorage):
    """A storage without a file."""

    _content: bytes | None = None

    def read(self) -> Tables | None:
        """The tables as they were last saved, or as the current transaction has them."""
        if self._tables is None and self._content is not None:
            self._tables = orjson.loads(self._content)
        return self._tables

    def delete(self) -> None:
        """Drops everything."""
        self._tables = self._content = None
        self._changes, self._rewrite = {}, False

    def _save(self) -> None:
        self._content = orjson.dumps(self._tables)
        self.size = len(self._content)


class TemporaryChats:
    """The temporary chats of all sessions, by a session and its conversation. Any number of threads may use
    it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[tuple[Hashable, str], tuple[ConversationFile, float]] = OrderedDict()
        """With the time of their last use, by the monotonic clock; the last used is last."""

    def add(self, folder: Folder, conversation_id: str) -> ConversationFile:
        """A new, empty chat."""
        file = ConversationFile(folder, conversation_id, TemporaryStorage)
        with self._lock:
            own = [key for key in self._files if key[0] == folder.key]
            if len(own) >= MAX_TEMPORARY_CHATS // 10:
                del self._files[own[0]]
            self._files[folder.key, conversation_id] = file, time.monotonic()
        self.sweep()
        return file

    def get(self, folder: Folder, conversation_id: str) -> ConversationFile | None:
        """The chat, which counts as used now; None if there is none, or no more."""
        if not self._files:  # most often; the event loop would wait for the lock
            return None
        self.sweep()
        with self._lock:
            found = self._files.get((folder.key, conversation_id))
            if found:
                self._files[folder.key, conversation_id] = found[0], time.monotonic()
                self._files.move_to_end((folder.key, conversation_id))
            return found[0] if found else None

    def remove(self, folder: Folder, conversation_id: str | None = None) -> None:
        """Drops the chat, or all those of the session."""
        with self._lock:
            for key in [key for key in self._files if key[0] == folder.key and conversation_id in (None, key[1])]:
                del self._files[key]

    def sweep(self) -> None:
        """Drops the chats that nobody has used for TEMPORARY_SECONDS, and more if all take too much."""
        if not self._files:
            return
        with self._lock:
            total = sum(file.storage.size for file, _ in self._files.values())
            while self._files:
                file, used = next(iter(self._files.values()))
                is_too_much = len(self._files) > MAX_TEMPORARY_CHATS or total > MAX_TEMPORARY_BYTES
                if not is_too_much and time.monotonic() - used < TEMPORARY_SECONDS:
                    return
                total -= file.storage.size
                self._files.popitem(last=False)
