"""Closes Gradio's routes that this page does not use, and images that are none."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.errors import NotFound
from chatbot.web.error_response import error_response

CLOSED = (
    "/gradio_api/file",  # it fetches any address of the web: a way to carry data out
    "/gradio_api/upload",  # anybody could fill the disk: the page uploads through the API
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
"""Prefixes of routes that could only be misused."""

IMAGES = ("/favicon.ico", "/static/", "/assets/", "/pwa_icon", "/docs/")
"""Where images are. An image in a message that points to another path would be a call, such as one to /logout."""


class ClosedRoutes:
    """Answers 404 for the closed routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_closed(scope["path"], Headers(scope=scope)):
            await error_response(NotFound(), Request(scope))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_closed(path: str, headers: Headers) -> bool:
    is_image = headers.get("sec-fetch-dest") == "image"
    return path.startswith(CLOSED) or (is_image and not path.startswith(IMAGES))
