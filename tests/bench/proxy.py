"""A link that is slow: a TCP proxy on loopback that lets each byte through a fixed time after it came, either way."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """The port of a proxy to `port`; its connections are made at once, what is sent over them takes `seconds`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(_Link(port, seconds).connected, "127.0.0.1", 0)

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

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._one_way(reader, far_writer), self._one_way(far_reader, writer))

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Timers of equal length fire in order, so nothing overtakes."""
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                loop.call_later(self._seconds, writer.write, chunk)
        loop.call_later(self._seconds, writer.close)
