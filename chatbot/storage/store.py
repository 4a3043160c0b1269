"""Store: one ConversationMemory for each session."""

import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from chatbot.errors import StorageError
from chatbot.settings import Settings
from chatbot.storage.backend import Backend
from chatbot.storage.change_feed import ChangeFeed
from chatbot.storage.conversation_memory import ConversationMemory
from chatbot.storage.disk_backend import DiskBackend
from chatbot.storage.events import Event
from chatbot.storage.quotas import Quotas
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

    `place` is a data directory or a backend. Raises SettingsError if the directory cannot be used, or another process
    uses it.
    """

    def __init__(self, place: Path | Backend, quotas: Quotas | None = None) -> None:
        self._quotas = quotas
        self.backend = DiskBackend(place) if isinstance(place, Path) else place
        self.changes = ChangeFeed()
        self._temporary = TemporaryChats()
        self._lock = threading.Lock()
        self._alive: WeakValueDictionary[str, ConversationMemory] = WeakValueDictionary()
        self._recent: OrderedDict[str, ConversationMemory] = OrderedDict()
        self._cache_checked = 0.0
        self._refreshing = ThreadPoolExecutor(1, "refreshing")
        self.backend.listen(self._receive)

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work on the same sessions."""
        return self.backend.is_shared

    def memory(self, session_id: str) -> ConversationMemory:
        """The memory of that session. Nothing is written before its first conversation."""
        self._temporary.sweep()
        memory = self._open(session_id)
        memory.record_visit()
        return memory

    def delete_inactive_sessions(self, days: float) -> int:
        """Deletes the sessions that nobody visited for so many days; returns how many. Blocks; skips what the disk does
        not let go."""
        deleted, since = 0, time.time() - days * DAY_SECONDS
        with suppress(StorageError, OSError):
            deleted += self.backend.delete_remains(since)
            for session_id in self.backend.inactive(since):
                with suppress(StorageError, OSError):
                    deleted += self._open(session_id).delete_if_inactive(since)
        return deleted

    def close(self) -> None:
        """Releases what the conversations are kept in."""
        self._refreshing.shutdown(wait=False, cancel_futures=True)
        self.backend.close()

    def _receive(self, event: Event) -> None:
        """Another process has changed a session: whoever shows it looks again, and what is gone leaves the caches."""
        if event.kind != "changed":
            return
        if not event.session_id:
            self.changes.notify_all()
            return
        self.changes.notify(event.session_id)
        with self._lock:
            memory = self._alive.get(event.session_id)
        if memory:
            with suppress(RuntimeError):  # the store was just closed
                self._refreshing.submit(memory.refresh)

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
        folder, notify = self.backend.folder(session_id), partial(self.changes.notify, session_id)
        return ConversationMemory(folder, notify, self.backend.check, self._quotas, self._temporary)


def open_store(settings: Settings, quotas: Quotas) -> Store:
    """The store that the settings choose. Raises SettingsError."""
    if settings.chatbot_database_url is None:
        backend = DiskBackend(settings.chatbot_data_dir)
        backend.probe()
        return Store(backend, quotas)
    from chatbot.storage.database_backend import DatabaseBackend  # noqa: PLC0415 - psycopg, which most do without

    return Store(DatabaseBackend(settings.chatbot_database_url.get_secret_value()), quotas)
