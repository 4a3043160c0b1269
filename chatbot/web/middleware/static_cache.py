"""Gradio's own scripts and styles, from memory: compressed once, and kept by the browsers.

Gradio looks each of the page's eighty files up, reads it in threads and compresses it anew for every visitor, which
takes 2 ms of CPU a file, and lets the browser ask again whether it is still the same. Their names have a hash of what
is in them, so it always is.
"""

import asyncio
import gzip
import mimetypes
from pathlib import Path
from typing import NamedTuple

import gradio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ADDRESS = "/assets/"
PLACE = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
FOR_EVER = "public, max-age=31536000, immutable"
COMPRESSED = {".js", ".css", ".svg", ".json"}

EFFORT = 6
"""Of 1 to 9. Of 399 kB of scripts it leaves 139, in 9 ms once (measured)."""


class _File(NamedTuple):
    content: bytes
    compressed: bytes
    media_type: str


class StaticCache:
    """Answers with what stands under /assets/; leads everything else on, and also the rest of what is asked there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._names = {f"{ADDRESS}{file.name}" for file in PLACE.iterdir() if file.is_file()}
        self._files: dict[str, _File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in self._names:
            await self._app(scope, receive, send)
            return
        file = await self._file(scope["path"])
        headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
        content = file.content
        if file.compressed and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            content, headers["content-encoding"] = file.compressed, "gzip"
        await Response(content, headers=headers, media_type=file.media_type)(scope, receive, send)

    async def _file(self, path: str) -> _File:
        if path not in self._files:
            self._files[path] = await asyncio.to_thread(_read, PLACE / path.removeprefix(ADDRESS))
        return self._files[path]


def _read(file: Path) -> _File:
    content = file.read_bytes()
    compressed = gzip.compress(content, EFFORT) if file.suffix in COMPRESSED else b""
    return _File(content, compressed, mimetypes.guess_type(file.name)[0] or "application/octet-stream")
