"""The API as an application of its own, so that its errors, limits and description do not touch Gradio's routes."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot import __version__
from chatbot.errors import ChatbotError

LARGEST_BODY = 1024 * 1024
"""Bytes of a request's body."""

CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def routes(router: APIRouter) -> list[Route]:
    """The router's operations with /docs and /openapi.json, as routes for another application to take in.

    Each leads whole, path and all, into an application that knows nothing but these operations.
    """
    api = FastAPI(title="Chatbot", version=__version__, description=DESCRIPTION, redoc_url=None)
    api.include_router(router)
    api.add_exception_handler(ChatbotError, _ours)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unforeseen)
    limited = _LimitedBody(api)
    return [Route(path, limited) for path in [*api.openapi()["paths"], "/docs", "/openapi.json"]]


DESCRIPTION = """
A session owns conversations. Its token goes into the header `Authorization: Bearer <token>`. `POST /chat` and
`POST /chat/stream` without a token begin a new session and return its token.

Every error has the form `{"error": {"code": "…", "message": "…"}}`.
"""


class _LimitedBody:
    """Refuses a body over LARGEST_BODY, before it is read where its length is told, else as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413)
            return message

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > LARGEST_BODY:
            await _error(413, "too_large", "The body is larger than 1 MiB.")(scope, receive, send)
        else:
            await self._app(scope, counted, send)


def _error(status: int, code: str, message: str, retry_after: float | None = None) -> JSONResponse:
    error: dict[str, Any] = {"code": code, "message": message}
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    if retry_after is not None:
        error["retry_after"] = retry_after
        headers["Retry-After"] = str(round(retry_after))
    return JSONResponse({"error": error}, status, headers)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ChatbotError)  # noqa: S101 - what it is registered for
    return _error(error.status, error.code, str(error), error.retry_after)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return _error(422, "invalid", f"{place}: {first['msg']}")


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    response = _error(error.status_code, CODES.get(error.status_code, "invalid"), f"{error.detail}.")
    response.headers.update(error.headers or {})
    return response


async def _unforeseen(_: Request, __: Exception) -> JSONResponse:
    return _error(500, ChatbotError.code, ChatbotError.sentence)
