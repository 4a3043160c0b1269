"""ReadPace: pieces of an answer that follow each other quickly are read together. To wake up for a piece costs the
process more than to read it (tests/bench/NOTES.md)."""

import asyncio
import socket
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx2

READ_SECONDS = 0.0325
"""Between two reads of a quick answer, which makes 30 a second with the reading itself. The eye sees no difference in
text that comes more often."""

QUICK_SECONDS = 1.5 * READ_SECONDS
"""Pieces further apart than this are read one by one: nothing would come together."""

GATHERED_BYTES = 65_536
"""As much as this is read at once, or half of what the kernel's buffer holds."""


class ReadPace:
    """As a context manager, the pace at which the body of `response` is read. Inside, what comes soon after a piece
    waits in the kernel, below TLS, and wakes nobody. Linux does that since 4.18; other systems read each piece as it
    comes, because they do not notice when a socket's mark is lowered again."""

    def __init__(self, response: httpx2.Response) -> None:
        stream = response.extensions.get("network_stream")
        self._socket: Any = stream.get_extra_info("socket") if stream and sys.platform == "linux" else None
        self._read_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def rest(self) -> None:
        """After a piece: what would come within READ_SECONDS waits until they are over."""
        loop = asyncio.get_running_loop()
        is_quick = loop.time() - self._read_at < QUICK_SECONDS
        self._read_at = loop.time()
        if is_quick and self._socket is not None and self._timer is None:
            self._wake_for(GATHERED_BYTES)
            self._timer = loop.call_later(READ_SECONDS, self.resume)

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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.resume()  # another answer may come over the same connection
