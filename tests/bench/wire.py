"""A minimal HTTP client, so that clients take little CPU next to the measured server."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import urlsplit

MAX_LINE_BYTES = 1 << 24

END = b"0\r\n"
"""The last line of a response: an empty chunk."""


async def events(
    url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[bytes]:
    """Yields the lines of an SSE stream; sends a POST if there is a body, else a GET. Lines with chunk lengths are
    included. No line is split, because servers send each event as one chunk."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=MAX_LINE_BYTES)
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
    head = {"Host": address.netloc, "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    return "\r\n".join(lines).encode() + content
