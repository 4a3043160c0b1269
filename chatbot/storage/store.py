"""Store: one ConversationMemory for each session, in one directory that one process owns."""

import os
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from filelock import FileLock, Timeout

from chatbot.errors import SettingsError, StorageError
from chatbot.storage.change_feed import ChangeFeed
from chatbot.storage.conversation_memory import ConversationMemory
from chatbot.storage.quotas import Quotas
from chatbot.storage.session_directory import finish_deletions
from chatbot.storage.temporary_chats import TemporaryChats

MAX_OPEN_SESSIONS = 64
"""Sessions whose parsed files stay in memory after use."""
MAX_CACHED_BYTES = 256 * 1024 * 1024
"""Of all their files: a visitor may have imported conversations of many megabytes."""
CACHE_CHECK_SECONDS = 1.0
"""How often the cached bytes are added up, which takes a fraction of a millisecond."""

DAY_SECONDS = 86_400


class Store:
    """Hands out the memory of a session: always the same object while anybody holds it, because its lock is the
    session's. `changes` tells of every write; `quotas` say how much may be stored.

    Raises SettingsError if the directory cannot be used, or another process uses it.
    """

    def __init__(self, directory: Path, quotas: Quotas | None = None) -> None:
        self._quotas = quotas
        self.directory = directory
        self.changes = ChangeFeed()
        self._temporary = TemporaryChats()
        self._lock = threading.Lock()
        self._alive: WeakValueDictionary[str, ConversationMemory] = WeakValueDictionary()
        self._recent: OrderedDict[str, ConversationMemory] = OrderedDict()
        self._cache_checked = 0.0
        self._process_lock = _acquire_lock(directory)
        self._lock_file = os.stat(self._process_lock.lock_file)
        with suppress(OSError):  # nothing reads what is left, and the next start tries again
            finish_deletions(directory / "sessions")

    def memory(self, session_id: str) -> ConversationMemory:
        """The memory of that session. Nothing is written before its first conversation."""
        self._temporary.sweep()
        memory = self._open(session_id)
        memory.record_visit()
        return memory

    def delete_inactive_sessions(self, days: float) -> int:
        """Deletes the sessions that nobody visited for so many days; returns how many. Blocks; skips what the disk does
        not let go."""
        deleted = 0
        directory, since = self.directory / "sessions", time.time() - days * DAY_SECONDS
        for session in directory.iterdir() if directory.exists() else ():
            with suppress(StorageError, OSError):
                if session.stat().st_mtime >= since:
                    continue
                if session.is_dir():
                    deleted += self._open(session.name).delete_if_inactive(since)
                else:  # of another format, or damaged
                    session.unlink()
                    deleted += session.suffix == ".json"
        return deleted

    def close(self) -> None:
        """Releases the directory to other processes."""
        self._process_lock.release()

    def _open(self, session_id: str) -> ConversationMemory:
        with self._lock:
            memory = self._alive.get(session_id) or self._create(session_id)
            self._alive[session_id] = self._recent[session_id] = memory
            self._recent.move_to_end(session_id)
            if len(self._recent) > MAX_OPEN_SESSIONS:
                self._recent.popitem(last=False)
            if time.monotonic() > self._cache_checked + CACHE_CHECK_SECONDS:
                self._cache_checked = time.monotonic()
                self._evict()
        return memory

    def _evict(self) -> None:
        """Evicts least recently used sessions until the cached files fit MAX_CACHED_BYTES, or one session is left."""
        sizes = {session_id: memory.cached_size() for session_id, memory in self._recent.items()}
        total = sum(sizes.values())
        while total > MAX_CACHED_BYTES and len(self._recent) > 1:
            session_id, _ = self._recent.popitem(last=False)
            total -= sizes[session_id]

    def _create(self, session_id: str) -> ConversationMemory:
        path = self.directory / "sessions" / session_id
        notify = partial(self.changes.notify, session_id)
        return ConversationMemory(path, notify, self._check_owner, self._quotas, self._temporary)

    def _check_owner(self) -> None:
        """Raises OSError if the directory was removed or is no longer mounted: what is written there now might never be
        seen again, or be another process's."""
        if not os.path.samestat(self._lock_file, os.stat(self._process_lock.lock_file)):
            raise FileNotFoundError(self.directory)


def _acquire_lock(directory: Path) -> FileLock:
    """Takes the process's lock on `directory`. The operating system releases it with the process, however that ends."""
    lock = FileLock(directory / ".lock", timeout=0, thread_local=False)  # any thread may close the store
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: another chatbot is using this directory") from None
    except OSError as error:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: expected a directory to write in") from error
    return lock
