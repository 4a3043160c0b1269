"""The answers that are no answers: errors, web pages, redirects, nothing at all."""

from dataclasses import dataclass
from uuid import uuid4

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tests.fake_upstream.answers import Json, count_tokens
from tests.fake_upstream.dialect import ApiError, Dialect
from tests.fake_upstream.scenarios import Scenario

_PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class ChatRequest:
    """What a request asks for, of whom, and with what key."""

    dialect: Dialect
    model: str
    key: str
    body: Json
    port: int

    @property
    def streaming(self) -> bool:
        return self.body.get("stream") is True


def failure(asked: ChatRequest, scenario: Scenario) -> ApiError:
    """The error that a scenario describes, filled in."""
    message = scenario.message.replace("{model}", asked.model).replace("{key}", _masked(asked.key))
    status = scenario.status if scenario.status >= 400 else 500
    return ApiError(status, message, scenario.type, scenario.code, scenario.param)


def instead(asked: ChatRequest, scenario: Scenario) -> Response | None:
    """What the scenario sends in place of any answer."""
    headers = headers_of(asked.dialect, scenario)
    if scenario.redirect_to:
        address = scenario.redirect_to.replace("{port}", str(asked.port))
        return RedirectResponse(address, headers=headers)
    if isinstance(scenario.body, str):
        return Response(scenario.body, scenario.status, headers)
    if scenario.body is not None:
        return JSONResponse(scenario.body, scenario.status, headers)
    if scenario.html:
        title = "Welcome" if scenario.status < 400 else f"{scenario.status} Service Unavailable"
        return HTMLResponse(_PAGE.format(title), scenario.status, headers)
    if scenario.empty:
        return Response(b"", scenario.status, headers, "text/event-stream" if asked.streaming else "application/json")
    error = _denial(asked, scenario)
    return error_response(asked.dialect, error, headers) if error else None


def refusal(asked: ChatRequest, scenario: Scenario) -> Response | None:
    """What the service sends when it will not answer these messages with these parameters."""
    error = asked.dialect.problem(asked.body) or _refused(asked, scenario) or _overflow(asked, scenario)
    return error_response(asked.dialect, error, headers_of(asked.dialect, scenario)) if error else None


def error_response(dialect: Dialect, error: ApiError, headers: dict[str, str]) -> Response:
    """An error in the protocol's own shape."""
    return JSONResponse(dialect.error(error), error.status, headers)


def headers_of(dialect: Dialect, scenario: Scenario) -> dict[str, str]:
    """The headers of every answer."""
    headers = {dialect.request_id_header: f"req_{uuid4().hex}"} | dict(scenario.headers)
    if scenario.retry_after is not None:
        headers["retry-after"] = f"{scenario.retry_after:g}"
    return headers


def _denial(asked: ChatRequest, scenario: Scenario) -> ApiError | None:
    if scenario.echo_key:
        return asked.dialect.wrong_key(asked.key)
    # An error that is to come in the middle of a stream comes at once where nothing is streamed.
    if scenario.error_after is None:
        return failure(asked, scenario) if scenario.status >= 400 else None
    return None if asked.streaming else failure(asked, scenario)


def _refused(asked: ChatRequest, scenario: Scenario) -> ApiError | None:
    found = [name for name in scenario.refuse_parameters if name in asked.body]
    return asked.dialect.refused(found[0], asked.body[found[0]]) if found else None


def _overflow(asked: ChatRequest, scenario: Scenario) -> ApiError | None:
    tokens, limit = count_tokens(asked.body), scenario.context_tokens
    return asked.dialect.too_long(tokens, limit) if limit is not None and tokens > limit else None


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
