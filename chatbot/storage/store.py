"""The store: one ConversationMemory and one directory for each session, one process for all of them."""

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
from chatbot.storage.session_directory import remove_leftovers

MAX_OPEN_SESSIONS = 64
"""Sessions of which parsed files stay in memory after use; the others cost nothing until they are back."""

MAX_CACHED_BYTES = 256 * 1024 * 1024
"""Of their files, all together: a visitor may have brought in conversations of many megabytes."""
CACHE_CHECK_SECONDS = 1.0
"""How often they are added up: to do so takes a fraction of a millisecond."""

DAY_SECONDS = 86_400


class Store:
    """Hands out the memory of a session. While anybody holds one, the same session gets the same object, so that its
    lock is the session's lock. `changes` tells of every write in a session; `room` says how much may be kept.

    Raises SettingsError where the directory cannot be used, or another process is using it.
    """

    def __init__(self, directory: Path, room: Quotas | None = None) -> None:
        self._room = room
        self.directory = directory
        self.changes = ChangeFeed()
        self._guard = threading.Lock()
        self._alive: WeakValueDictionary[str, ConversationMemory] = WeakValueDictionary()
        self._recent: OrderedDict[str, ConversationMemory] = OrderedDict()
        self._weighed = 0.0
        self._process_lock = _claimed(directory)
        self._claim = os.stat(self._process_lock.lock_file)
        with suppress(OSError):  # nothing reads what is left, and the next start tries again
            remove_leftovers(directory / "sessions")

    def memory(self, session_id: str) -> ConversationMemory:
        """The memory of that session; nothing is written before something is said."""
        memory = self._shared(session_id)
        memory.record_visit()
        return memory

    def delete_inactive_sessions(self, days: float) -> int:
        """Remove the sessions that nobody has visited for so many days; returns how many. Blocks; skips what the disk
        does not let go."""
        removed = 0
        directory, since = self.directory / "sessions", time.time() - days * DAY_SECONDS
        for session in directory.iterdir() if directory.exists() else ():
            with suppress(StorageError, OSError):
                if session.stat().st_mtime >= since:
                    continue
                if session.is_dir():
                    removed += self._shared(session.name).delete_if_inactive(since)
                else:  # of the first format, or set aside: opening it, a visitor would have made a directory of it
                    session.unlink()
                    removed += session.suffix == ".json"
        return removed

    def close(self) -> None:
        """Let another process have the directory."""
        self._process_lock.release()

    def _shared(self, session_id: str) -> ConversationMemory:
        with self._guard:
            memory = self._alive.get(session_id) or self._opened(session_id)
            self._alive[session_id] = self._recent[session_id] = memory
            self._recent.move_to_end(session_id)
            if len(self._recent) > MAX_OPEN_SESSIONS:
                self._recent.popitem(last=False)
            if time.monotonic() > self._weighed + CACHE_CHECK_SECONDS:
                self._weighed = time.monotonic()
                self._lighten()
        return memory

    def _lighten(self) -> None:
        """Let go of what was used longest ago, until the rest is no more than is to be kept, or one session."""
        sizes = {session_id: memory.parsed_size() for session_id, memory in self._recent.items()}
        total = sum(sizes.values())
        while total > MAX_CACHED_BYTES and len(self._recent) > 1:
            session_id, _ = self._recent.popitem(last=False)
            total -= sizes[session_id]

    def _opened(self, session_id: str) -> ConversationMemory:
        path = self.directory / "sessions" / session_id
        return ConversationMemory(path, partial(self.changes.notify, session_id), self._check, self._room)

    def _check(self) -> None:
        """Raise OSError where the directory is not ours any more: removed, or no longer mounted. What would be written
        there might never be seen again, or be another process's."""
        if not os.path.samestat(self._claim, os.stat(self._process_lock.lock_file)):
            raise FileNotFoundError(self.directory)


def _claimed(directory: Path) -> FileLock:
    """The lock on `directory`, taken. The operating system lets it go with the process, however that ends."""
    lock = FileLock(directory / ".lock", timeout=0, thread_local=False)  # any thread may close the store
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: another chatbot is using this directory") from None
    except OSError as error:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: expected a directory to write in") from error
    return lock
