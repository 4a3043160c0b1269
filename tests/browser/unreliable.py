"""A TCP proxy before the app, to simulate a network failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Line:
    """Forwards connections to the app's port `target`, unless it is cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()
        self.is_cut = False
        self.refused = 0
        """Connections that were tried while it was cut."""
        self.url = ""

    async def start(self) -> asyncio.Server:
        """Listens on a free port, and sets `url`."""
        server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    def cut(self) -> None:
        """Aborts every connection, and refuses new ones."""
        self.is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def restore(self) -> None:
        """Accepts connections again."""
        self.is_cut = False

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            self.refused += 1
            return writer.transport.abort()
        app_reader, app_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ends = {writer, app_writer}
        self._open |= ends
        await asyncio.gather(_pump(reader, app_writer), _pump(app_reader, writer), return_exceptions=True)
        self._open -= ends
        return None


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """Runs a proxy to that local port."""
    line = Line(port)
    server = await line.start()
    try:
        yield line
    finally:
        server.close()
        line.cut()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    finally:
        sink.close()
