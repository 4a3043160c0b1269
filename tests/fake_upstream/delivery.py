"""Sends an answer at its pace until it ends, breaks, or the client disconnects."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from tests.fake_upstream.answers import Json
from tests.fake_upstream.dialect import Speech, encode
from tests.fake_upstream.scenarios import Scenario


class Cut(Exception):
    """Raised where the connection has to break."""


class Pace:
    """The times at which tokens are due, relative to the start: a late token does not delay the next one."""

    def __init__(self, scenario: Scenario) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time() + scenario.first_token_after
        self._gap = 1 / scenario.tokens_per_second if scenario.tokens_per_second else 0.0

    async def wait(self, count: int) -> None:
        """Waits until the token after `count` others is due; yields to other tasks even if it is overdue."""
        due = self._start + count * self._gap
        await asyncio.sleep(max(0.0, due - self._loop.time()))

    async def pause(self, seconds: float) -> None:
        """Waits, and delays all further tokens by that time."""
        await asyncio.sleep(seconds)
        self._start += seconds


async def streamed(speech: Speech, scenario: Scenario, error_event: bytes) -> AsyncGenerator[bytes]:
    """Yields the answer's events, with the scenario's faults."""
    pace = Pace(scenario)
    await pace.pause(scenario.headers_after)
    yield speech.opening()
    for count, frame in enumerate(speech.frames(finished=not scenario.end_without_finish)):
        if count == scenario.silence_after:
            await pace.pause(scenario.silence_seconds)
        await pace.wait(count)
        if count == scenario.error_after:
            yield error_event
            return
        if count == scenario.cut_after:
            yield frame[: len(frame) // 2]
            raise Cut
        yield _corrupted(frame, scenario, count)


def _corrupted(frame: bytes, scenario: Scenario, count: int) -> bytes:
    if count == scenario.bad_json_after:
        return frame[: len(frame) // 2] + b"\n\n"
    if count == scenario.bad_utf8_after:
        return _with_bad_byte(frame)
    return frame


def _with_bad_byte(text: bytes) -> bytes:
    middle = len(text) // 2
    return text[:middle] + b"\xff" + text[middle:]


async def whole(value: Json, tokens: int, scenario: Scenario) -> AsyncGenerator[bytes]:
    """Yields one JSON object, after the time that a stream of so many tokens takes."""
    pace = Pace(scenario)
    await pace.pause(scenario.headers_after)
    if scenario.silence_after is not None and scenario.silence_after <= tokens:
        await pace.pause(scenario.silence_seconds)
    await pace.wait(tokens)
    body = encode(value)
    if scenario.bad_utf8_after is not None:
        body = _with_bad_byte(body)
    if scenario.bad_json_after is not None or scenario.cut_after is not None:
        body = body[: len(body) // 2]
    yield body
    if scenario.cut_after is not None:
        raise Cut


def break_off(transport: asyncio.Transport, *, reset: bool) -> None:
    """Closes a connection in the middle of an answer, normally or with a TCP reset."""
    if not reset:
        transport.close()
        return
    # With SO_LINGER at 0 seconds the system sends a reset.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@dataclass
class Traffic:
    """Counts streams and disconnections. Only the server's thread writes it, so readers need no lock."""

    open_streams: int = 0
    closed_early: int = 0
    last_close: float | None = None
    first_tokens: list[float] = field(default_factory=list)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Counts a stream as open inside the block."""
        self.open_streams += 1
        try:
            yield
        finally:
            self.open_streams -= 1

    def record_disconnect(self) -> None:
        """Records that a client disconnected before the end."""
        self.closed_early += 1
        self.last_close = time.monotonic()

    def record_part(self, number: int) -> None:
        """Records that a part of a stream is sent now: 0 is the opening, 1 the first token."""
        if number == 1:
            self.first_tokens.append(time.perf_counter())


class Delivery:
    """An ASGI application that sends one answer and detects at once if the client disconnects."""

    def __init__(
        self,
        parts: AsyncGenerator[bytes],
        headers: Mapping[str, str],
        *,
        traffic: Traffic,
        cut: Callable[[Scope], None],
    ) -> None:
        self._parts = parts
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._traffic = traffic
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._traffic.stream():
            sending = asyncio.create_task(self._send(send))
            disconnect = asyncio.create_task(_wait_for_disconnect(receive))
            try:
                await asyncio.wait((sending, disconnect), return_when=asyncio.FIRST_COMPLETED)
                if not sending.done():
                    self._traffic.record_disconnect()
                elif isinstance(sending.exception(), Cut):
                    self._cut(scope)
                    await disconnect
                else:
                    sending.result()
            finally:
                sending.cancel()
                disconnect.cancel()
                await asyncio.gather(sending, disconnect, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        number = 0
        async with aclosing(self._parts) as parts:
            async for part in parts:
                # The status is sent with the first part: a silent service sends no status either.
                if number == 0:
                    await send({"type": "http.response.start", "status": 200, "headers": self._headers})
                self._traffic.record_part(number)
                number += 1
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
