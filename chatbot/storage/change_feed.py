"""ChangeFeed: tells whoever displays a session that something was written in it, without polling."""

import asyncio
import threading
from collections import OrderedDict
from contextlib import suppress

MAX_REVISIONS = 1000
"""Sessions whose last change is known exactly; of the others only that it was earlier."""

Waiter = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class ChangeFeed:
    """Counts the writes of each session. Writers are in any thread, waiters on any event loop.

    A revision says whether something changed, not how often. An evicted session's revision may move without a change:
    then a waiter looks once too often, but nobody misses a change.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest = 0
        self._evicted = 0
        """The newest revision of an evicted session."""
        self._revisions: OrderedDict[str, int] = OrderedDict()
        self._waiters: dict[str, list[Waiter]] = {}

    def revision(self, session_id: str) -> int:
        """The revision to pass to `wait`. Ask for it before reading the session."""
        with self._lock:
            return self._revisions.get(session_id, self._evicted)

    def notify(self, session_id: str) -> None:
        """Wakes those who wait for a change of the session."""
        with self._lock:
            self._newest += 1
            self._revisions[session_id] = self._newest
            self._revisions.move_to_end(session_id)
            if len(self._revisions) > MAX_REVISIONS:
                self._evicted = self._revisions.popitem(last=False)[1]
            waiters = self._waiters.pop(session_id, [])
        for loop, changed in waiters:
            with suppress(RuntimeError):  # that loop is closed
                loop.call_soon_threadsafe(changed.set)

    def notify_all(self) -> None:
        """Wakes all who wait: any session may have changed."""
        with self._lock:
            sessions = [*self._waiters]
        for session_id in sessions:
            self.notify(session_id)

    async def wait(self, session_id: str, seen: int, timeout: float | None = None) -> int:  # noqa: ASYNC109
        """Returns the session's revision as soon as it is not `seen`; `seen` again after `timeout` seconds."""
        waiter = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            revision = self._revisions.get(session_id, self._evicted)
            if revision != seen:
                return revision
            self._waiters.setdefault(session_id, []).append(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter[1].wait()
        except TimeoutError:
            return seen
        finally:
            self._remove(session_id, waiter)
        return self.revision(session_id)

    def _remove(self, session_id: str, waiter: Waiter) -> None:
        with self._lock:
            waiters = self._waiters.get(session_id, [])
            if waiter in waiters:
                waiters.remove(waiter)
                if not waiters:
                    del self._waiters[session_id]
