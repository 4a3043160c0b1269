"""A slow link: a TCP proxy on loopback that delays all bytes in both directions by a fixed time."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def delay(port: int, seconds: float) -> Iterator[int]:
    """Runs a proxy to `port`; yields its port. Data takes `seconds` each way; connections open at once."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(_Link(port, seconds).connect, "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


class _Link:
    def __init__(self, port: int, seconds: float) -> None:
        self._port = port
        self._seconds = seconds

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._copy(reader, target_writer), self._copy(target_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Timers of equal length fire in order, so chunks stay in order."""
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                loop.call_later(self._seconds, writer.write, chunk)
        loop.call_later(self._seconds, writer.close)
