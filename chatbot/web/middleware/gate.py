"""The gate before all routes: what of Gradio's is open and to whom, and how much and how often one may try."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.login_throttle import LoginThrottle, TooManyLogins
from chatbot.web.middleware.body_limits import BodyLimits
from chatbot.web.middleware.cross_site import is_cross_site, is_navigation, without_cookies

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

LOGIN = "/login"
WRONG = HTTPStatus.BAD_REQUEST
"""Where Gradio takes the page's logins, and what it answers to a wrong one."""

FOR_OWN_PAGES = (LOGIN, "/logout")
"""Another site's page would log a visitor out with the one, and in as somebody else with the other."""

UPLOADS = ("/attachments", "/session/import")
MIB = 1024 * 1024
LARGEST_UPLOAD = 150 * MIB
LARGEST_CALL = 10 * MIB
"""Bytes of a body: a file to import or to attach, and anything else. The API has narrower limits of its own."""


class Gate:
    """Lets in what may come in, as ASGI middleware."""

    def __init__(self, app: ASGIApp, brake: LoginThrottle) -> None:
        self._app = app
        self._brake = brake
        self._intake = BodyLimits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for what is closed or too large; lead the rest on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, headers = scope["path"], Headers(scope=scope)
        page = path.rstrip("/")
        from_elsewhere = is_cross_site(headers)
        most = LARGEST_UPLOAD if path.startswith(UPLOADS) else LARGEST_CALL
        told = int(headers.get("content-length", "0"))
        if _is_closed(path, headers) or (from_elsewhere and page in FOR_OWN_PAGES):
            await PlainTextResponse("Not found.", HTTPStatus.NOT_FOUND)(scope, receive, send)
        elif told > most:
            await _too_large(most)(scope, receive, send)
        else:
            if from_elsewhere and not is_navigation(scope["method"], headers):
                scope = without_cookies(scope)
            with self._intake.body(told, receive) as counted:
                app = self._log_in if page == LOGIN and scope["method"] == "POST" else self._app
                await app(scope, at_most(most, "Too large", counted), send)

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lead a login on, and see what comes of it."""
        request = Request(scope)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == WRONG:
                self._brake.count(request)
            await send(message)

        try:
            with self._brake.trying(request):
                await self._app(scope, receive, watched)
        except TooManyLogins as refused:
            wait = {"Retry-After": f"{refused.retry_after:.0f}"}
            await PlainTextResponse(str(refused), refused.status, wait)(scope, receive, send)


def _too_large(most: int) -> JSONResponse:
    error = {"code": "too_large", "message": f"The body is larger than {most // MIB} MiB."}
    return JSONResponse({"error": error}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


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
