"""Responses in place of an answer: errors, web pages, redirects and empty bodies."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import uuid4

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from tests.fake_upstream.answers import Json, count_tokens
from tests.fake_upstream.dialect import ApiError, Dialect
from tests.fake_upstream.scenarios import Scenario

_PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class ChatRequest:
    """A request: its wire format, model, key and body, and the upstream's port."""

    dialect: Dialect
    model: str
    key: str
    body: Json
    port: int

    @property
    def streaming(self) -> bool:
        return self.body.get("stream") is True


def failure(request: ChatRequest, scenario: Scenario) -> ApiError:
    """Returns the scenario's error with the model and the masked key filled in."""
    message = scenario.message.replace("{model}", request.model).replace("{key}", _masked(request.key))
    status = scenario.status if scenario.status >= 400 else 500
    return ApiError(status, message, scenario.type, scenario.code, scenario.param)


def instead(request: ChatRequest, scenario: Scenario) -> Response | None:
    """Returns the response that the scenario sends in place of an answer; None if it answers."""
    headers = headers_of(request.dialect, scenario)
    if scenario.redirect_to:
        address = scenario.redirect_to.replace("{port}", str(request.port))
        return RedirectResponse(address, headers=headers)
    if isinstance(scenario.body, str | bytes):
        held = StreamingResponse(_held_open(scenario.body), scenario.status, headers)
        return held if scenario.stays_open else Response(scenario.body, scenario.status, headers)
    if scenario.body is not None:
        return JSONResponse(scenario.body, scenario.status, headers)
    if scenario.html:
        title = "Welcome" if scenario.status < 400 else f"{scenario.status} Service Unavailable"
        return HTMLResponse(_PAGE.format(title), scenario.status, headers)
    if scenario.empty:
        return Response(b"", scenario.status, headers, "text/event-stream" if request.streaming else "application/json")
    error = _denial(request, scenario)
    return error_response(request.dialect, error, headers) if error else None


async def _held_open(body: str | bytes) -> AsyncGenerator[str | bytes]:
    yield body
    await asyncio.Event().wait()  # cancelled when the client disconnects


def refusal(request: ChatRequest, scenario: Scenario) -> Response | None:
    """Returns the error response if the service refuses the messages or parameters, else None."""
    error = request.dialect.problem(request.body) or _refused(request, scenario) or _overflow(request, scenario)
    return error_response(request.dialect, error, headers_of(request.dialect, scenario)) if error else None


def error_response(dialect: Dialect, error: ApiError, headers: dict[str, str]) -> Response:
    """Returns an error response in the wire format."""
    return JSONResponse(dialect.error(error), error.status, headers)


def headers_of(dialect: Dialect, scenario: Scenario) -> dict[str, str]:
    """Returns the headers of every response."""
    headers = {dialect.request_id_header: f"req_{uuid4().hex}"} | dict(scenario.headers)
    if scenario.retry_after is not None:
        headers["retry-after"] = f"{scenario.retry_after:g}"
    return headers


def _denial(request: ChatRequest, scenario: Scenario) -> ApiError | None:
    if scenario.echo_key:
        return request.dialect.wrong_key(request.key)
    # Without a stream, an error for the middle of the stream comes at once.
    if scenario.error_after is None:
        return failure(request, scenario) if scenario.status >= 400 else None
    return None if request.streaming else failure(request, scenario)


def _refused(request: ChatRequest, scenario: Scenario) -> ApiError | None:
    names = [name for name in scenario.refuse_parameters if name in request.body]
    return request.dialect.refused(names[0], request.body[names[0]]) if names else None


def _overflow(request: ChatRequest, scenario: Scenario) -> ApiError | None:
    tokens, limit = count_tokens(request.body), scenario.context_tokens
    return request.dialect.too_long(tokens, limit) if limit is not None and tokens > limit else None


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
