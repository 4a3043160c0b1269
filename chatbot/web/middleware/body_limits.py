"""Limits request bodies: how large one is, how many large ones are read at once, and how long one may stall."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.errors import ChatbotError, TooLarge, UploadTimeout
from chatbot.web.error_response import error_response

MIB = 1024 * 1024
MAX_CALL_BYTES = MIB
"""Of a body that is no upload."""
MAX_IMPORT_BYTES = 150 * MIB

MAX_CONCURRENT_UPLOADS = 4
"""Uploads that are read at the same time, over all visitors: with MAX_IMPORT_BYTES, at most 600 MB."""

STALL_SECONDS = 30.0
"""Between two pieces of a body: longer than a phone in a tunnel needs to send the next one."""
MAX_BODY_SECONDS = 1800.0
"""For a whole body: the largest takes as long at 0.7 Mbit/s. A byte now and then does not hold a place for ever."""

LINGER_BYTES = 16 * MIB
LINGER_SECONDS = 2.0
"""How much more of a body that is too large is read and dropped: a connection that is closed with unread data loses the
answer on its way."""

RETRY_SECONDS = 10
"""When to ask again if too many uploads are read: they take about as long."""


class TooManyUploads(ChatbotError):
    """Too many uploads are being read."""

    code = "too_many_uploads"
    status = 503
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after=RETRY_SECONDS)


class BodyLimits:
    """Refuses bodies that are too large, too many or too slow. `uploads` maps the paths that take files to their
    largest body in bytes and the error for a larger one."""

    def __init__(self, app: ASGIApp, uploads: Mapping[str, tuple[int, TooLarge]]) -> None:
        self._app = app
        self._uploads = uploads
        self._reading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        is_upload = scope["path"] in self._uploads
        most, too_large = self._uploads.get(scope["path"], (MAX_CALL_BYTES, TooLarge("body", most=1)))
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > most:  # refused unread
            await error_response(too_large, request)(scope, receive, send)
        elif is_upload and self._reading >= MAX_CONCURRENT_UPLOADS:
            await error_response(TooManyUploads(), request)(scope, receive, send)
        else:
            self._reading += is_upload
            try:
                await _LimitedBody(self._app, most, too_large)(scope, receive, send)
            finally:
                self._reading -= is_upload


class _LimitedBody:
    """Runs the app for one request; a body that breaks a limit is answered here, whatever the app makes of it."""

    def __init__(self, app: ASGIApp, most: int, too_large: TooLarge) -> None:
        self._app = app
        self._most = most
        self._too_large = too_large
        self._size = 0
        self._deadline = time.monotonic() + MAX_BODY_SECONDS
        self._is_complete = False
        self._error: ChatbotError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def limited_receive() -> Message:
            if self._is_complete:
                return await receive()
            try:
                async with asyncio.timeout(min(STALL_SECONDS, self._deadline - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                self._refuse(UploadTimeout())
            self._count(message)
            if self._size > self._most:
                self._refuse(self._too_large)
            return message

        async def send_unless_refused(message: Message) -> None:
            if not self._error:
                await send(message)

        try:
            await self._app(scope, limited_receive, send_unless_refused)
        except HTTPException:
            if not self._error:
                raise
        if self._error:
            if self._error is self._too_large:
                await self._drop_rest(receive)
            response = error_response(self._error, Request(scope))
            response.headers["Connection"] = "close"  # the rest of the body is not read
            await response(scope, receive, send)

    async def _drop_rest(self, receive: Receive) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._is_complete and self._size < self._most + LINGER_BYTES:
                    self._count(await receive())

    def _count(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)

    def _refuse(self, error: ChatbotError) -> None:
        """Makes the app stop reading, in the one way that all of Starlette's readers understand."""
        self._error = error
        raise HTTPException(error.status)
