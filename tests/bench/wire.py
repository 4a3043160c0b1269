"""HTTP at its barest, for clients that must cost next to nothing beside the server that they measure."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import urlsplit

LONGEST_LINE = 1 << 24

END = b"0\r\n"
"""The line that ends an answer on a connection that is kept: a chunk of no length."""


async def events(
    url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[bytes]:
    """The lines of a stream of Server-Sent Events as they come: of a POST where there is a body. A server sends each
    event in a chunk of its own, so no line is split; the lines that only tell a chunk's length are among them."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=LONGEST_LINE)
    try:
        writer.write(_request(url, body, headers or {}))
        status = await reader.readline()
        assert b" 200 " in status, status + await reader.read(1000)
        async for line in reader:
            yield line
            if line == END:
                return
    finally:
        writer.close()


def _request(url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> bytes:
    address = urlsplit(url)
    content = json.dumps(body).encode() if body is not None else b""
    method, path = "GET" if body is None else "POST", address.path + (f"?{address.query}" if address.query else "")
    told = {"Host": address.netloc, "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode() + content
