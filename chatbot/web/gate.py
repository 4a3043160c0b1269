"""The gate before all routes: what of Gradio's is open, and how large a request may be."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSED = (
    "/gradio_api/file",  # whatever address of the web one names: a way to carry data out
    "/gradio_api/upload",  # from whoever has no session, until the disk is full: the page hands files to the API
    "/gradio_api/proxy",
    "/gradio_api/stream",
    "/gradio_api/deep_link",
    "/gradio_api/custom_component",
    "/gradio_api/process_recording",
    "/gradio_api/vibe",
    "/gradio_api/undo-vibe",
    "/gradio_api/component_server",
    "/gradio_api/token",
    "/gradio_api/runs",
    "/gradio_api/run-history",
    "/gradio_api/dev",
    "/gradio_api/profiling",
    "/monitoring",
)
"""Routes of Gradio's that this page does not use, by their beginnings; each could only be misused."""

IMAGES = ("/favicon.ico", "/static/", "/assets/", "/pwa_icon", "/docs/")
"""What an image may be. Others that a message brings would be calls, such as one to /logout."""

UPLOADS = ("/attachments", "/session/import")
LARGEST_UPLOAD = 150 * 1024 * 1024
LARGEST_CALL = 10 * 1024 * 1024
"""Bytes of a body: a file to import or to attach, and anything else. The API has narrower limits of its own."""


class Gate:
    """Lets in what may come in, as ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for what is closed or too large; lead the rest on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, headers = scope["path"], Headers(scope=scope)
        most = LARGEST_UPLOAD if path.startswith(UPLOADS) else LARGEST_CALL
        if _is_closed(path, headers):
            await PlainTextResponse("Not found.", HTTPStatus.NOT_FOUND)(scope, receive, send)
        elif int(headers.get("content-length", "0")) > most:
            await PlainTextResponse("Too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)(scope, receive, send)
        else:
            await self._app(scope, at_most(most, "Too large", receive), send)


def at_most(most: int, refusal: str, receive: Receive) -> Receive:
    """`receive`, which raises HTTPException 413 with that text as soon as a body has more than `most` bytes."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, refusal)
        return message

    return counted


def _is_closed(path: str, headers: Headers) -> bool:
    is_image = headers.get("sec-fetch-dest") == "image"
    return path.startswith(CLOSED) or (is_image and not path.startswith(IMAGES))
