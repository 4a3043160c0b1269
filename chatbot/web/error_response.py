"""The one shape of an error over HTTP: `{"error": {"code", "message", "retry_after"?}}`."""

import math
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from chatbot.errors import ChatbotError, LoginNeeded, Unauthorized
from chatbot.i18n import negotiate


def error_response(error: ChatbotError, request: Request) -> JSONResponse:
    """The error, worded in the language that the request accepts."""
    message = error.text.worded(negotiate(request.headers.get("accept-language", "")))
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Basic realm="Chatbot"' if isinstance(error, LoginNeeded) else "Bearer"
    return error_json(error.status, error.code, message, headers, error.retry_after)


def error_json(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, retry_after: float | None = None
) -> JSONResponse:
    """An error that has no class of its own. `retry_after` is in seconds."""
    body: dict[str, str | float] = {"code": code, "message": message}
    if retry_after is None:
        return JSONResponse({"error": body}, status, headers)
    return JSONResponse(
        {"error": body | {"retry_after": retry_after}},
        status,
        {**(headers or {}), "Retry-After": str(math.ceil(retry_after))},
    )
