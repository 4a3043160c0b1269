"""Serves the page's scripts and styles from memory: compressed once, and cached by browsers.

Gradio looks each of its files up, reads it in a thread and compresses it again for every visitor, which takes 2 ms of
CPU a file, and has browsers ask whether it has changed. The names contain a hash of the content, so it never has.
"""

import asyncio
import gzip
import mimetypes
from concurrent.futures import Future
from pathlib import PurePosixPath
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.gradio_bundle import ASSETS
from chatbot.web.page_files import PageFiles

ASSETS_PATH = "/assets/"
THEME_PATH = "/theme.css"
IMMUTABLE = "public, max-age=31536000, immutable"
COMPRESSED = {".js", ".css", ".svg", ".json"}

GZIP_LEVEL = 6
"""It makes 139 kB of 399 kB of scripts, once, in 9 ms (measured)."""


class _File(NamedTuple):
    content: bytes
    compressed: bytes
    media_type: str


class StaticCache:
    """Answers GET requests for files under /assets/, Gradio's and the page's, and has the theme's style cached; passes
    everything else on."""

    def __init__(self, app: ASGIApp, files: Future[PageFiles]) -> None:
        self._app = app
        self._gradios = {file.name for file in ASSETS.iterdir() if file.is_file()}
        self._page_files = files
        self._files: dict[str, _File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
        elif scope["path"] == THEME_PATH and scope["query_string"].startswith(b"v="):
            await self._app(scope, receive, _with_caching(send))
        elif scope["path"].startswith(ASSETS_PATH) and (file := await self._file(scope["path"])):
            await _response(file, Headers(scope=scope))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _file(self, path: str) -> _File | None:
        if path not in self._files and (content := await asyncio.to_thread(self._read, path)) is not None:
            self._files[path] = await asyncio.to_thread(_compress, path, content)
        return self._files.get(path)

    def _read(self, path: str) -> bytes | None:
        """None if there is no such file. Gradio's other files are in the page's folder as well, for its bundle."""
        folder, _, name = path.removeprefix(ASSETS_PATH).rpartition("/")
        page = self._page_files.result()
        if folder == page.folder and name in page.files:
            return page.files[name]
        is_gradios = folder in {"", page.folder} and name in self._gradios
        return (ASSETS / name).read_bytes() if is_gradios else None


def _compress(path: str, content: bytes) -> _File:
    compressed = gzip.compress(content, GZIP_LEVEL) if PurePosixPath(path).suffix in COMPRESSED else b""
    return _File(content, compressed, mimetypes.guess_type(path)[0] or "application/octet-stream")


def _response(file: _File, request: Headers) -> Response:
    # A service worker may then serve all pages, though its file is in a folder.
    headers = {"cache-control": IMMUTABLE, "vary": "accept-encoding", "service-worker-allowed": "/"}
    content = file.content
    if file.compressed and "gzip" in request.get("accept-encoding", ""):
        content, headers["content-encoding"] = file.compressed, "gzip"
    return Response(content, headers=headers, media_type=file.media_type)


def _with_caching(send: Send) -> Send:
    async def send_cached(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["cache-control"] = IMMUTABLE
        await send(message)

    return send_cached
