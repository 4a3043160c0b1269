"""ReadPace: pieces of an answer that follow each other quickly are read together. To wake up for a piece costs the
process more than to read it (tests/bench/NOTES.md)."""

import asyncio
import socket
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx2

READ_SECONDS = 0.0325
"""Between two reads of a quick answer, which makes 30 a second with the reading itself. The eye sees no difference in
text that comes more often."""

READ_COST_SECONDS = 0.0003
"""Of the event loop's time for waking up to read (tests/bench/NOTES.md)."""

READ_SHARE = 0.1
"""The share of the event loop's time that waking up may take. Of more than ten answers each is read less often, about
as often as a page is updated (replies/pacing.py)."""

QUICK = 1.5
"""Pieces further apart than so many times of what lies between two reads are read one by one: nothing would come
together."""

GATHERED_BYTES = 65_536
"""As much as this is read at once, or half of what the kernel's buffer holds."""


def read_interval(answers: int) -> float:
    """Seconds between two reads of each of so many quick answers."""
    return max(READ_SECONDS, answers * READ_COST_SECONDS / READ_SHARE)


class ReadPace:
    """As a context manager, the pace at which the body of `response` is read. Inside, what comes soon after a piece
    waits in the kernel, below TLS, and wakes nobody. Linux does that since 4.18; other systems read each piece as it
    comes, because they do not notice when a socket's mark is lowered again."""

    _running: ClassVar[int] = 0  # of all answers, since they share the event loop

    def __init__(self, response: httpx2.Response) -> None:
        stream = response.extensions.get("network_stream")
        self._socket: Any = stream.get_extra_info("socket") if stream and sys.platform == "linux" else None
        self._read_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def rest(self) -> None:
        """After a piece: what would come within `read_interval` waits until that is over."""
        loop = asyncio.get_running_loop()
        interval = read_interval(ReadPace._running)
        is_quick = loop.time() - self._read_at < QUICK * interval
        self._read_at = loop.time()
        if is_quick and self._socket is not None and self._timer is None:
            self._wake_for(GATHERED_BYTES)
            self._timer = loop.call_later(interval, self.resume)

    def resume(self) -> None:
        """Whatever has come, or comes next, is read at once."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._wake_for(1)

    def _wake_for(self, size: int) -> None:
        with suppress(OSError):  # closed meanwhile
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)

    def __enter__(self) -> Self:
        ReadPace._running += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ReadPace._running -= 1
        self.resume()  # another answer may come over the same connection
