"""The API as an application of its own, so that its errors, limits and description do not touch Gradio's routes."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot import __version__
from chatbot.api.access import Access, LoginNeeded
from chatbot.api.openapi import ABOUT
from chatbot.errors import ChatbotError, InvalidMessage, NotFound, Unauthorized
from chatbot.web.login_throttle import TooManyLogins
from chatbot.web.middleware.gate import at_most

log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024
"""Bytes of a request's body, where nothing else is said."""

TOO_LARGE = "The body is larger than 1 MiB"

DOCS_FILES = "/docs/files"
"""Where /docs has its scripts from: FastAPI's own page would load them from another host."""

CODES = {
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    408: "upload_timeout",
    413: "too_large",
    503: "too_many_uploads",
}


def routes(router: APIRouter, access: Access, largest: Mapping[str, tuple[int, str]]) -> list[Route]:
    """The router's operations with /docs and /openapi.json, as routes for another application to take in.

    Each leads whole, path and all, into an application that knows nothing but these operations. `largest` has the bytes
    that a body may have on other paths than most, and the sentence, without its full stop, for one that has more.
    """
    api = FastAPIOffline(title="Chatbot", version=__version__, description=ABOUT, redoc_url=None, static_url=DOCS_FILES)
    api.include_router(router)
    api.add_exception_handler(ChatbotError, _ours)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unforeseen)
    about: dict[str, Any] = {"get": {}, "head": {}}
    described = api.openapi()["paths"] | dict.fromkeys(("/docs", f"{DOCS_FILES}/{{file:path}}", "/openapi.json"), about)
    nothing = _error(NotFound.status, NotFound.code, NotFound.sentence)
    return [
        *(
            Route(path, _Door(api, path, operations, access, *largest.get(path, (LARGEST_BODY, TOO_LARGE))))
            for path, operations in described.items()
        ),
        Route("/conversations/{conversation_id}/{anything:path}", nothing),
    ]


class _Door:
    """What is settled before an operation hears of a call: who calls, by which method, and how large the body is."""

    def __init__(
        self, app: ASGIApp, path: str, operations: Mapping[str, Any], access: Access, largest: int, too_large: str
    ) -> None:
        self._app = app
        self._path = path
        self._access = access
        self._largest = largest
        self._too_large = too_large
        self._security = {method.upper(): operation.get("security", []) for method, operation in operations.items()}
        if "GET" in self._security:
            self._security["HEAD"] = self._security["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(Request(scope))
        except (Unauthorized, TooManyLogins) as refused:
            await (await _ours(Request(scope), refused))(scope, receive, send)
        except HTTPException as refused:
            await (await _http(Request(scope), refused))(scope, receive, send)
        else:
            known = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope  # the web server drops the body
            try:
                await self._app(known, at_most(self._largest, self._too_large, receive), send)
            except Exception as unforeseen:  # _unforeseen has answered; raised further, it would cost the connection
                log.error("api: %s", type(unforeseen).__name__)  # noqa: TRY400 - its text may hold what was said

    def _check(self, request: Request) -> None:
        security = self._security.get(request.method)
        self._access.check(self._path, request, security or [])
        if security is None:
            raise HTTPException(405, headers={"Allow": ", ".join(self._security)})
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._largest:  # refused unread where the length is told
            raise HTTPException(413, self._too_large)


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body: dict[str, Any] = {"code": code, "message": message}
    if headers and "Retry-After" in headers:
        body["retry_after"] = int(headers["Retry-After"])
    return JSONResponse({"error": body}, status, headers)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ChatbotError)  # noqa: S101 - what it is registered for
    body: dict[str, Any] = {"code": error.code, "message": str(error)}
    headers = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="Chatbot"' if isinstance(error, LoginNeeded) else "Bearer"
    if error.retry_after is not None:
        body["retry_after"] = error.retry_after
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    return JSONResponse({"error": body}, error.status, headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    first = error.errors()[0]
    if isinstance(first.get("input"), bytes):  # left unread
        return _unfit("body", "it needs the header Content-Type: application/json")
    place = "" if first["type"] == "json_invalid" else ".".join(str(part) for part in first["loc"][1:])
    return _unfit(place or "body", first["msg"].removeprefix("Value error, "))


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for a body that no JSON parser takes
        return _unfit("body", "it is not JSON in UTF-8")
    return _error(error.status_code, CODES.get(error.status_code, "invalid"), f"{error.detail}.", error.headers)


async def _unforeseen(_: Request, __: Exception) -> JSONResponse:
    return _error(500, ChatbotError.code, ChatbotError.sentence)


def _unfit(place: str, fault: str) -> JSONResponse:
    return _error(InvalidMessage.status, InvalidMessage.code, f"{place}: {fault}")
