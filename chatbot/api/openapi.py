"""What /openapi.json and /docs say beyond the operations' names and types."""

from typing import Any

from chatbot.api.responses import ErrorOut
from chatbot.transfer.conversation_json import ExportedConversation

Responses = dict[int | str, dict[str, Any]]

ABOUT = """
A session owns conversations. Its token goes into the header `Authorization: Bearer <token>`. `POST /chat` and
`POST /chat/stream` without a token begin a new session and return its token.

Where logins are set (`CHATBOT_AUTH`), a call without a valid session token needs one of them, by HTTP Basic, and gets
401 with `WWW-Authenticate: Basic` without it. Only `/health` answers everybody. A valid token suffices: it was issued
to somebody who had logged in. After many wrong logins from one address any login from there gets 429 for a while.

Every error has the form `{"error": {"code": "…", "message": "…"}}`, and `retry_after` in seconds where waiting helps.
A body is JSON of at most 1 MiB, but for files: `POST /attachments` and `POST /session/import` take theirs as they are,
and as large as the operator allows. One that does not go on gets 408, and one that comes while too many do gets 503.
"""

A_STREAM = """\
event: start
data: {"conversation_id":"9f…","message_id":"a1…","session_token":"c0….…","provider":"openai","model":"gpt-6-luna"}

id: 5
event: token
data: "Hello"

id: 13
event: token
data: ", Alice!"

event: done
data: {"conversation_id":"9f…","message_id":"a1…","finish_reason":"stop","usage":{"input_tokens":21,"output_tokens":4},\
"timing":{"first_token_ms":310,"total_ms":420}}

"""

COUNT = {"type": "integer", "minimum": 0}
"""A header that may be left out, but is not null: HTTP has no such value."""

AN_EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"enum": ["start", "token", "reasoning", "done", "error"]},
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}

STREAM: dict[str, Any] = {"text/event-stream": {"itemSchema": AN_EVENT, "example": A_STREAM}}

EVENTS: Responses = {
    200: {
        "description": "The answer as it is made: `start`, then `token` and `reasoning`, then `done` or `error`. "
        "`data` is one line of JSON; a token's `id` is how many characters have come with it, which is what "
        "`Last-Event-ID` takes. An `error` has `code`, `message`, `retryable` and `retry_after`.",
        "content": STREAM,
    }
}

WHOLE_OR_EVENTS: Responses = {200: {"description": "The answer, or with `stream` its events.", "content": STREAM}}

FILE: Responses = {
    200: {
        "description": "The file.",
        "model": ExportedConversation,
        "content": {"text/markdown": {"schema": {"type": "string"}, "example": "# Greeting\n\n**You**\n\nHello!\n"}},
    }
}

ZIP: Responses = {
    200: {
        "description": "The zip file.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}

CONTENT: Responses = {
    200: {
        "description": "The file, as it is kept.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "application/pdf", "text/plain")
        },
    }
}

ANY_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""For an operation that takes a file as its body."""

TOKEN_OR_NOT: dict[str, Any] = {"security": [{}]}
"""Beside the bearer token that an operation takes: none."""


def errors(*statuses: int) -> Responses:
    """The error answers of an operation."""
    found: Responses = {status: {"model": ErrorOut} for status in statuses}
    if 429 in found:
        waiting = {"description": "Seconds to wait.", "schema": COUNT}
        found[429] |= {"headers": {"Retry-After": waiting}}
    return found


ASKING = errors(401, 404, 409, 413, 422, 429, 500, 502, 503, 504)
OWNED = errors(401, 404, 422, 500)
"""Of what is asked of one conversation."""
