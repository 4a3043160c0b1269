"""Requests' bodies on their way in: how much of them all is held at once, and how long one may take."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

MOST_HELD = 400 * 1024 * 1024
"""Bytes of all bodies together: two of the largest that may come, and room for others, in a process that has a
gigabyte."""

NOT_COUNTED = 64 * 1024
"""Bytes of each body: as much the web server holds of a connection anyway, and a message is smaller. So messages come
through, however many files are on their way."""

MOST_SECONDS_BETWEEN = 30.0
"""Between two pieces of a body: longer than a phone in a tunnel needs to send the next one."""

MOST_SECONDS = 1800.0
"""For a whole body: the largest comes in that time at 0.7 Mbit/s. Nobody holds the room for ever by a byte now and
then."""

RETRY_SECONDS = 10
"""When to ask again, where too much is held: files come in about as fast."""

CROWDED = "Many files are being uploaded here at the moment. Wait a moment, then try again"
STALLED = "The upload took too long, or stopped half way. Please try again"


class BodyLimits:
    """Counts what is held of the bodies of all requests under way."""

    def __init__(self) -> None:
        self._held = 0

    @contextmanager
    def body(self, told: int, receive: Receive) -> Iterator[Receive]:
        """`receive` of a request that says its body has `told` bytes, 0 where it does not say. What comes is counted
        until the context ends: until then somebody holds it.

        It raises HTTPException 503 where too much would be held, before it asks for anything if that is known by then,
        and 408 where a body does not go on. After a body's end it only waits for the connection's, as long as need be.
        """
        size = counted = 0
        is_whole = False
        until = time.monotonic() + MOST_SECONDS

        async def take() -> Message:
            nonlocal size, counted, is_whole
            if is_whole:
                return await receive()
            if not size:
                self._admit(_beyond(told))
            try:
                async with asyncio.timeout(min(MOST_SECONDS_BETWEEN, until - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, STALLED, {"Connection": "close"}) from None
            size += len(message.get("body", b""))
            more = _beyond(size) - counted
            self._admit(more)
            self._held, counted = self._held + more, counted + more
            is_whole = not message.get("more_body", False)
            return message

        try:
            yield take
        finally:
            self._held -= counted

    def _admit(self, more: int) -> None:
        if more and self._held + more > MOST_HELD:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, CROWDED, {"Retry-After": str(RETRY_SECONDS)})


def _beyond(size: int) -> int:
    """How many of so many bytes count."""
    return max(0, size - NOT_COUNTED)
