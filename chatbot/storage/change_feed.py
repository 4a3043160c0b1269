"""Changes: whoever shows a session learns that something was written in it, without asking again and again."""

import asyncio
import threading
from collections import OrderedDict
from contextlib import suppress

MAX_REVISIONS = 1000
"""Sessions whose last change is known exactly; of the others only that it was before."""

Waiter = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class ChangeFeed:
    """Counts the writes in each session. Writers are in any thread, those who wait on any event loop.

    A revision only says whether something changed, not how often. That of a session in which nothing happened for
    long may change all the same: then whoever waits looks once too often, but nobody ever misses a change.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._newest = 0
        self._forgotten = 0
        """The newest revision of a session that is not remembered any more."""
        self._revisions: OrderedDict[str, int] = OrderedDict()
        self._waiters: dict[str, list[Waiter]] = {}

    def revision(self, session_id: str) -> int:
        """What `wait` is to be told was seen. Ask before you look."""
        with self._guard:
            return self._revisions.get(session_id, self._forgotten)

    def notify(self, session_id: str) -> None:
        """Something was written in that session: wake those who wait for it."""
        with self._guard:
            self._newest += 1
            self._revisions[session_id] = self._newest
            self._revisions.move_to_end(session_id)
            if len(self._revisions) > MAX_REVISIONS:
                self._forgotten = self._revisions.popitem(last=False)[1]
            waiters = self._waiters.pop(session_id, [])
        for loop, changed in waiters:
            with suppress(RuntimeError):  # that loop was closed, and nobody is left on it
                loop.call_soon_threadsafe(changed.set)

    async def wait(self, session_id: str, seen: int, timeout: float | None = None) -> int:  # noqa: ASYNC109
        """The session's revision as soon as it is not `seen`; `seen` again after `timeout` seconds."""
        waiter = asyncio.get_running_loop(), asyncio.Event()
        with self._guard:
            revision = self._revisions.get(session_id, self._forgotten)
            if revision != seen:
                return revision
            self._waiters.setdefault(session_id, []).append(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter[1].wait()
        except TimeoutError:
            return seen
        finally:
            self._leave(session_id, waiter)
        return self.revision(session_id)

    def _leave(self, session_id: str, waiter: Waiter) -> None:
        with self._guard:
            waiters = self._waiters.get(session_id, [])
            if waiter in waiters:
                waiters.remove(waiter)
                if not waiters:
                    del self._waiters[session_id]
