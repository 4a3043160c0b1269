"""The API as an application of its own, so that its errors and its description do not touch Gradio's routes."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot import __version__
from chatbot.api import (
    attachments,
    chat,
    conversations,
    health_and_models,
    local_models,
    notes,
    search,
    session,
    summaries,
)
from chatbot.api.auth import Authentication
from chatbot.api.openapi import ABOUT
from chatbot.errors import ChatbotError, InvalidMessage, NotFound, TooManyLogins, Unauthorized
from chatbot.web.error_response import error_json, error_response
from chatbot.web.services import Services

log = logging.getLogger(__name__)

DOCS_FILES = "/docs/files"
"""Where the scripts of /docs are: FastAPI's own page would load them from another host."""

CODES = {404: "not_found", 405: "method_not_allowed"}


def api_routes(services: Services) -> list[Route]:
    """The API's operations with /docs and /openapi.json, as routes for Gradio's application to take in."""
    api = FastAPIOffline(title="Chatbot", version=__version__, description=ABOUT, redoc_url=None, static_url=DOCS_FILES)
    api.state.services = services
    for module in (
        health_and_models,
        chat,
        attachments,
        conversations,
        notes,
        search,
        session,
        summaries,
        local_models,
    ):
        api.include_router(module.router)
    api.add_exception_handler(ChatbotError, _chatbot_error)
    api.add_exception_handler(RequestValidationError, _validation_error)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(Exception, _unexpected_error)
    docs: dict[str, Any] = {"get": {}, "head": {}}
    paths = api.openapi()["paths"] | dict.fromkeys(("/docs", f"{DOCS_FILES}/{{file:path}}", "/openapi.json"), docs)
    authentication = Authentication(services.tokens, services.settings.logins(), services.login_throttle)
    return [
        *(Route(path, _Endpoint(api, path, operations, authentication)) for path, operations in paths.items()),
        Route("/conversations/{conversation_id}/{rest:path}", _not_found),
    ]


class _Endpoint:
    """Checks who calls, and by which method, before the API reads the call."""

    def __init__(self, api: ASGIApp, path: str, operations: Mapping[str, Any], authentication: Authentication) -> None:
        self._api = api
        self._path = path
        self._authentication = authentication
        self._security = {method.upper(): operation.get("security", []) for method, operation in operations.items()}
        if "GET" in self._security:
            self._security["HEAD"] = self._security["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            self._authentication.check(self._path, request, self._security.get(request.method, []))
        except (Unauthorized, TooManyLogins) as error:
            await error_response(error, request)(scope, receive, send)
            return
        if request.method not in self._security:
            headers = {"Allow": ", ".join(self._security)}
            await error_json(405, CODES[405], "Method Not Allowed.", headers)(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"} if request.method == "HEAD" else scope  # the web server drops the body
        try:
            await self._api(as_get, receive, send)
        except HTTPException:
            raise  # of a body that breaks a limit
        except Exception as unexpected:  # it is answered; raised on, it would cost the connection
            log.error("api: %s", type(unexpected).__name__)  # noqa: TRY400 - its text may quote messages


async def _not_found(request: Request) -> JSONResponse:
    return error_response(NotFound(), request)


async def _chatbot_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ChatbotError)  # noqa: S101 - what it is registered for
    return error_response(error, request)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    first = error.errors()[0]
    if isinstance(first.get("input"), bytes):  # the body was not parsed
        return _invalid("body", "it needs the header Content-Type: application/json")
    field = "" if first["type"] == "json_invalid" else ".".join(str(part) for part in first["loc"][1:])
    return _invalid(field or "body", first["msg"].removeprefix("Value error, "))


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's answer to a body that is no JSON
        return _invalid("body", "it is not JSON in UTF-8")
    return error_json(error.status_code, CODES.get(error.status_code, "invalid"), f"{error.detail}.", error.headers)


async def _unexpected_error(request: Request, _: Exception) -> JSONResponse:
    return error_response(ChatbotError(), request)


def _invalid(field: str, fault: str) -> JSONResponse:
    return error_json(InvalidMessage.status, InvalidMessage.code, f"{field}: {fault}")
